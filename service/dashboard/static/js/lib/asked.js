/** What a form of the query language asks for, as the parts of an address. */

/**
 * Names and values, without what is empty. Columns keep the order in which they are `shown`, new ones come last; those
 * that were not chosen otherwise, and are not in the `present` address, go without saying.
 */
export function asked(form, shown, present) {
  const found = ["filter", "order_by"].map((name) => [name, (form.get(name) ?? "").trim()]).filter(([, item]) => item);
  const before = shown.split(",");
  const chosen = new Set(form.getAll("columns"));
  const columns = [...before.filter((key) => chosen.has(key)), ...[...chosen].filter((key) => !before.includes(key))];
  if (columns.length && (present.has("columns") || columns.join(",") !== shown)) found.push(["columns", columns.join(",")]);
  return found;
}
