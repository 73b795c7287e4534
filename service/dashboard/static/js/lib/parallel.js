/** Runs as lines over parallel axes: where a value stands, what a range of an axis holds, and how a filter says it. */

import { number, parameter } from "./format.js";
import { mostlyPositive, robust, usable } from "./ranges.js";
import { numeric, wide } from "./records.js";
import { label } from "./words.js";

const MOST_CHOICES = 12; // numbers of fewer different values stand in equal steps

/**
 * The axes of `names` and of `metric` behind them: {name, title, place(run) from 0 to 1 or null, ticks, clause(low, high),
 * span(clause) the range that a clause of its own stands for, said(place)}.
 */
export function axesOf(runs, names, metric) {
  const parameters = names.map((name) => parameterAxis(runs, name));
  return [...parameters, metricAxis(runs, metric)];
}

/** The runs that lie in every range of `brushes` (a Map from names to [low, high]). */
export const within = (runs, axes, brushes) => runs.filter((run) => axes.every((axis) => {
  const range = brushes.get(axis.name);
  const place = axis.place(run);
  return !range || (place !== null && place >= range[0] - 1e-9 && place <= range[1] + 1e-9);
}));

/** The filter that says what the ranges hold. */
export const filterOf = (axes, brushes) =>
  axes.filter(({ name }) => brushes.has(name)).map((axis) => axis.clause(...brushes.get(axis.name))).filter(Boolean).join(" and ");

/** The ranges that a filter of our own stands for; null where it says more than that. */
export function brushesOf(axes, filter) {
  const found = new Map();
  let rest = filter.trim();
  for (const axis of axes) {
    const clause = axis.pattern.exec(rest);
    if (!clause) continue;
    const span = axis.span(clause);
    if (!span) return null;
    found.set(axis.name, span);
    rest = rest.slice(0, clause.index) + rest.slice(clause.index + clause[0].length);
  }
  return /^(and|\s)*$/.test(rest) ? found : null;
}

function parameterAxis(runs, name) {
  const values = [...new Map(runs.map(({ setting }) => [JSON.stringify(setting[name] ?? null), setting[name] ?? null])).values()];
  const few = values.length <= MOST_CHOICES;
  if (numeric(values) && !few) {
    const log = wide(values);
    const ends = [Math.min(...values), Math.max(...values)];
    return numberAxis(name, `params.${name}`, log ? ends.map(Math.log10) : ends, log, ({ setting }) => setting[name]);
  }
  const sorted = numeric(values) ? values.sort((one, other) => one - other) : values;
  const keys = sorted.map((item) => JSON.stringify(item));
  const at = (index) => (keys.length > 1 ? index / (keys.length - 1) : 0.5);
  const held = (low, high) => sorted.filter((_, index) => at(index) >= low - 1e-9 && at(index) <= high + 1e-9);
  return {
    name, title: label(name), step: keys.length > 1 ? 1 / (keys.length - 1) : 1,
    place: ({ setting }) => at(keys.indexOf(JSON.stringify(setting[name] ?? null))),
    ticks: sorted.map((item, index) => ({ at: at(index), text: parameter(item) })),
    said: (place) => held(place - 0.5 / keys.length, place + 0.5 / keys.length).map(parameter).join(", ") || "between values",
    clause: (low, high) => listed(`params.${name}`, held(low, high)),
    pattern: new RegExp(`params\\.${name} in \\(([^()]*)\\)`),
    span: ([, text]) => {
      const places = sorted.flatMap((item, index) => (text.split(/, (?=['\d-]|true|false)/).includes(quoted(item)) ? [at(index)] : []));
      return places.length ? [Math.min(...places), Math.max(...places)] : null;
    },
  };
}

function metricAxis(runs, metric) {
  const values = usable(runs.filter((run) => run.state !== "diverged").map((run) => run.value));
  const log = metric.endsWith("loss") && mostlyPositive(values);
  // One that ran away stands at the end, or all the others would be one line.
  const range = robust(values, log) ?? [0, 1];
  const axis = numberAxis(metric, `metrics.${metric}`, range, log, (run) => (run.state === "diverged" ? null : run.value));
  return { ...axis, isMetric: true };
}

function numberAxis(name, quantity, [first, last], log, of) {
  const to = log ? (item) => (item > 0 ? Math.log10(item) : first) : (item) => item;
  const span = last - first || 1;
  const from = (place) => (log ? 10 ** (first + place * span) : first + place * span);
  // What is asked for is what is read: rounded outwards, so that a run on the edge stays inside.
  const rounded = (item, up) => {
    const size = 10 ** (Math.floor(Math.log10(Math.abs(item) || 1)) - 3);
    return Number(((up ? Math.ceil(item / size - 1e-6) : Math.floor(item / size + 1e-6)) * size).toPrecision(4));
  };
  const place = (item) => Math.min(1, Math.max(0, (to(item) - first) / span));
  return {
    name, title: label(name), step: 0.02,
    place: (run) => (Number.isFinite(of(run)) ? place(of(run)) : null),
    ticks: [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: number(from(at), 2) })),
    said: (at) => number(from(at), 3),
    // The ends of the axis hold what lies beyond them, too.
    clause: (low, high) => {
      const [least, most] = [rounded(from(low), false), rounded(from(high), true)];
      if (low <= 0) return high >= 1 ? `${quantity} is not null` : `${quantity} <= ${most}`;
      return high >= 1 ? `${quantity} >= ${least}` : `${quantity} between ${least} and ${most}`;
    },
    pattern: new RegExp(`${quantity.replaceAll(".", "\\.")} (?:between (\\S+) and (\\S+)|<= (\\S+)|>= (\\S+)|is not null)`),
    span: ([, low, high, most, least]) => {
      const ends = [low ?? least, high ?? most].map((text, index) => (text === undefined ? index : place(Number(text))));
      return ends.every(Number.isFinite) ? ends : null;
    },
  };
}

const listed = (quantity, values) => {
  const texts = values.filter((item) => item !== null).map(quoted);
  return texts.length ? `${quantity} in (${texts.join(", ")})` : "";
};

function quoted(item) {
  if (typeof item === "number" || typeof item === "boolean") return String(item);
  return `'${Array.isArray(item) ? JSON.stringify(item) : item}'`;
}
