/** The table by setting, filled again from the summary while the sweep runs. */

import { get } from "../lib/api.js";
import { fill } from "./fill.js";
import { FINAL, follow } from "./live.js";

export default function settingsTable(element) {
  if (FINAL.has(element.dataset.initial)) return;
  const body = element.querySelector("tbody");
  const template = element.querySelector("template");
  follow(async () => {
    const summary = await get(`/sweeps/${element.dataset.sweep}/summary`);
    document.dispatchEvent(new CustomEvent("backsweep:summary", { detail: summary }));
    while (body.rows.length > summary.settings.length) body.lastElementChild.remove();
    summary.settings.forEach((setting, index) => {
      const row = body.rows[index] ?? body.appendChild(template.content.firstElementChild.cloneNode(true));
      fill(row, { ...setting, among: setting.in_best_set && !setting.best });
    });
    const foot = element.querySelector("tfoot"); // a function has no baselines
    if (foot) fill(foot, summary.baselines);
  });
}
