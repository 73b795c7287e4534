/** Writes a document of the API into elements that say which field they show, and touches only what changed. */

import * as format from "../lib/format.js";
import { at } from "../lib/records.js";
import { drawSparkline } from "./sparkline.js";

const STATES = ["completed", "running", "paused", "pruned", "diverged", "failed", "canceled", "queued"];

const FORMATS = {
  text: (raw) => (raw === null ? "" : String(raw)),
  number: (raw) => format.number(raw),
  parameter: format.parameter,
  percent: format.percent,
  interval: (raw) => format.interval(raw),
  number_interval: (raw) => format.interval(raw),
  percent_interval: format.percentInterval,
  at_most: format.atMost,
  count: format.count,
  duration: format.duration,
  instant: format.instant,
};

/** Set an element's text, but leave it alone (and with it any selection) where it is right already. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fill `element` and everything below it from `record`. */
export function fill(element, record) {
  const each = (attribute, act) => {
    const found = [...element.querySelectorAll(`[data-${attribute}]`)];
    if (element.hasAttribute(`data-${attribute}`)) found.push(element);
    for (const one of found) act(one, one.getAttribute(`data-${attribute}`));
  };
  each("field", (one, path) => setText(one, FORMATS[one.dataset.format ?? "text"](at(record, path))));
  each("link", (one, path) => one.setAttribute("href", at(record, path)));
  each("shows", (one, path) => (one.hidden = !at(record, path)));
  each("hides", (one, path) => (one.hidden = Boolean(at(record, path))));
  each("picks", (one) => {
    one.value = record.id;
    one.setAttribute("aria-label", `Select run ${record.number} of ${record.sweep_name}`);
  });
  each("instant", (one, path) => (one.dateTime = at(record, path) ?? ""));
  each("state", (one) => {
    if (one.hasAttribute("data-field")) one.dataset.state = at(record, one.dataset.field);
  });
  each("curve", (one, path) => drawSparkline(one, at(record, path)));
  each("marks", (one, path) => one.toggleAttribute("data-in-set", Boolean(at(record, path))));
  each("counts", (one, path) => fillCounts(one, at(record, path)));
  each("fraction", (one, path) => one.setAttribute("aria-valuenow", Math.round(100 * (at(record, path) ?? 0))));
}

/** Widths of a progress bar's parts, or the numbers of a tally, from counts by state. */
function fillCounts(element, counts) {
  const total = STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  for (const part of element.querySelectorAll("[data-state]")) {
    const count = counts[part.dataset.state] ?? 0;
    if (part.localName === "i") {
      part.style.setProperty("--share", total ? count / total : 0);
    } else {
      part.hidden = !count;
      setText(part.querySelector("b"), format.count(count));
    }
  }
}
