/** Finding values in the API's documents. */

import { value } from "./format.js";

/** What lies at a dotted path, such as `metrics.validation_loss.last`; null where nothing does. */
export function at(record, path) {
  return path.split(".").reduce((found, name) => found?.[name], record) ?? null;
}

/** The columns of a run's losses as arrays by name, numbers restored. */
export function columnsOf(losses) {
  const found = {};
  losses.columns.forEach((name, index) => {
    found[name] = losses.rows.map((row) => value(row[index]));
  });
  return found;
}

/** Whether `values` are numbers that fill an axis; strings, lists and booleans are categories. */
export function numeric(values) {
  return values.length > 0 && values.every((item) => typeof item === "number");
}

/** Whether numbers spread so far that they belong on a logarithmic axis. */
export function wide(values) {
  return values.every((item) => item > 0) && Math.max(...values) >= 10 * Math.min(...values);
}

/** The parameter on the horizontal axis: the learning rate, else the first with numbers, else the first. */
export function horizontal(varied, settings) {
  if (varied.includes("learning_rate")) return "learning_rate";
  return varied.find((name) => numeric(settings.map((item) => item[name]))) ?? varied[0] ?? null;
}

/** A text that is equal for equal settings. */
export const settingKey = (setting) => JSON.stringify(Object.entries(setting).sort());

/** `items` by their settings: numbers by size, everything else in the order in which it was submitted. */
export function ordered(items) {
  const names = Object.keys(items[0]?.setting ?? {});
  const ranks = names.map((name) => {
    const found = items.map(({ setting }) => setting[name]);
    if (numeric(found)) return (item) => item;
    const texts = [...new Set(found.map((item) => JSON.stringify(item ?? null)))];
    return (item) => texts.indexOf(JSON.stringify(item ?? null));
  });
  return [...items].sort((one, other) => {
    for (const [index, name] of names.entries()) {
      const order = ranks[index](one.setting[name]) - ranks[index](other.setting[name]);
      if (order) return order;
    }
    return 0;
  });
}
