/** What the points of a trace look like, gathered into few strokes: a path each. */

import { circlesOutline, crossesOutline, dotsOutline, squaresOutline } from "./outlines.js";
import { shader } from "./shades.js";

const SHEETS = 6; // of marks that shine through: within one path, overlaps would not add up

/** Paths {d, fill, stroke, width, opacity, caps} of the marks of a trace at pixels `across`, `up`. */
export function strokesOf({ marker }, across, up) {
  const opacity = marker.opacity ?? 1;
  const look = looks(marker);
  const groups = new Map();
  for (let index = 0; index < across.length; index += 1) {
    if (Number.isNaN(across[index]) || Number.isNaN(up[index])) continue;
    const one = look(index);
    const key = `${one.symbol} ${one.colour} ${one.line} ${one.width} ${opacity < 1 ? index % SHEETS : ""}`;
    if (!groups.has(key)) groups.set(key, { ...one, points: [] });
    groups.get(key).points.push([across[index], up[index]]);
  }
  return [...groups.values()].map((one) => ({ opacity, ...outlined(one, marker.size) }));
}

/** The look of each mark: a function from its index to {symbol, colour, line, width}. */
export function looks({ color, symbol = "circle", line = {}, ...scale }) {
  const shade = scale.colorscale ? shader(scale) : (colour) => colour;
  const of = (item, index) => (Array.isArray(item) ? item[index] : item);
  return (index) => {
    const colour = color === undefined ? null : shade(of(color, index));
    return { symbol: of(symbol, index), colour, line: of(line.color, index) ?? colour, width: of(line.width, index) ?? 0 };
  };
}

function outlined({ symbol, colour, line, width, points }, size) {
  if (symbol === "x-thin") return { d: crossesOutline(points, size), fill: "none", stroke: line, width };
  if (symbol === "circle-open") return { d: circlesOutline(points, size), fill: "none", stroke: colour, width: width || 1 };
  const isSquare = symbol === "square";
  if (line === colour || !width) {
    return { d: dotsOutline(points), fill: "none", stroke: colour, width: size + width, caps: isSquare ? "square" : "round" };
  }
  return { d: (isSquare ? squaresOutline : circlesOutline)(points, size), fill: colour, stroke: line, width };
}
