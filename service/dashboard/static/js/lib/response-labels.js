/** What stands behind and beside the marks of the response chart: shades, baselines and words. */

import { faded } from "./colours.js";
import { number, parameter, value } from "./format.js";
import { plain } from "./frame.js";
import { columnsOf } from "./scale.js";

/** Columns behind the best setting and those that cannot be told apart from it. */
export function shading(settings, scale, theme) {
  const edges = columnsOf(scale);
  return settings.filter((one) => one.in_best_set || one.best).map((one) => {
    const [x0, x1] = edges.get(scale.place(one.setting)).map(scale.from);
    const fillcolor = faded(theme["chart-best"], one.best ? 0.2 : 0.08);
    return { type: "rect", x0, x1, yref: "paper", y0: 0, y1: 1, fillcolor, line: { width: 0 }, layer: "below" };
  });
}

/** The best setting's value, above its column. */
export function bestLabel(settings, scale, theme) {
  return settings.filter((one) => one.best).map((one) => ({
    x: scale.place(one.setting), yref: "paper", y: 1, yanchor: "bottom", showarrow: false,
    text: `best ${plain(parameter(scale.name ? one.setting[scale.name] : null))}`,
    font: { size: 12, color: theme["chart-best"] },
  }));
}

/** Dashed lines at what the constant predictor and the linear network reach. */
export function baselineMarks(baselines, metric, log, theme) {
  const plainName = metric.replace(/^(train|validation|test)_/, "");
  const found = [
    ["constant", value(baselines.constant?.[metric] ?? baselines.constant?.[plainName])],
    ["linear network", value(baselines.linear?.[metric])],
  ];
  return found.filter(([, at]) => Number.isFinite(at) && (!log || at > 0)).map(([name, at]) => ({
    at,
    shape: {
      type: "line", xref: "paper", x0: 0, x1: 1, y0: at, y1: at, layer: "below",
      line: { color: theme["ink-faint"], width: 1, dash: "dot" },
    },
    annotation: {
      xref: "paper", x: 0, xanchor: "left", y: log ? Math.log10(at) : at, yanchor: "bottom", showarrow: false,
      text: `${name} ${number(at)}`, font: { size: 11, color: theme["ink-faint"] },
    },
  }));
}

export const beyondLabel = (count, theme) => ({
  xref: "paper", x: 1, xanchor: "right", yref: "paper", y: 1, yanchor: "bottom", showarrow: false,
  text: `${count} ${count === 1 ? "run" : "runs"} above the frame`,
  font: { size: 11, color: theme["ink-faint"] },
});

export const stripLabel = (theme) => ({
  xref: "paper", x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "top", showarrow: false,
  text: "diverged", font: { size: 11, color: theme.diverged },
});
