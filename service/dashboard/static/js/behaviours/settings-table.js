/** The table by setting: filled again from the summary while the sweep runs, and with all settings when asked. */

import { bestSettings } from "../lib/curves.js";
import { count } from "../lib/format.js";
import { pause } from "../lib/pause.js";
import { keepInAddress } from "./choices.js";
import { fill, setText } from "./fill.js";
import { FINAL, follow } from "./live.js";
import { shared } from "./shared.js";

const AT_ONCE = 25; // rows, about 10 ms

export default function settingsTable(element) {
  const cut = element.querySelector("[data-cut]");
  const { sweep, metric, order } = element.dataset;
  const write = writer(element.querySelector("tbody"), element.querySelector("template"));
  let most = Number(element.dataset.most) || Infinity;

  const show = async () => {
    const summary = await shared(`/sweeps/${sweep}/summary`);
    document.dispatchEvent(new CustomEvent("backsweep:summary", { detail: summary }));
    const { settings } = summary;
    const isCut = settings.length > most;
    setText(cut.querySelector("[data-total]"), count(settings.length));
    cut.hidden = !isCut;
    const foot = element.querySelector("tfoot"); // a function has no baselines
    if (foot) fill(foot, summary.baselines);
    await write(isCut ? bestSettings(settings, { metric, goal: order, most }) : settings);
  };
  cut.querySelector("a").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    most = Infinity;
    keepInAddress("settings", "all");
    show().catch(() => location.reload()); // the server says what is wrong
  });
  if (!FINAL.has(element.dataset.initial)) follow(show);
}

/** Writes settings into rows, a few at a time and only those that have changed; a later call ends an earlier one. */
function writer(body, template) {
  const written = new WeakMap();
  let latest = 0;
  return async (settings) => {
    const turn = (latest += 1);
    while (body.rows.length > settings.length) body.lastElementChild.remove();
    let filled = 0;
    for (const [index, setting] of settings.entries()) {
      const row = body.rows[index] ?? body.appendChild(template.content.firstElementChild.cloneNode(true));
      const text = JSON.stringify(setting);
      if (written.get(row) === text) continue;
      fill(row, { ...setting, among: setting.in_best_set && !setting.best });
      written.set(row, text);
      filled += 1;
      if (filled % AT_ONCE) continue;
      await pause();
      if (turn !== latest) return;
    }
  };
}
