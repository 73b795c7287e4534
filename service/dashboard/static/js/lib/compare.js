/** Curves of single runs, overlaid. */

import { ramp } from "./colours.js";
import { number } from "./format.js";
import { axis, frame } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { columnsOf } from "./records.js";
import { epochAxis } from "./run-figures.js";
import { label } from "./words.js";

/** One curve per table of losses, with its colour, name and last value. */
export function runCurves(tables, names, column, dark) {
  const colours = ramp(tables.length, dark);
  return tables.map((table, index) => {
    const { epoch, [column]: y } = columnsOf(table);
    return { key: table.run, short: names[table.run], name: names[table.run], colour: colours[index], epoch, y, last: y.at(-1) ?? null };
  });
}

/** The score that all tables have, or the word for any. */
export function scoreOf(tables) {
  const found = new Set(tables.map(({ score }) => score).filter((score) => score !== null));
  return found.size === 1 ? [...found][0] : "score";
}

/** A figure's data and layout; `show` is {name, log, theme, hidden: Set, stressed: key or null}. */
export function compareFigure(curves, show) {
  const { theme, log } = show;
  const shown = curves.filter(({ key }) => !show.hidden.has(key));
  const values = shown.flatMap(({ y }) => y);
  return {
    data: shown.map((curve) => line(curve, show)),
    layout: frame(theme, {
      xaxis: epochAxis(shown.flatMap(({ epoch }) => epoch)),
      yaxis: axis(label(show.name), {
        ...valueAxis(robust(values, log), log), ...(show.name.endsWith("accuracy") && { tickformat: ".0%" }),
      }),
      annotations: values.some(Number.isFinite) ? [] : [{
        xref: "paper", x: 0.5, yref: "paper", y: 0.5, showarrow: false, text: "no finite value was recorded",
        font: { size: 12, color: theme["ink-faint"] },
      }],
    }),
  };
}

function line(curve, show) {
  const quiet = show.stressed !== null && show.stressed !== curve.key;
  return {
    x: curve.epoch, y: curve.y, type: "scatter", mode: curve.epoch.length > 1 ? "lines" : "markers", connectgaps: false,
    opacity: quiet ? 0.18 : 1, line: { color: curve.colour, width: show.stressed === curve.key ? 2.5 : 1.75 },
    marker: { color: curve.colour, size: 5 },
    text: (index) => `${curve.name}\nepoch ${curve.epoch[index]}: ${number(curve.y[index], 4)}`,
  };
}
