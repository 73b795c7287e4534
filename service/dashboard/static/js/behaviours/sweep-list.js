/** The list of sweeps: rows are updated in place, so that scroll and focus stay where they are. */

import { get } from "../lib/api.js";
import { poll } from "../lib/poll.js";
import { fill } from "./fill.js";
import { FINAL } from "./live.js";

const ROWS = 50;

export default function sweepList(element) {
  if (element.dataset.paged === "true") return; // older pages of the list do not move
  const body = element.querySelector("tbody");
  const template = element.querySelector("template");
  const step = async () => {
    const { items } = await get("/sweeps", { limit: ROWS, filter: element.dataset.filter || null });
    update(body, template, items);
    const empty = element.querySelector("[data-empty]");
    if (empty) empty.hidden = items.length > 0;
    element.querySelector("[data-list]").hidden = items.length === 0;
    // An empty list waits for its first sweep.
    return items.length === 0 || items.some((sweep) => !FINAL.has(sweep.state));
  };
  let watching = false;
  const watch = async () => {
    if (watching) return;
    watching = true;
    await poll(step, { looking: () => !document.hidden });
    watching = false;
  };
  watch();
  // Nothing moves any more; whoever comes back to the page may have submitted something elsewhere.
  addEventListener("focus", watch);
  document.addEventListener("visibilitychange", watch);
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
    const { progress, elapsed_seconds: elapsed } = sweep;
    fill(row, { ...sweep, epochs_per_second: elapsed ? progress.epochs_done / elapsed : null });
    before = row;
    rows.delete(sweep.id);
  }
  for (const row of rows.values()) row.remove();
}
