/** Names, settings and headlines as text: the same rules as wording.py. */

import { count, interval, parameter, score } from "./format.js";

const NBSP = "\u00a0";
const CAPITALS = { r2: "R²", f1: "F1", rmse: "RMSE", mae: "MAE", l1: "L1", l2: "L2" };

/** A sentence whose numbers do not part with their per cent signs at the end of a line. */
export const tight = (sentence) => sentence.replaceAll(" %", `${NBSP}%`);

/** The headline's answer, and everything that limits it. */
export function clauses(headline) {
  const [answer, ...rest] = headline.split("; ");
  return [answer, rest.join("; ")];
}

/** A field's name as words: `learning_rate` reads `learning rate`. */
export function label(name) {
  return name.split("_").map((word) => CAPITALS[word] ?? word).join(" ");
}

/** A setting in one line: the bare value where one parameter varies, else name and value pairs. */
export function setting(values) {
  const entries = Object.entries(values);
  if (entries.length === 1) return parameter(entries[0][1]);
  return entries.map(([name, item]) => `${label(name)} ${parameter(item)}`).join(", ");
}

/** The same where nothing beside it says what varies. */
export function namedSetting(values) {
  const named = Object.entries(values).map(([name, item]) => `${label(name)} ${parameter(item)}`);
  return named.join(", ") || "the only setting";
}

/** The same before there is an answer: the best run's setting, and its value. */
export function bestSoFar(best, metric) {
  return {
    setting: namedSetting(best.setting),
    measured: `${label(metric)} ${score(best.value, metric)}`,
    interval: `so far, in run ${count(best.number)}`,
  };
}

/** A sweep's best setting, and its metric over the seeds. */
export function bestResult(best, metric) {
  return {
    setting: namedSetting(best.setting),
    measured: `${label(metric)} ${score(best.mean, metric)}`,
    interval: interval(best, (raw) => score(raw, metric)),
  };
}
