/** The best value to be expected, by how many settings are tried. */

import { number, value } from "./format.js";
import { axis, frame } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { label } from "./words.js";

const FEW_SETTINGS = 12;

/** A figure's data and layout; `points` are the summary's `expected_best`. */
export function expectedFigure(points, metric, theme) {
  const x = points.map(({ settings }) => settings);
  const y = points.map((one) => value(one.value));
  const log = metric.endsWith("loss") && y.every((item) => item > 0);
  const many = x.at(-1) > FEW_SETTINGS;
  return {
    data: [{
      x, y, type: "scatter", mode: "lines+markers", line: { color: theme["chart-validation"], width: 2 },
      marker: { size: 4, color: theme["chart-validation"] },
      text: (index) => `${x[index]} ${x[index] === 1 ? "setting" : "settings"}\nexpected best ${label(metric)} ${number(y[index], 4)}`,
    }],
    layout: frame(theme, {
      xaxis: axis("settings tried", { showgrid: false, showline: true, ...(many ? { type: "log", dtick: "D2" } : { dtick: 1 }) }),
      yaxis: axis(label(metric), { ...valueAxis(robust(y, log, y), log), nticks: 5 }),
      margin: { l: 56, r: 16, t: 8, b: 44 },
    }),
  };
}
