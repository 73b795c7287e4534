/** Curves over epochs: the mean of each setting over its seeds, with a band from the smallest to the largest. */

import { faded, ramp } from "./colours.js";
import { number, parameter, value } from "./format.js";
import { axis, band, frame, plain } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { ordered, settingKey } from "./records.js";
import { epochAxis } from "./run-figures.js";
import { label, setting as settingText } from "./words.js";

const MOST_BANDS = 24; // more of them only hide each other
const BAND = 0.1; // opacity of a band, less where there are many

/** Curves in the order of their settings, each with its colour and its last value. */
export function orderedCurves(items, dark) {
  const sorted = ordered(items);
  const colours = ramp(sorted.length, dark);
  return sorted.map((item, index) => ({
    ...item, key: settingKey(item.setting), name: settingText(item.setting),
    short: Object.values(item.setting).map(parameter).join(" · ") || "all runs", colour: colours[index],
    mean: item.mean.map(value), low: item.low.map(value), high: item.high.map(value), last: value(item.mean.at(-1)),
  }));
}

/** plotly's data and layout; `show` is {column, score, log, theme, hidden: Set, stressed: key or null}. */
export function curvesFigure(curves, show) {
  const { theme, log } = show;
  const shown = curves.filter(({ key }) => !show.hidden.has(key));
  const quiet = ({ key }) => show.stressed !== null && show.stressed !== key;
  const bands = shown.length <= MOST_BANDS ? shown : shown.filter(({ key }) => key === show.stressed);
  const opacity = Math.min(BAND, (8 * BAND) / Math.max(1, bands.length));
  const data = [
    ...bands.map((curve) => bandOf(curve, quiet(curve) ? 0.02 : show.stressed ? 0.28 : opacity, log)),
    ...shown.map((curve) => lineOf(curve, quiet(curve) ? 0.18 : 1, show)),
  ];
  return {
    data,
    layout: frame(theme, {
      xaxis: epochAxis(shown.flatMap(({ epochs }) => epochs), theme),
      yaxis: axis(theme, label(show.column.replace("score", show.score)), {
        ...valueAxis(robust(shown.flatMap(({ mean }) => mean), log), log),
        ...(show.column.endsWith("score") && show.score === "accuracy" ? { tickformat: ".0%" } : {}),
      }),
    }),
  };
}

function lineOf(curve, opacity, show) {
  return {
    x: curve.epochs, y: curve.mean, type: "scatter", mode: curve.epochs.length > 1 ? "lines" : "markers", opacity,
    line: { color: curve.colour, width: show.stressed === curve.key ? 2.5 : 1.75 },
    marker: { color: curve.colour, size: 5 },
    text: curve.epochs.map((epoch, index) =>
      `${plain(curve.name)}<br>epoch ${epoch}: ${number(curve.mean[index], 4)}<br>` +
      `${curve.n[index]} runs, ${number(curve.low[index])} to ${number(curve.high[index])}`),
    hovertemplate: "%{text}<extra></extra>",
  };
}

function bandOf(curve, opacity, log) {
  return band(curve.epochs, curve.low, curve.high, faded(curve.colour, opacity), log);
}
