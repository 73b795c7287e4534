/** The lines of parallel axes as few paths: one for each shade, so that a thousand runs are a dozen elements. */

import { ramp } from "./colours.js";

const SHADES = 12;

/** Paths {d, colour, kept}: `kept` are the runs within the ranges, others are drawn behind them. */
export function linesOf(runs, axes, kept, { x, y, lostY, dark, colours, goal }) {
  const shades = ramp(SHADES, dark);
  const metric = axes.at(-1);
  const groups = new Map();
  for (const run of runs) {
    const inside = kept.has(run.number);
    const place = metric.place(run);
    const lost = run.state === "diverged";
    const shade = lost ? colours.diverged : place === null ? colours["ink-faint"] : shades[shadeOf(place, goal)];
    const key = `${inside} ${inside ? shade : ""}`;
    if (!groups.has(key)) groups.set(key, { colour: inside ? shade : colours.line, kept: inside, parts: [] });
    const points = axes.map((axis, index) => {
      const at = axis.place(run);
      if (index === axes.length - 1 && lost) return `${x(index)} ${lostY}`;
      return at === null ? null : `${x(index)} ${y(at).toFixed(1)}`;
    });
    groups.get(key).parts.push(`M${points.filter(Boolean).join("L")}`);
  }
  return [...groups.values()].map(({ parts, ...one }) => ({ ...one, d: parts.join("") })).sort((one, other) => one.kept - other.kept);
}

function shadeOf(place, goal) {
  const share = goal === "maximize" ? 1 - place : place;
  return Math.min(SHADES - 1, Math.floor(share * SHADES));
}
