/** What a suggestion makes of the text that is being written. */

/** The suggestions that would change something: one that stands there already is none. */
export function offered({ start, end, items }, text) {
  const written = text.slice(start, end);
  return items.length === 1 && items[0].text === written ? [] : items;
}

/**
 * The text with the suggestion in place of what had begun, where the cursor then stands, and whether more is to
 * be written there. A group such as `tags.` goes on without a space.
 */
export function filled(text, { start, end }, { text: taken, kind }) {
  const rest = text.slice(end);
  const open = taken.endsWith(".") || taken === "(";
  const space = open || rest.startsWith(" ") ? "" : " ";
  const at = start + taken.length + (open ? 0 : 1);
  return { text: text.slice(0, start) + taken + space + rest, at, more: kind !== "value" };
}
