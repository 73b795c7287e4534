/** The list of sweeps: rows are updated in place, so that scroll and focus stay where they are. */

import { get } from "../lib/api.js";
import { bestResult, bestSoFar } from "../lib/words.js";
import { fill } from "./fill.js";
import { FINAL } from "./live.js";
import { watchAll } from "./owner-stream.js";

const ROWS = 50;

export default function sweepList(element) {
  if (element.dataset.paged === "true") return; // older pages of the list do not move
  const body = element.querySelector("tbody");
  const template = element.querySelector("template");
  const filter = element.dataset.filter || null;
  let known = new Map();

  const look = async () => {
    const { items } = await get("/sweeps", { limit: ROWS, filter });
    known = new Map(items.map((sweep) => [sweep.id, sweep.last_event]));
    update(body, template, items);
    const empty = element.querySelector("[data-empty]");
    if (empty) empty.hidden = items.length > 0;
    element.querySelector("[data-list]").hidden = items.length === 0;
    // An answer is kept a moment after the last event.
    return items.some((sweep) => FINAL.has(sweep.state) && sweep.headline === null);
  };
  // What happens to a sweep on an older page changes nothing here, unless a filter may let it in now.
  watchAll(look, ({ sweep, number }) =>
    known.has(sweep) ? number > known.get(sweep) : filter !== null || number === 1,
  );
}

function update(body, template, sweeps) {
  const rows = new Map([...body.rows].map((row) => [row.dataset.id, row]));
  let before = null;
  for (const sweep of sweeps) {
    let row = rows.get(sweep.id);
    if (!row) {
      row = template.content.firstElementChild.cloneNode(true);
      row.dataset.id = sweep.id;
      // Moving a row would take the focus from it, so only new ones are placed.
      if (before) before.after(row);
      else body.prepend(row);
    }
    fill(row, shown(sweep));
    before = row;
    rows.delete(sweep.id);
  }
  for (const row of rows.values()) {
    if (!row.contains(document.activeElement)) row.remove(); // nor is a row taken from whoever is at it
  }
}

/** A sweep with what is worked out from it, as in pages/sweeps.py. */
function shown(sweep) {
  const { progress, elapsed_seconds: elapsed, best_result: found, best_so_far: leader, metric } = sweep;
  return {
    ...sweep,
    epochs_per_second: elapsed ? progress.epochs_done / elapsed : null,
    best: found ? bestResult(found, metric.name) : leader && bestSoFar(leader, metric.name),
  };
}
