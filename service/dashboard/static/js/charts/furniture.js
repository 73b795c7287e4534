/** What a chart stands in: grid, axes with their words, shades behind the marks and words before them. */

import { svg } from "../behaviours/svg.js";
import { shader } from "../lib/shades.js";

const DASHES = { dot: "2 3", dash: "6 4" };
const SHADES = 32; // that a scale of colours is drawn in
const ANCHORS = { left: "start", center: "middle", right: "end" };
const LINE = 12; // pixels from the top of words to their baseline, about

/** The grid and the line of the horizontal axis. */
export function grid({ layout }, { box, x, y }) {
  const group = svg("g");
  const across = layout.yaxis.showgrid === false ? [] : y.ticks.map(({ at }) => `M${box.left} ${crisp(y.at(at))}h${box.width}`);
  const upright = layout.xaxis.showgrid === false ? [] : x.ticks.map(({ at }) => `M${crisp(x.at(at))} ${box.top}v${box.height}`);
  group.append(svg("path", { class: "grid", d: across.join("") + upright.join("") }));
  if (layout.xaxis.showline) group.append(svg("path", { class: "line", d: `M${box.left} ${crisp(box.top + box.height)}h${box.width}` }));
  return group;
}

/** Shades and lines of the figure: those behind the marks, or those over them. */
export function shapes({ layout }, plane, isBehind) {
  const found = (layout.shapes ?? []).filter(({ layer }) => (layer === "below") === isBehind);
  return found.map((shape) => outline(shape, plane)).filter(Boolean);
}

/** All words: at ticks, titles, and those of the figure. */
export function words({ layout }, plane, { width, height }) {
  const { box, x, y, bar, slant } = plane;
  const group = svg("g", { class: "words" });
  const foot = box.top + box.height;
  for (const { at, text } of x.ticks) {
    const place = { x: x.at(at), y: foot + LINE + 5, class: "tick" };
    if (slant) group.append(written(text, { ...place, "text-anchor": "end", transform: `rotate(-40 ${x.at(at)} ${foot + 10})` }));
    else group.append(written(text, { ...place, "text-anchor": "middle" }));
  }
  for (const { at, text } of y.ticks) group.append(written(text, { x: box.left - 8, y: y.at(at) + 4, class: "tick", "text-anchor": "end" }));
  group.append(written(layout.xaxis.title, { x: box.left + box.width / 2, y: height - 10, class: "title xtitle", "text-anchor": "middle" }));
  const middle = (y.start + y.end) / 2;
  group.append(written(layout.yaxis.title, { x: 16, y: middle, class: "title ytitle", "text-anchor": "middle", transform: `rotate(-90 16 ${middle})` }));
  group.append(...(layout.annotations ?? []).map((one) => annotation(one, plane, width)).filter(Boolean));
  if (bar) group.append(...scaleBar(bar, plane));
  return group;
}

function outline(shape, { box, x, y }) {
  const across = (item) => (shape.xref === "paper" ? box.left + item * box.width : x.pixel(item));
  const up = (item) => (shape.yref === "paper" ? box.top + (1 - item) * box.height : y.pixel(item));
  const [left, right, top, bottom] = [across(shape.x0), across(shape.x1), up(shape.y1), up(shape.y0)];
  const { color, width = 0, dash } = shape.line;
  const stroke = width ? { stroke: color, "stroke-width": width, ...(dash && { "stroke-dasharray": DASHES[dash] }) } : {};
  // The strip of diverged runs has no values.
  if (shape.type === "line" && shape.yref !== "paper" && !isInside(y, y.log ? Math.log10(shape.y0) : shape.y0)) return null;
  if (shape.type === "line") return svg("path", { d: `M${left} ${bottom}L${right} ${top}`, ...stroke });
  return svg("rect", {
    x: Math.min(left, right), y: Math.min(top, bottom), width: Math.abs(right - left), height: Math.abs(bottom - top), fill: shape.fillcolor ?? "none", ...stroke,
  });
}

/** Words at a place of the frame or of the axes; null where a zoom has left that place outside. */
function annotation(one, { box, x, y }, width) {
  if ((one.xref !== "paper" && !isInside(x, one.x)) || (!one.yref && !isInside(y, one.y))) return null;
  const across = one.xref === "paper" ? box.left + one.x * box.width : x.at(one.x);
  const size = one.font.size;
  const up = one.yref === "paper" ? box.top + (1 - one.y) * box.height : one.yref === "y domain" ? y.start + one.y * (y.end - y.start) : y.at(one.y);
  const drop = { bottom: -4, middle: 0.35 * size, top: size }[one.yanchor ?? "middle"];
  const anchor = one.xanchor ?? "center";
  const room = anchor === "center" ? Math.min(across, width - across) : Infinity;
  const aside = room < 40 ? (across < width / 2 ? "left" : "right") : anchor; // it would stand over the edge
  return written(one.text, { x: across + (one.xshift ?? 0), y: up + drop, class: "said", "text-anchor": ANCHORS[aside], "font-size": size, fill: one.font.color });
}

function scaleBar({ low, high, scale, gap, width, words: aside, axis }, { box }) {
  const shade = shader(scale);
  const left = box.left + box.width + gap;
  const step = (high - low) / SHADES;
  const parts = Array.from({ length: SHADES }, (_, index) => {
    const top = axis.at(low + (index + 1) * step);
    return svg("rect", { x: left, y: top, width, height: axis.at(low + index * step) - top + 0.5, fill: shade(low + (index + 0.5) * step) });
  });
  const ticks = axis.ticks.map(({ at, text }) => written(text, { x: left + width + aside, y: axis.at(at) + 4, class: "tick" }));
  return [...parts, ...ticks];
}

const written = (text, attributes) => svg("text", attributes, text);

const isInside = (axis, place) => (place - axis.range[0]) * (place - axis.range[1]) <= 0;

const crisp = (pixel) => Math.round(pixel) + 0.5;
