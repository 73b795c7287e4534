/** Settings gathered into the cells of two parameters. */

import { number, value } from "./format.js";
import { compared, rankOf } from "./ranking.js";
import { settingKey } from "./records.js";
import { label, setting as settingText } from "./words.js";

/** One cell per pair of values: of its settings the best that can be ranked. What cannot has no place on a scale of means. */
export function cellsOf(settings, [across, up], { metric, goal }) {
  const rank = rankOf({ metric, goal });
  const cells = new Map();
  for (const one of settings) {
    const place = [across.place(one.setting), up.place(one.setting)];
    const key = settingKey(place);
    const known = cells.get(key) ?? { place, runs: 0, lost: 0, best: false, top: null };
    if (!known.top || compared(rank(one), rank(known.top)) < 0) known.top = one;
    known.runs += one.runs;
    known.lost += one.diverged;
    known.best ||= one.best;
    cells.set(key, known);
  }
  return [...cells.values()].map((cell) => ({
    ...cell, mean: cell.top.eligible ? value(cell.top.metrics[metric]?.mean) : null, diverged: cell.top.diverged > 0,
    text: textOf(cell, metric),
  }));
}

function textOf({ top, runs, lost }, metric) {
  const found = top.metrics[metric] ?? { mean: null, n: 0 };
  const survivors = found.survivors_only ? " of survivors" : "";
  const mean = found.mean === null ? "no value" : `mean ${label(metric)}${survivors} ${number(found.mean)} over ${found.n} ${found.n === 1 ? "seed" : "seeds"}`;
  return `${settingText(top.setting)}\n${mean}\n${lost} of ${runs} runs here diverged`;
}
