/** A figure as SVG, made in slices: between them the page answers whoever types or scrolls. */

import { svg } from "../behaviours/svg.js";
import { pause } from "../lib/pause.js";
import { planeOf } from "../lib/plane.js";
import { grid, shapes, words } from "./furniture.js";
import { marksOf } from "./marks.js";

const SLICE = 12; // milliseconds of work without a pause
const TICK = 11; // pixels, the size of the words at ticks

let pen = null;

/** {picture, plane, targets} of a figure {data, layout} in `width` x `height` pixels, zoomed to `view`. */
export async function pictureOf(figure, { width, height, view }) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = `${TICK}px ${figure.layout.font}`;
  const plane = planeOf(figure, { width, height, view, measure: (text) => pen.measureText(text).width });
  const { box } = plane;
  const picture = svg("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const frame = { x: box.left, y: box.top, width: box.width, height: box.height, viewBox: `${box.left} ${box.top} ${box.width} ${box.height}` };
  const marks = svg("svg", { class: "marks", ...frame });
  marks.append(...shapes(figure, plane, true));
  const targets = [];
  let since = performance.now();
  for (const trace of figure.data) {
    const { group, target } = marksOf(trace, plane);
    marks.append(group);
    if (target) targets.push(target);
    if (performance.now() - since < SLICE) continue;
    await pause();
    since = performance.now();
  }
  marks.append(...shapes(figure, plane, false));
  picture.append(grid(figure, plane), marks, words(figure, plane, { width, height }));
  return { picture, plane, targets };
}
