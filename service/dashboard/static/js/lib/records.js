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
  const columns = names.map((name) => {
    const found = items.map(({ setting }) => setting[name]);
    if (numeric(found)) return found;
    const texts = found.map((item) => JSON.stringify(item ?? null));
    const ranks = new Map([...new Set(texts)].map((text, index) => [text, index]));
    return texts.map((text) => ranks.get(text));
  });
  const places = items.map((_, index) => index).sort((one, other) => {
    for (const column of columns) {
      const order = column[one] - column[other];
      if (order) return order;
    }
    return one - other;
  });
  return places.map((index) => items[index]);
}
