/** The marks of the response chart: means, intervals, runs, diverged runs, the set of the best, baselines. */

import { faded } from "./colours.js";
import { number, parameter, value } from "./format.js";
import { band } from "./frame.js";
import { columnsOf } from "./scale.js";
import { label } from "./words.js";

const SPREAD = 0.4; // share of a setting's column over which its seeds stand side by side
const ABREAST = 5; // diverged runs of one setting that stand side by side
const MARK = { type: "scatter", mode: "markers" };

/** The means of a series, where `linked` with a line and the band of their intervals (bars where there is no order). */
export function means(series, scale, metric, { log, theme }) {
  const { settings, colour, alone, linked } = series;
  const found = settings.map(({ metrics }) => metrics[metric] ?? {});
  const [mean, low, high] = ["mean", "low", "high"].map((kind) => found.map((one) => value(one[kind])));
  const x = settings.map(({ setting }) => scale.from(scale.place(setting)));
  // A mean over survivors is not comparable: its mark stays hollow, and the line does not lead there.
  // Neither does it lead to where a run over a function has not converged.
  const comparable = mean.map((item, index) => (found[index].survivors_only || settings[index].unconverged ? null : item));
  const line = { x, y: comparable, type: "scatter", mode: "lines", line: { color: colour, width: 2 }, hoverinfo: "skip" };
  const marks = {
    ...MARK, x, y: mean,
    marker: {
      color: settings.map((one) => (one.unconverged ? theme.collapsed : colour)), size: linked ? 8 : 7,
      // Where several series share the columns, the best wear a ring instead of a shade behind them.
      line: {
        color: settings.map((one) => (!alone && (one.best || one.in_best_set) ? theme["chart-best"] : one.unconverged ? theme.collapsed : colour)),
        width: settings.map((one) => (!alone && one.best ? 4 : !alone && one.in_best_set ? 2.5 : 1.5)),
      },
      symbol: found.map((one, index) => (settings[index].unconverged ? "square" : one.survivors_only ? "circle-open" : "circle")),
    },
    text: (index) => meanText(settings[index], found[index], metric),
  };
  if (!linked) return [marks];
  if (scale.ordered) return [band(x, low, high, faded(colour, alone ? 0.16 : 0.06), log), line, marks];
  const gap = (edge) => edge.map((item, index) => (item === null ? 0 : Math.abs(item - mean[index])));
  return [{ ...marks, error_y: { type: "data", symmetric: false, array: gap(high), arrayminus: gap(low), color: colour } }];
}

/** One point per run; those that came to nothing (collapsed, not converged) are squares in their own colour. */
export function points(runs, series, scale, metric, theme) {
  // A diverged run may have a last value that is finite: it stands in the strip, and not here as well.
  const shown = runs.filter((run) => run.state !== "diverged" && Number.isFinite(run.value));
  const lost = (run) => run.collapsed || run.converged === false;
  const paint = (run) => (lost(run) ? theme.collapsed : series.colour);
  return [{
    ...MARK, x: besides(shown, scale), y: shown.map((run) => run.value),
    marker: {
      size: 5, opacity: 0.5, color: shown.map(paint), line: { width: 0 },
      symbol: shown.map((run) => (lost(run) ? "square" : "circle")),
    },
    customdata: shown.map((run) => run.page),
    text: (index) => `${runText(shown[index])}\n${label(metric)} ${number(shown[index].value, 4)}`,
  }];
}

/** Diverged runs, in a strip of their own above the frame: they have no value to stand at. */
export function crosses(diverged, scale, theme) {
  const edges = columnsOf(scale);
  const seen = new Map();
  const cells = diverged.map((run) => {
    const place = scale.place(run.setting);
    const index = seen.get(place) ?? 0;
    seen.set(place, index + 1);
    const [left, right] = edges.get(place) ?? [place, place];
    return { x: place + ((index % ABREAST) / (ABREAST - 1) - 0.5) * SPREAD * (right - left), row: Math.floor(index / ABREAST) };
  });
  const rows = Math.max(3, ...cells.map(({ row }) => row + 1));
  return {
    ...MARK, x: cells.map(({ x }) => scale.from(x)), y: cells.map(({ row }) => (row + 0.5) / rows), yaxis: "y2",
    marker: { symbol: "x-thin", size: 5, line: { color: theme.diverged, width: 1.5 } },
    customdata: diverged.map((run) => run.page),
    text: (index) => `${runText(diverged[index])}\ndiverged in epoch ${diverged[index].epoch}`,
  };
}

/** Positions of runs with one setting side by side, in the order of their seeds. */
function besides(runs, scale) {
  const edges = columnsOf(scale);
  const seeds = [...new Set(runs.map((run) => run.seed))].sort((one, other) => one - other);
  return runs.map((run) => {
    const place = scale.place(run.setting);
    const [left, right] = edges.get(place) ?? [place, place];
    const step = seeds.length > 2 ? seeds.indexOf(run.seed) / (seeds.length - 1) - 0.5 : 0;
    return scale.from(place + step * SPREAD * (right - left));
  });
}

const runText = (run) => `run ${run.number} · seed ${run.seed} · ${settingText(run.setting)}`;

const settingText = (setting) =>
  Object.entries(setting).map(([name, item]) => `${label(name)} ${parameter(item)}`).join(", ");

function meanText(one, found, metric) {
  const interval = found.low === null ? "" : ` [${number(found.low)}, ${number(found.high)}]`;
  const survivors = found.survivors_only ? " of survivors" : "";
  const failures = `\n${one.diverged} of ${one.runs} diverged`;
  return `${settingText(one.setting)}\nmean ${label(metric)}${survivors} ${number(found.mean)}${interval}${failures}`;
}
