/** The curves of one run: loss, score and what the optimizer did, each over epochs. */

import { label, number } from "./format.js";
import { axis, frame } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";

const EPOCH = { showgrid: false, showline: true, rangemode: "tozero", tickformat: "" };

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
      xaxis: axis(theme, "epoch", EPOCH),
      yaxis: axis(theme, label(name), {
        ...valueAxis(robust(pair.flatMap(({ y }) => y), log), log), ...(share && { tickformat: ".0%" }),
      }),
      ...(broken.length && { yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true } }),
      shapes: show.best ? [bestLine(show.best, theme)] : [],
      annotations: [
        ...endLabels(pair, columns.epoch, log, theme),
        ...(show.best ? [bestLabel(show.best, theme)] : []),
      ],
    }),
  };
}

/** One quantity of the optimizer, small. */
export function smallFigure(columns, name, log, theme) {
  const y = columns[name];
  return {
    data: [line(columns.epoch, y, theme["chart-validation"], label(name)), ...brokenMarks(columns.epoch, y, theme.diverged, theme)],
    layout: frame(theme, {
      margin: { l: 56, r: 12, t: 8, b: 40 },
      xaxis: axis(theme, "epoch", EPOCH),
      yaxis: axis(theme, label(name), { nticks: 5, ...valueAxis(robust(y, log), log) }),
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
    }),
  };
}

function line(epochs, y, colour, name) {
  return {
    x: epochs, y, type: "scatter", mode: epochs.length > 1 ? "lines" : "markers", line: { color: colour, width: 2 },
    marker: { color: colour, size: 6 }, connectgaps: false,
    text: y.map((item, index) => `epoch ${epochs[index]}<br>${name} ${number(item, 4)}`),
    hovertemplate: "%{text}<extra></extra>",
  };
}

/** Crosses along the top where a value is not finite: it is missing from the line, and must not be missed. */
function brokenMarks(epochs, y, colour, theme) {
  const broken = epochs.map((epoch, index) => [epoch, y[index]]).filter(([, item]) => item !== null && !Number.isFinite(item));
  if (!broken.length) return [];
  return [{
    x: broken.map(([epoch]) => epoch), y: broken.map(() => 0.98), yaxis: "y2", type: "scatter", mode: "markers",
    marker: { symbol: "x-thin", size: 8, line: { color: theme.diverged, width: 2 } },
    text: broken.map(([epoch, item]) => `epoch ${epoch}: ${number(item)}`), hovertemplate: "%{text}<extra></extra>",
  }];
}

/** Names at the ends of the lines; a legend would send the eye back and forth. */
function endLabels(pair, epochs, log, theme) {
  const ends = pair.map(({ part, colour, y }) => ({ part, colour, at: y.findLastIndex(Number.isFinite), y }))
    .filter(({ at, y }) => at >= 0 && (!log || y[at] > 0));
  const higher = ends.length > 1 && ends[0].y[ends[0].at] > ends[1].y[ends[1].at] ? 0 : 1;
  return ends.map(({ part, colour, at, y }, index) => ({
    x: epochs[at], y: log ? Math.log10(y[at]) : y[at], xanchor: "right", showarrow: false, text: part,
    yanchor: index === higher ? "bottom" : "top", yshift: index === higher ? 3 : -3,
    font: { size: 12, color: colour }, bgcolor: theme.surface, borderpad: 1,
  }));
}

const bestLine = (epoch, theme) => ({
  type: "line", x0: epoch, x1: epoch, yref: "paper", y0: 0, y1: 1, layer: "below",
  line: { color: theme["chart-best"], width: 1, dash: "dot" },
});

const bestLabel = (epoch, theme) => ({
  x: epoch, yref: "paper", y: 1, yanchor: "top", xanchor: "right", xshift: -3, showarrow: false,
  text: `best epoch ${epoch}`, font: { size: 11, color: theme["chart-best"] },
});
