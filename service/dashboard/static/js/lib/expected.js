/** The best value to be expected, by how many settings are tried. */

import { number, value } from "./format.js";
import { axis, frame, plain } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { label } from "./words.js";

const FEW_SETTINGS = 12;

/** plotly's data and layout; `points` are the summary's `expected_best`. */
export function expectedFigure(points, metric, theme) {
  const x = points.map(({ settings }) => settings);
  const y = points.map((one) => value(one.value));
  const log = metric.endsWith("loss") && y.every((item) => item > 0);
  const many = x.at(-1) > FEW_SETTINGS;
  return {
    data: [{
      x, y, type: "scatter", mode: "lines+markers", line: { color: theme["chart-validation"], width: 2 },
      marker: { size: 4, color: theme["chart-validation"] },
      text: points.map((one) => `${one.settings} ${one.settings === 1 ? "setting" : "settings"}<br>expected best ${plain(label(metric))} ${number(one.value, 4)}`),
      hovertemplate: "%{text}<extra></extra>",
    }],
    layout: frame(theme, {
      xaxis: axis(theme, "settings tried", { showgrid: false, showline: true, ...(many ? { type: "log", dtick: "D2" } : { dtick: 1 }) }),
      yaxis: axis(theme, label(metric), { ...valueAxis(robust(y, log, y), log), nticks: 5 }),
      margin: { l: 56, r: 16, t: 8, b: 44 },
    }),
  };
}
