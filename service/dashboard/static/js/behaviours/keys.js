/** Draws the entries of a legend as a list. */

import { svg } from "./svg.js";

const MARKS = {
  line: ["path", { d: "M1 6h14", "stroke-width": 2 }],
  band: ["rect", { x: 1, y: 2, width: 14, height: 8, stroke: "none" }],
  column: ["rect", { x: 3, y: 0, width: 10, height: 12, stroke: "none" }],
  dot: ["circle", { cx: 8, cy: 6, r: 3, stroke: "none" }],
  ring: ["circle", { cx: 8, cy: 6, r: 3.5, "stroke-width": 1.5, fill: "none" }],
  square: ["rect", { x: 5, y: 3, width: 6, height: 6, stroke: "none" }],
  cross: ["path", { d: "M5 3l6 6M11 3l-6 6", "stroke-width": 1.5 }],
};

export function showKeys(list, keys) {
  list.replaceChildren(...keys.map(({ mark, colour, text }) => {
    const item = document.createElement("li");
    item.append(picture(mark, colour), text);
    return item;
  }));
}

function picture(mark, colour) {
  const [name, attributes] = MARKS[mark];
  const made = svg("svg", { width: 16, height: 12, viewBox: "0 0 16 12", "aria-hidden": "true" });
  made.append(svg(name, { fill: colour, stroke: colour, ...attributes }));
  return made;
}
