/** Keeps the head of a sweep's page true while it runs, and tells the rest of the page. */

import { get } from "../lib/api.js";
import { requests } from "../lib/requests.js";
import { clauses, tight } from "../lib/words.js";
import { fill, setText } from "./fill.js";
import { FINAL } from "./live.js";
import { watch } from "./stream.js";

export default function sweepWatch(element) {
  const { sweep, initial } = element.dataset;
  let warnings = [];
  document.addEventListener("backsweep:sweep", ({ detail }) => {
    warnings = detail.warnings;
    show(element, detail);
  });
  const headline = element.querySelector(".headline");
  document.addEventListener("backsweep:summary", ({ detail }) => {
    const [lead, rest] = clauses(tight(detail.headline));
    setText(headline.querySelector("[data-part=lead]"), lead);
    setText(headline.querySelector("[data-part=rest]"), rest);
    showRemarks(element.querySelector("[data-remarks]"), [...detail.notes, ...warnings]);
  });
  if (FINAL.has(initial)) {
    element.dataset.ended = "yes";
    return;
  }
  const step = async () => {
    const found = await get(`/sweeps/${sweep}`);
    document.dispatchEvent(new CustomEvent("backsweep:sweep", { detail: found }));
    return found;
  };
  watch(sweep, step, ({ state }) => FINAL.has(state));
}

function showRemarks(list, texts) {
  while (list.children.length > texts.length) list.lastElementChild.remove();
  texts.forEach((text, index) => {
    const item = list.children[index] ?? list.appendChild(document.createElement("li"));
    setText(item, tight(text));
  });
  list.hidden = texts.length === 0;
}

function show(element, sweep) {
  const running = !FINAL.has(sweep.state);
  fill(element, { ...sweep, running, can: requests(sweep) });
  if (!running) element.dataset.ended = "yes";
  document.title = `${running ? `${Math.floor(100 * sweep.progress.fraction)} % · ` : ""}${sweep.name} – Backsweep`;
}
