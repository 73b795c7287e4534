/** What stands behind and beside the marks of the response chart: shades, baselines and words. */

import { faded } from "./colours.js";
import { number, parameter, value } from "./format.js";
import { columnsOf } from "./scale.js";

const REACH = 0.5; // how far, in heights of the frame, a baseline may pull it

/** Columns behind the best setting and those that cannot be told apart from it. */
export function shading(settings, scale, theme) {
  const edges = columnsOf(scale);
  const best = new Map(); // by place, whether the best itself is there
  for (const one of settings.filter(({ in_best_set, best }) => in_best_set || best)) {
    const place = scale.place(one.setting);
    best.set(place, one.best || best.get(place) === true);
  }
  return [...best].map(([place, isBest]) => {
    const [x0, x1] = edges.get(place).map(scale.from);
    const fillcolor = faded(theme["chart-best"], isBest ? 0.2 : 0.08);
    return { type: "rect", x0, x1, yref: "paper", y0: 0, y1: 1, fillcolor, line: { width: 0 }, layer: "below" };
  });
}

/** The best setting's value, above its column. */
export function bestLabel(settings, scale, theme) {
  return settings.filter((one) => one.best).map((one) => ({
    x: scale.place(one.setting), yref: "paper", y: 1, yanchor: "bottom", showarrow: false,
    text: `best ${parameter(scale.name ? one.setting[scale.name] : null)}`,
    font: { size: 12, color: theme["chart-best"] },
  }));
}

/** Dashed lines at what the constant predictor and the linear network reach; far from `range`, words alone. */
export function baselineMarks(baselines, metric, { log, theme, range }) {
  const plainName = metric.replace(/^(train|validation|test)_/, "");
  const found = [
    ["constant", value(baselines.constant?.[metric] ?? baselines.constant?.[plainName])],
    ["linear network", value(baselines.linear?.[metric])],
  ];
  return found.filter(([, at]) => Number.isFinite(at) && (!log || at > 0)).map(([name, at]) => {
    const place = log ? Math.log10(at) : at;
    const reach = range ? range[1] - range[0] : Infinity;
    const side = !range || (place > range[0] - REACH * reach && place < range[1] + REACH * reach) ? null : place < range[0] ? "below" : "above";
    const label = {
      xref: "paper", x: 0, xanchor: "left", yanchor: "bottom", showarrow: false,
      text: `${name} ${number(at)}`, font: { size: 11, color: theme["ink-faint"] },
    };
    if (side) {
      const words = { ...label, yref: "y domain", y: side === "below" ? 0 : 0.94, text: `${label.text}, ${side} the frame` };
      return { at, near: false, annotation: words };
    }
    return {
      at, near: true, annotation: { ...label, y: place },
      shape: {
        type: "line", xref: "paper", x0: 0, x1: 1, y0: at, y1: at, layer: "below",
        line: { color: theme["ink-faint"], width: 1, dash: "dot" },
      },
    };
  });
}

export const beyondLabel = (count, left, theme) => ({
  xref: "paper", x: left ? 0 : 1, xanchor: left ? "left" : "right", yref: "paper", y: 1, yanchor: "bottom", showarrow: false,
  text: `${count} ${count === 1 ? "run" : "runs"} above the frame`,
  font: { size: 11, color: theme["ink-faint"] },
});

export const stripLabel = (theme) => ({
  xref: "paper", x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "top", showarrow: false,
  text: "diverged", font: { size: 11, color: theme.diverged },
});
