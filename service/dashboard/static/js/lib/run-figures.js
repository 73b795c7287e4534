/** The curves of one run: loss, score and what the optimizer did, each over epochs. */

import { number } from "./format.js";
import { axis, frame } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { label } from "./words.js";

const FEW_EPOCHS = 8;

/** Train and validation curves of `kind` (loss or score); `show` is {log, theme, score, best}. */
export function pairFigure(columns, kind, show) {
  const { theme, log } = show;
  const pair = [["train", theme["chart-train"]], ["validation", theme["chart-validation"]]]
    .map(([part, colour]) => ({ part, colour, y: columns[`${part}_${kind}`] }))
    .filter(({ y }) => y.some((item) => item !== null));
  const name = kind === "score" ? show.score : kind;
  const share = name === "accuracy";
  const data = pair.map(({ part, colour, y }) => line(columns.epoch, y, colour, `${part} ${label(name)}`));
  const broken = pair.flatMap(({ y, colour }) => brokenMarks(columns.epoch, y, colour, theme));
  return {
    data: [...data, ...broken],
    layout: frame(theme, {
      xaxis: epochAxis(columns.epoch),
      yaxis: axis(label(name), {
        ...valueAxis(robust(pair.flatMap(({ y }) => y), log), log), ...(share && { tickformat: ".0%" }),
      }),
      ...(broken.length && { yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true } }),
      shapes: show.best ? [bestLine(show.best, theme)] : [],
      annotations: [...(show.best ? [bestLabel(show.best, theme)] : []), ...nothing(pair.flatMap(({ y }) => y), theme)],
    }),
  };
}

/** One quantity of the optimizer, small: a line for each of `curves`, which are {y, colour, name}. */
export function smallFigure(epochs, curves, title, log, theme) {
  const values = curves.flatMap(({ y }) => y);
  return {
    data: [
      ...curves.map(({ y, colour, name }) => line(epochs, y, colour, name)),
      ...curves.flatMap(({ y }) => brokenMarks(epochs, y, theme.diverged, theme)),
    ],
    layout: frame(theme, {
      margin: { l: 56, r: 16, t: 8, b: 40 },
      xaxis: epochAxis(epochs),
      yaxis: axis(title, log ? valueAxis(robust(values, log), log) : { rangemode: "tozero", nticks: 5 }),
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      annotations: nothing(values, theme),
    }),
  };
}

/** Epochs along the bottom, from 0; the last tick keeps clear of the edge. */
export function epochAxis(epochs) {
  const last = Math.max(1, ...epochs);
  return axis("epoch", {
    showgrid: false, showline: true, range: [0, last * 1.02], tickformat: "", ...(last < FEW_EPOCHS && { dtick: 1 }),
  });
}

function line(epochs, y, colour, name) {
  return {
    x: epochs, y, type: "scatter", mode: epochs.length > 1 ? "lines" : "markers", line: { color: colour, width: 2 },
    marker: { color: colour, size: 6 }, connectgaps: false,
    text: (index) => `epoch ${epochs[index]}\n${name} ${number(y[index], 4)}`,
  };
}

/** Crosses along the top where a value is not finite: it is missing from the line, and must not be missed. */
function brokenMarks(epochs, y, colour, theme) {
  const broken = epochs.map((epoch, index) => [epoch, y[index]]).filter(([, item]) => item !== null && !Number.isFinite(item));
  if (!broken.length) return [];
  return [{
    x: broken.map(([epoch]) => epoch), y: broken.map(() => 0.98), yaxis: "y2", type: "scatter", mode: "markers",
    marker: { symbol: "x-thin", size: 8, line: { color: theme.diverged, width: 2 } },
    text: (index) => `epoch ${broken[index][0]}: ${number(broken[index][1])}`,
  }];
}

/** Words in place of a line that does not exist. */
function nothing(values, theme) {
  if (values.some(Number.isFinite)) return [];
  return [{
    xref: "paper", x: 0.5, yref: "paper", y: 0.5, showarrow: false, text: "no finite value was recorded",
    font: { size: 12, color: theme["ink-faint"] },
  }];
}

const bestLine = (epoch, theme) => ({
  type: "line", x0: epoch, x1: epoch, yref: "paper", y0: 0, y1: 1, layer: "below",
  line: { color: theme["chart-best"], width: 1, dash: "dot" },
});

const bestLabel = (epoch, theme) => ({
  x: epoch, yref: "paper", y: 1, yanchor: "top", xanchor: "right", xshift: -3, showarrow: false,
  text: `best epoch ${epoch}`, font: { size: 11, color: theme["chart-best"] },
});
