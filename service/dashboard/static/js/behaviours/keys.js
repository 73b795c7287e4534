/** Draws the entries of a legend as a list. */

const SVG = "http://www.w3.org/2000/svg";

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
  const svg = element("svg", { width: 16, height: 12, viewBox: "0 0 16 12", "aria-hidden": "true" });
  svg.append(element(name, { fill: colour, stroke: colour, ...attributes }));
  return svg;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, item] of Object.entries(attributes)) made.setAttribute(key, item);
  return made;
}
