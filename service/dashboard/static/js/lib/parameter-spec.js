/** One parameter of a submission: how it varies, what belongs to that, and what it becomes when that is changed. */

const RANGE = ["min", "max"];

/** What each way of varying takes, by its name in the submission. */
const TAKES = {
  uniform: RANGE, log_uniform_values: RANGE, int_uniform: RANGE, q_uniform: [...RANGE, "q"],
  normal: ["mu", "sigma"], log_normal: ["mu", "sigma"],
};
const COUNTED = ["uniform", "log_uniform_values", "int_uniform"];
const WORDS = {
  value: "one value", values: "these values", range: "rising rates, from and to", uniform: "evenly, from and to",
  log_uniform_values: "by equal ratios, from and to", int_uniform: "whole numbers, from and to",
  q_uniform: "in steps, from and to", normal: "normally distributed", log_normal: "log-normally distributed",
  written: "as written in the JSON",
};
const LABELS = { min: "From", max: "To", count: "How many", q: "Step", mu: "Mean", sigma: "Deviation" };
const DECADE = 10;
const DEFAULT_COUNT = 7;

/** Names and words of the ways that `field` can vary under a method. */
export function kindsFor(field, method) {
  const names = ["value", "values"];
  if (method === "range_test" && field.name === "learning_rate") return [["range", WORDS.range]];
  if (["number", "integer", "batch_size"].includes(field.kind)) {
    if (field.kind === "number") names.push("uniform", "log_uniform_values");
    else names.push("int_uniform", ...(method === "random" ? [] : ["log_uniform_values"]));
    names.push("q_uniform");
    if (method === "random" && field.kind === "number") names.push("normal", "log_normal");
  }
  return names.map((name) => [name, WORDS[name]]);
}

/** How `spec` varies: one of the names of `kindsFor`, or `written` where no control says as much. */
export function kindOf(spec, field, method) {
  const found = kindIn(spec, field, method);
  return kindsFor(field, method).some(([name]) => name === found) ? found : "written";
}

/** Words of a way that is not offered. */
export const wordsOf = (kind) => WORDS[kind];

/** The controls of a way: [path below the parameter, label, form]. A constant may stand bare, at "". */
export function partsOf(kind, spec, field, method) {
  if (kind === "written") return [];
  if (kind === "value") return [[isObject(spec) ? "value" : "", "Value", field.kind === "layers" ? "layers" : "number"]];
  if (kind === "values") return [["values", "Values", "list"]];
  const names = kind === "range" ? [...RANGE, "count"] : TAKES[kind];
  const counted = method !== "random" && COUNTED.includes(kind);
  return [...names, ...(counted ? ["count"] : [])].map((name) => [name, LABELS[name], "number"]);
}

/** `spec` in another way, keeping what both have in common. */
export function changed(spec, kind, field, method) {
  const known = isObject(spec) ? spec : { value: spec };
  if (kind === "value") return known.value ?? known.values?.[0] ?? known.min ?? known.mu ?? field.default;
  if (kind === "values") return { values: known.values ?? [known.value ?? known.min ?? field.default ?? field.choices[0]] };
  if (kind === "range") return { min: known.min ?? 1e-6, max: known.max ?? DECADE, count: Math.max(known.count ?? 1000, 100) };
  const centre = Number(known.value ?? known.values?.[0] ?? field.default) || 0;
  const [low, high] = ends(centre, field);
  const start = { min: known.min ?? low, max: known.max ?? high, q: known.q ?? 1, mu: known.mu ?? centre, sigma: known.sigma ?? (Math.abs(centre) / 2 || 1) };
  const spread = Object.fromEntries(TAKES[kind].map((name) => [name, start[name]]));
  const counted = method !== "random" && COUNTED.includes(kind) && { count: known.count ?? DEFAULT_COUNT };
  return { distribution: kind, ...spread, ...counted };
}

/** The parameters as another method reads them: counts belong to grids, rising rates to range tests. */
export function underMethod(parameters, fields, method) {
  const kept = Object.entries(parameters).filter(([name]) => method !== "range_test" || name !== "epochs");
  return Object.fromEntries(kept.map(([name, spec]) => [name, fields.has(name) ? fitted(spec, fields.get(name), method) : spec]));
}

function fitted(spec, field, method) {
  if (method === "range_test" && field.name === "learning_rate") return changed(spec, "range", field, method);
  if (!isObject(spec) || !("min" in spec || "mu" in spec)) return spec;
  const offered = kindsFor(field, method).map(([name]) => name);
  const plain = field.kind === "number" ? "log_uniform_values" : "int_uniform";
  return changed(spec, offered.includes(spec.distribution) ? spec.distribution : plain, field, method);
}

function kindIn(spec, field, method) {
  if (!isObject(spec)) return "value";
  const keys = Object.keys(spec);
  if (keys.length === 1 && "value" in spec) return "value";
  if (keys.length === 1 && Array.isArray(spec.values)) return "values";
  if (method === "range_test" && field.name === "learning_rate") return "range";
  const takes = TAKES[spec.distribution];
  const allowed = takes && [...takes, "count", "distribution"];
  return allowed && keys.every((key) => allowed.includes(key)) ? spec.distribution : "written";
}

/** A decade to both sides, within what the field may hold. */
function ends(centre, field) {
  const low = centre > 0 ? centre / DECADE : 0;
  const high = centre > 0 ? centre * DECADE : 1;
  const inside = [Math.max(low, field.minimum), field.maximum <= 1 && high >= field.maximum ? field.maximum * 0.99 : high];
  return field.kind === "number" ? inside.map((each) => Number(each.toPrecision(3))) : inside.map(Math.ceil);
}

const isObject = (item) => typeof item === "object" && item !== null && !Array.isArray(item);
