/** Curves over epochs: the mean of each setting over its seeds, with a band from the smallest to the largest. */

import { faded, ramp } from "./colours.js";
import { number, parameter, value } from "./format.js";
import { axis, band, frame } from "./frame.js";
import { compared, rankOf } from "./ranking.js";
import { robust, usable, valueAxis } from "./ranges.js";
import { ordered, settingKey } from "./records.js";
import { epochAxis } from "./run-figures.js";
import { smoothed } from "./smoothing.js";
import { label, setting as settingText } from "./words.js";

const MOST_BANDS = 24; // more of them only hide each other
const BAND = 0.1; // opacity of a band, less where there are many

/** Curves in the order of their settings, each with its colour and its last value, smoothed by `smooth` (0 is not). */
export function orderedCurves(items, dark, smooth = 0) {
  const sorted = ordered(items);
  const colours = ramp(sorted.length, dark);
  return sorted.map((item, index) => {
    const [mean, low, high] = ["mean", "low", "high"].map((kind) => smoothed(item.epochs, item[kind].map(value), smooth));
    return {
      ...item, key: settingKey(item.setting), name: settingText(item.setting), mean, low, high,
      short: Object.values(item.setting).map(parameter).join(" · ") || "all runs", colour: colours[index],
      last: value(item.mean.at(-1)),
    };
  });
}

/** The settings that rank first by `metric`, at most `most` of them; what cannot be ranked stands behind the others. */
export function bestSettings(settings, { metric, goal, most }) {
  const rank = rankOf({ metric, goal });
  const ranked = settings.map((one) => [rank(one), one]);
  ranked.sort(([one], [other]) => compared(one, other));
  return ranked.slice(0, most).map(([, one]) => one);
}

/** A figure's data and layout; `show` is {column, score, log, robust, theme, hidden: Set, stressed: key or null}. */
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
      xaxis: epochAxis(shown.flatMap(({ epochs }) => epochs)),
      yaxis: axis(label(show.column.replace("score", show.score)), {
        ...valueAxis(rangeOf(shown, log, show.robust), log),
        ...(show.column.endsWith("score") && show.score === "accuracy" ? { tickformat: ".0%" } : {}),
      }),
    }),
  };
}

/** The range of what is shown: without what runs away, or, bands included, all of it. */
function rangeOf(curves, log, isRobust) {
  if (isRobust) return robust(curves.flatMap(({ mean }) => mean), log);
  const found = usable(curves.flatMap(({ mean, low, high }) => [...mean, ...low, ...high]), log);
  if (!found.length) return null;
  const ends = found.reduce(([low, high], item) => [Math.min(low, item), Math.max(high, item)], [Infinity, -Infinity]);
  const [bottom, top] = log ? ends.map(Math.log10) : ends;
  const margin = (top - bottom || 1) * 0.05;
  return [bottom - margin, top + margin];
}

function lineOf(curve, opacity, show) {
  return {
    x: curve.epochs, y: curve.mean, type: "scatter", mode: curve.epochs.length > 1 ? "lines" : "markers", opacity,
    line: { color: curve.colour, width: show.stressed === curve.key ? 2.5 : 1.75 },
    marker: { color: curve.colour, size: 5 },
    text: (index) =>
      `${curve.name}\nepoch ${curve.epochs[index]}: ${number(curve.mean[index], 4)}\n` +
      `${curve.n[index]} runs, ${number(curve.low[index])} to ${number(curve.high[index])}`,
  };
}

function bandOf(curve, opacity, log) {
  return band(curve.epochs, curve.low, curve.high, faded(curve.colour, opacity), log);
}
