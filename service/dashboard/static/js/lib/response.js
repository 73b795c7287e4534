/** The answer as a picture: a value of every run against one parameter, with means and intervals per setting. */

import { ramp } from "./colours.js";
import { parameter, value } from "./format.js";
import { axis, frame } from "./frame.js";
import { robust, valueAxis } from "./ranges.js";
import { ordered, settingKey } from "./records.js";
import { keysOf } from "./response-keys.js";
import { baselineMarks, bestLabel, beyondLabel, shading, stripLabel } from "./response-labels.js";
import { crosses, means, points } from "./response-marks.js";
import { horizontalScale } from "./scale.js";
import { label } from "./words.js";

const STRIP = [0.91, 1]; // the part of the frame's height in which diverged runs are marked
const MOST_SERIES = 12;

/**
 * plotly's data and layout, and the entries of a legend.
 * `summary` and `runs` are the API's; `show` is {metric, varied, log, theme}.
 */
export function responseFigure(summary, runs, show) {
  const { theme, metric } = show;
  const settings = ordered(summary.settings);
  const scale = horizontalScale(settings, show.varied);
  const series = seriesOf(settings, scale.name, theme);
  const alone = series.length === 1 && settings.length > 1; // else columns would not single anything out
  const keyed = runs.map((run) => ({ ...run, setting: within(run.parameters, summary.group_by) }));
  const diverged = keyed.filter((run) => run.state === "diverged");
  const data = series.flatMap((one) => {
    const mine = keyed.filter((run) => one.keys.has(settingKey(run.setting)));
    return [...means(one, scale, metric, show), ...points(mine, one, scale, metric, theme)];
  });
  const baselines = baselineMarks(summary.baselines, metric, show.log, theme);
  const seen = data.filter((trace) => trace.fill !== "toself").flatMap((trace) => trace.y);
  const best = settings.filter((one) => one.eligible).map(({ metrics }) => value(metrics[metric]?.mean));
  const range = robust(seen, show.log, [...best, ...baselines.map(({ at }) => at)]);
  const beyond = range ? runsAbove(data, show.log ? 10 ** range[1] : range[1]) : 0;
  if (diverged.length) data.push(crosses(diverged, scale, theme));
  return {
    data,
    keys: keysOf(series, { summary, runs: keyed, theme }),
    layout: frame(theme, {
      xaxis: axis(theme, label(scale.name ?? "setting"), { showgrid: false, showline: true, ...scale.axis }),
      yaxis: axis(theme, label(metric), {
        ...valueAxis(range, show.log), domain: [0, diverged.length ? STRIP[0] - 0.02 : 1],
      }),
      ...(diverged.length && { yaxis2: { domain: STRIP, range: [0, 1], visible: false, fixedrange: true } }),
      shapes: [...(alone ? shading(settings, scale, theme) : []), ...baselines.map(({ shape }) => shape)],
      annotations: [
        ...baselines.map(({ annotation }) => annotation),
        ...(alone ? bestLabel(settings, scale, theme) : []),
        ...(diverged.length ? [stripLabel(theme)] : []),
        ...(beyond ? [beyondLabel(beyond, theme)] : []),
      ],
      margin: { l: 56, r: 20, t: 26, b: 48 },
    }),
  };
}

/** One line per combination of the other parameters that vary. */
function seriesOf(settings, name, theme) {
  const groups = new Map();
  for (const one of settings) {
    const others = Object.fromEntries(Object.entries(one.setting).filter(([other]) => other !== name));
    const key = settingKey(others);
    if (!groups.has(key)) groups.set(key, { others, settings: [], keys: new Set() });
    groups.get(key).settings.push(one);
    groups.get(key).keys.add(settingKey(one.setting));
  }
  const series = [...groups.values()].slice(0, MOST_SERIES);
  const colours = series.length > 1 ? ramp(series.length, theme.dark) : [theme["chart-validation"]];
  return series.map((one, index) => ({ ...one, colour: colours[index], alone: series.length === 1, name: nameOf(one) }));
}

/** How many runs lie above the frame. */
const runsAbove = (data, top) =>
  data.filter((trace) => trace.customdata && !trace.yaxis).flatMap((trace) => trace.y).filter((item) => item > top).length;

const nameOf = ({ others }) =>
  Object.entries(others).map(([name, item]) => `${label(name)} ${parameter(item)}`).join(", ");

const within = (parameters, names) => Object.fromEntries(names.map((name) => [name, parameters[name] ?? null]));
