/** The answer as a picture: a value of every run against one parameter, with means and intervals per setting. */

import { value } from "./format.js";
import { axis, frame } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { ordered } from "./records.js";
import { keysOf } from "./response-keys.js";
import { baselineMarks, bestLabel, beyondLabel, shading, stripLabel } from "./response-labels.js";
import { crosses, means, points } from "./response-marks.js";
import { horizontalScale } from "./scale.js";
import { manner, seriesOf } from "./series.js";
import { label } from "./words.js";

const STRIP = [0.91, 1]; // the part of the frame's height in which diverged runs are marked

/**
 * A figure's data and layout, and the entries of a legend.
 * `summary` is the API's, `runs` are points; `show` is {metric, across, log, theme}.
 */
export function responseFigure({ summary, runs }, show) {
  const { theme, metric, across } = show;
  const settings = ordered(summary.settings);
  const how = manner(settings, across);
  const scale = horizontalScale(settings, across);
  const series = seriesOf(settings, how, { ...show, goal: summary.goal });
  if (how === "points" && summary.seeds === 1) series[0].settings = settings.filter((one) => one.best || one.in_best_set);
  // Otherwise a column would not single anything out.
  const shaded = how === "best" || (series.length === 1 && settings.length > 1 && how === "lines");
  const diverged = runs.filter((run) => run.state === "diverged");
  const data = series.flatMap((one) => {
    const mine = runs.filter((run) => one.keys.has(run.key));
    return [...means(one, scale, metric, show), ...points(mine, one, scale, metric, theme)];
  });
  const seen = data.filter((trace) => trace.fill !== "toself").flatMap((trace) => trace.y);
  const best = settings.filter((one) => one.eligible).map(({ metrics }) => value(metrics[metric]?.mean));
  const baselines = baselineMarks(summary.baselines, metric, { log: show.log, theme, range: robust(seen, show.log, best) });
  const range = robust(seen, show.log, [...best, ...baselines.filter(({ near }) => near).map(({ at }) => at)]);
  const beyond = range ? runsAbove(data, show.log ? 10 ** range[1] : range[1]) : 0;
  if (diverged.length) data.push(crosses(diverged, scale, theme));
  return {
    data,
    keys: keysOf(series, { summary, runs, how, theme }),
    layout: frame(theme, {
      xaxis: axis(label(across ?? "setting"), { showgrid: false, showline: true, ...scale.axis }),
      yaxis: axis(label(metric), {
        ...valueAxis(range, show.log), domain: [0, diverged.length ? STRIP[0] - 0.02 : 1],
      }),
      ...(diverged.length && { yaxis2: { domain: STRIP, range: [0, 1], visible: false, fixedrange: true } }),
      shapes: [...(shaded ? shading(settings, scale, theme) : []), ...baselines.flatMap(({ shape }) => shape ?? [])],
      annotations: [
        ...baselines.map(({ annotation }) => annotation),
        ...(shaded || how === "points" ? bestLabel(settings, scale, theme) : []),
        ...(diverged.length ? [stripLabel(theme)] : []),
        ...(beyond ? [beyondLabel(beyond, isRight(settings, scale), theme)] : []),
      ],
      margin: { l: 56, r: 20, t: 26, b: 48 },
      uirevision: `${across}`, // another axis is no place that a zoom could be kept for
    }),
  };
}

/** Whether the best setting, and with it its label, stands in the right half. */
function isRight(settings, scale) {
  const best = settings.find((one) => one.best);
  return Boolean(best) && scale.place(best.setting) > (scale.places[0] + scale.places.at(-1)) / 2;
}

/** How many runs lie above the frame. */
const runsAbove = (data, top) =>
  data.filter((trace) => trace.customdata && !trace.yaxis).flatMap((trace) => trace.y).filter((item) => item > top).length;
