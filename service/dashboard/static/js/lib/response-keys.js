/** What the marks of the response chart mean, as entries of a legend; only marks that are there. */

import { faded } from "./colours.js";

const MEANS = { lines: "mean over seeds", best: "best setting at each value" };

/** Entries {mark, colour, text}; `mark` is line, band, dot, square, cross or column. */
export function keysOf(series, { summary, runs, how, theme }) {
  const has = (name) => summary.settings.some((one) => one[name]);
  const drawn = series.flatMap(({ settings }) => settings.flatMap(({ metrics }) => Object.values(metrics)));
  const intervals = how !== "points" && drawn.some(({ low }) => low !== null);
  const survivors = drawn.some((one) => one.survivors_only && one.mean !== null);
  const others = summary.settings.some((one) => one.in_best_set && !one.best);
  const alone = series.length === 1 && how !== "points";
  const first = series[0]?.colour ?? theme.ink;
  const lines = series.length > 1
    ? series.map(({ name, colour }) => ({ mark: "line", colour, text: name }))
    : [{ mark: how === "points" ? "dot" : "line", colour: first, text: summary.seeds > 1 || how === "best" ? MEANS[how] ?? MEANS.lines : "a setting" }];
  const optional = [
    [intervals, { mark: "band", colour: faded(first, 0.25), text: "95 % interval" }],
    [runs.length > 0, { mark: "dot", colour: faded(first, 0.55), text: "one run" }],
    [survivors, { mark: "ring", colour: first, text: "mean of survivors only" }],
    [runs.some((run) => run.collapsed), { mark: "square", colour: theme.collapsed, text: "collapsed: no better than constant" }],
    [has("unconverged"), { mark: "square", colour: theme.collapsed, text: "not converged" }],
    [runs.some((run) => run.state === "diverged"), { mark: "cross", colour: theme.diverged, text: "diverged" }],
    [has("best"), { mark: alone ? "column" : "ring", colour: faded(theme["chart-best"], alone ? 0.35 : 1), text: "best" }],
    [others, { mark: alone ? "column" : "ring", colour: faded(theme["chart-best"], alone ? 0.15 : 0.6), text: "cannot be told apart from it" }],
  ];
  return [...lines, ...optional.filter(([there]) => there).map(([, key]) => key)];
}
