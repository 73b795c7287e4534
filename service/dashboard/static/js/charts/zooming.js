/** Zooms a chart to what a pointer draws around, or by + and −; a double click shows all again, and one more what runs away. */

import { extent } from "../lib/plane.js";

const LEAST = 8; // pixels: what is shorter is a click
const BAND = 20; // pixels: what is lower or narrower zooms along one axis only
const STEP = 0.25; // of what is shown, that a key takes off on each side

/** Listen on `element`; `known.view` holds the ranges zoomed to. {isOn, wasOn}: whether a drag is going on, or ended just now. */
export function zooming(element, known, repaint) {
  const frame = document.createElement("div");
  frame.className = "zoom";
  let drag = null;
  let ended = false;

  const show = (view) => {
    known.view = view;
    repaint();
  };
  element.addEventListener("pointerdown", (event) => {
    ended = false;
    if (!known.drawn || event.button !== 0 || event.pointerType === "touch") return;
    const edge = element.getBoundingClientRect();
    const { box } = known.drawn.plane;
    const at = ({ clientX, clientY }) => [
      Math.max(box.left, Math.min(box.left + box.width, clientX - edge.left)), Math.max(box.top, Math.min(box.top + box.height, clientY - edge.top)),
    ];
    const from = at(event);
    if (Math.hypot(from[0] + edge.left - event.clientX, from[1] + edge.top - event.clientY) > 0) return; // outside the frame
    drag = { from, to: from, at };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.to = drag.at(event);
    if (!drag.shown && !isLong(drag)) return;
    if (!drag.shown) element.append(frame);
    drag.shown = true;
    outline(frame, spanned(drag, known.drawn.plane.box));
  });
  const end = (isDone) => () => {
    if (!drag) return;
    const { plane } = known.drawn;
    frame.remove();
    ended = Boolean(drag.shown);
    if (isDone && isLong(drag)) {
      const [left, right, top, bottom] = spanned(drag, plane.box);
      const isWhole = [right - left >= plane.box.width, bottom - top >= plane.box.height];
      show({
        ...known.view,
        ...(!isWhole[0] && { x: [plane.x.place(left), plane.x.place(right)] }),
        ...(!isWhole[1] && { y: [plane.y.place(bottom), plane.y.place(top)] }),
      });
    }
    drag = null;
  };
  element.addEventListener("pointerup", end(true));
  element.addEventListener("pointercancel", end(false));
  element.addEventListener("dblclick", () => {
    if (known.drawn) show(Object.keys(known.view).length ? {} : everything(known));
  });
  element.addEventListener("keydown", (event) => {
    if (!known.drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") show(scaled(known.drawn.plane, STEP));
    else if (event.key === "-") show(scaled(known.drawn.plane, -2 * STEP));
    else if (event.key === "0") show({});
    else return;
    event.preventDefault();
  });
  return { isOn: () => Boolean(drag?.shown), wasOn: () => ended };
}

const isLong = ({ from, to }) => Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])) >= LEAST;

/** Left, right, top and bottom of a drag; along an axis on which it hardly moved, all of the frame. */
function spanned({ from, to }, box) {
  const sorted = (index, start, length) => {
    const [low, high] = [Math.min(from[index], to[index]), Math.max(from[index], to[index])];
    return high - low < BAND ? [start, start + length] : [low, high];
  };
  return [...sorted(0, box.left, box.width), ...sorted(1, box.top, box.height)];
}

function outline(frame, [left, right, top, bottom]) {
  Object.assign(frame.style, { translate: `${left}px ${top}px`, inlineSize: `${right - left}px`, blockSize: `${bottom - top}px` });
}

/** The ranges with a share of them taken off on either side. */
function scaled({ x, y }, share) {
  const nearer = ({ range: [low, high] }) => [low + share * (high - low), high - share * (high - low)];
  return { x: nearer(x), y: nearer(y) };
}

/** The ranges of all values, with those that the figure leaves outside. */
function everything({ figure, drawn: { plane } }) {
  const traces = figure.data.filter(({ type, yaxis }) => type === "scatter" && !yaxis);
  if (!traces.length || !figure.layout.yaxis.range || figure.data.some(({ type }) => type === "heatmap")) return {};
  return { y: extent(traces.filter(({ fill }) => !fill).flatMap(({ y }) => y), plane.y.log) };
}
