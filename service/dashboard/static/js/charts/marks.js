/** The traces of a figure as groups of few paths, and where a pointer finds what is in them. */

import { svg } from "../behaviours/svg.js";
import { boxesOutline, errorsOutline, lineOutline } from "../lib/outlines.js";
import { isLight, shader } from "../lib/shades.js";
import { looks, strokesOf } from "../lib/strokes.js";

const DASHES = { dot: "2 4", dash: "6 4" };

/**
 * A group for `trace` on a plane, and its target {x, y, text, page, colour, boxes}: pixels of what can be pointed at,
 * `boxes` for what covers an area; null where nothing can be.
 */
export function marksOf(trace, plane) {
  if (trace.type === "heatmap") return cells(trace, plane);
  if (trace.type === "bar") return bars(trace, plane);
  return scatter(trace, plane);
}

function scatter(trace, plane) {
  const axis = trace.yaxis === "y2" ? plane.y2 : plane.y;
  const [x, y] = [Float64Array.from(trace.x, plane.x.pixel), Float64Array.from(trace.y, axis.pixel)];
  const group = svg("g", { class: "trace", ...(trace.opacity !== undefined && { opacity: trace.opacity }) });
  if (trace.fill) group.append(svg("path", { d: lineOutline(x, y), fill: trace.fillcolor, class: "fill" }));
  else if (trace.mode.includes("lines")) group.append(line(lineOutline(x, y), trace.line));
  if (trace.error_y) group.append(errors(trace, x, axis));
  if (trace.mode.includes("markers")) group.append(...strokesOf(trace, x, y).map(mark));
  if (trace.hoverinfo === "skip") return { group, target: null };
  const look = looks(trace.mode.includes("markers") ? trace.marker : { color: trace.line.color });
  const target = { x, y, text: (index) => trace.text(index), page: (index) => trace.customdata?.[index], colour: (index) => look(index).colour ?? look(index).line };
  return { group, target };
}

const line = (d, { color, width, dash }) =>
  svg("path", { d, fill: "none", stroke: color, "stroke-width": width, ...(dash && { "stroke-dasharray": DASHES[dash] }) });

const mark = ({ d, fill, stroke, width, opacity, caps }) => svg("path", {
  d, fill, stroke, "stroke-width": width, ...(caps && { "stroke-linecap": caps }), ...(opacity < 1 && { opacity }),
});

function errors({ y, error_y: { array, arrayminus, color } }, x, axis) {
  const ends = y.map((item, index) => [x[index], axis.pixel(item + array[index]), axis.pixel(item - arrayminus[index])]);
  return line(errorsOutline(ends.filter((one) => !one.some(Number.isNaN))), { color, width: 1.5 });
}

function bars(trace, plane) {
  const { x, y, width, marker } = trace;
  const floor = plane.y.pixel(0);
  const boxes = x.map((item, index) => {
    const [left, right] = [plane.x.pixel(item - width[index] / 2), plane.x.pixel(item + width[index] / 2)];
    return [left, plane.y.pixel(y[index]), Math.max(0.5, right - left - 1), floor - plane.y.pixel(y[index])];
  });
  const group = svg("g", { class: "trace" });
  group.append(svg("path", { d: boxesOutline(boxes), fill: marker.color }));
  const column = ([left, , across]) => [left, plane.box.top, across + 1, plane.box.height]; // a low bar is found above it, too
  return { group, target: areas(boxes.map(column), boxes, (index) => trace.text(index), () => marker.color) };
}

function cells(trace, plane) {
  const { z, x0 = 0, dx = 1, y0 = 0, dy = 1, xgap = 0, ygap = 0, written } = trace;
  const shade = shader(trace);
  const group = svg("g", { class: "trace cells" });
  const words = svg("g", { class: "words" });
  const [boxes, places, colours, byColour] = [[], [], [], new Map()];
  z.forEach((row, down) => row.forEach((item, across) => {
    const [one, other] = [plane.x.pixel(x0 + (across - 0.5) * dx), plane.x.pixel(x0 + (across + 0.5) * dx)];
    const [low, high] = [plane.y.pixel(y0 + (down - 0.5) * dy), plane.y.pixel(y0 + (down + 0.5) * dy)];
    const box = [Math.min(one, other) + xgap / 2, Math.min(low, high) + ygap / 2, Math.abs(other - one) - xgap, Math.abs(low - high) - ygap];
    const colour = Number.isFinite(item) ? shade(item) : null;
    boxes.push(box);
    colours.push(colour);
    places.push([down, across]);
    if (!colour) return;
    if (!byColour.has(colour)) byColour.set(colour, []);
    byColour.get(colour).push(box);
    const text = written?.[down][across];
    if (text) words.append(svg("text", { x: box[0] + box[2] / 2, y: box[1] + box[3] / 2 + 4, class: isLight(colour) ? "on-light" : "on-dark" }, text));
  }));
  for (const [colour, found] of byColour) group.append(svg("path", { d: boxesOutline(found), fill: colour, "shape-rendering": "crispEdges" }));
  if (words.childElementCount) group.append(words);
  return { group, target: areas(boxes, boxes, (index) => trace.text(...places[index]), (index) => colours[index]) };
}

/** A target of areas: a pointer is at the one that it is inside of; what it finds stands at the top of `shown`. */
function areas(boxes, shown, text, colour) {
  return {
    boxes, text, colour, page: () => undefined,
    x: Float64Array.from(shown, ([left, , width]) => left + width / 2), y: Float64Array.from(shown, ([, top, , height]) => top + Math.min(height / 2, 12)),
  };
}
