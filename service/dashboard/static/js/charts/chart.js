/** Draws figures into the page, one after the other; a zoom stays where it is when a figure changes. */

import { pause } from "../lib/pause.js";
import { pictureOf } from "./picture.js";
import { pointing } from "./pointing.js";

const shown = new WeakMap(); // what an element shows: {figure, text, view, drawn, latest}

let turn = Promise.resolve();

/**
 * Draw `figure` into `element`, or change what is drawn there. A figure that is shown already is left alone.
 * Charts take turns, with room between them for whoever types or scrolls: one event of a sweep changes them all.
 */
export function draw(element, figure) {
  const done = turn.then(() => show(element, figure));
  turn = done.catch(() => {}).then(pause);
  return done;
}

/** Say in the chart's place why there is none. */
export function explain(element, text) {
  if (element.dataset.drawn) return;
  element.setAttribute("aria-busy", "true");
  element.dataset.explained = "";
  element.textContent = text;
}

async function show(element, figure) {
  const text = JSON.stringify(figure);
  const known = shown.get(element) ?? begin(element);
  if (known.text === text) {
    known.figure.data.forEach((trace, index) => (trace.text = figure.data[index].text)); // they are worked out when pointed at
    return;
  }
  if (known.figure?.layout.uirevision !== figure.layout.uirevision) known.view = {};
  Object.assign(known, { figure, text });
  await paint(element, known);
}

/** What is kept of an element: its figure, what somebody zoomed to, and what is drawn. */
function begin(element) {
  const known = { figure: null, text: null, view: {}, drawn: null, latest: 0, size: null };
  shown.set(element, known);
  new ResizeObserver(([{ contentRect: { width, height } }]) => {
    if (known.size?.width !== width || known.size?.height !== height) paint(element, known);
  }).observe(element);
  pointing(element, known, () => paint(element, known));
  return known;
}

/** Put the picture of what is known in the place of the one before, unless a later one was asked for meanwhile. */
async function paint(element, known) {
  const size = { width: element.clientWidth, height: element.clientHeight };
  if (!known.figure || !size.width || !size.height) return;
  const mine = (known.latest += 1);
  const drawn = await pictureOf(known.figure, { ...size, view: known.view });
  if (mine !== known.latest) return;
  if (element.getAttribute("aria-busy") === "true") {
    element.textContent = "";
    element.removeAttribute("aria-busy");
    delete element.dataset.explained;
    // From now on it can be stepped through: an image could not.
    Object.assign(element, { tabIndex: 0, role: "group", ariaRoleDescription: "chart" });
  }
  if (known.drawn) known.drawn.picture.replaceWith(drawn.picture);
  else element.prepend(drawn.picture);
  Object.assign(known, { drawn: { ...drawn, size }, size });
  element.dataset.drawn = "true";
  element.dispatchEvent(new Event("backsweep:drawn"));
}
