/** How what stands in a submission is written in a control, and read from it; undefined is left out. */

/** A value from what somebody typed: JSON where it is some, else text. */
export function parsed(text) {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  try {
    return JSON.parse(trimmed);
  } catch {
    return trimmed;
  }
}

/** Values from a list of what somebody typed: `0.1, 0.2`, `relu, tanh` or `[32], [64, 32]`. */
export function parsedList(text) {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  try {
    return JSON.parse(`[${trimmed}]`);
  } catch {
    return trimmed.split(",").map((each) => parsed(each) ?? "");
  }
}

/** The text of a value, as `parsed` reads it again. */
export function shown(item) {
  if (item === undefined) return "";
  return typeof item === "string" ? item : JSON.stringify(item);
}

const shownList = (items) => items.map(shown).join(", ");

const pairsOf = (text, value) => {
  if (!text.trim()) return undefined;
  return Object.fromEntries(text.split(",").map((pair) => {
    const [name, ...rest] = pair.split("=");
    return [name.trim(), value(rest.join("=").trim())];
  }));
};
const shownPairs = (items) => Object.entries(items).map(([name, item]) => `${name} = ${shown(item)}`).join(", ");
const flag = { true: true, false: false };

/** By the name of a form: `read` from a control's text, `show` in it. */
export const FORMS = {
  text: { read: (text) => (text === "" ? undefined : text), show: (item) => shown(item) },
  number: { read: parsed, show: shown },
  flag: { read: (text) => flag[text], show: shown },
  column: { read: (text) => (text === "" ? undefined : text), show: (item) => (Array.isArray(item) ? item.join(", ") : shown(item)) },
  seeds: {
    read: (text) => (/[,[]/.test(text) ? parsedList(text.replace(/^\[|\]$/g, "")) : parsed(text)),
    show: (item) => (Array.isArray(item) ? shownList(item) : shown(item)),
  },
  pairs: { read: (text) => pairsOf(text, (each) => parsed(each) ?? null), show: (item) => (item ? shownPairs(item) : "") },
  texts: { read: (text) => pairsOf(text, String), show: (item) => (item ? shownPairs(item) : "") },
  list: { read: parsedList, show: (item) => (Array.isArray(item) ? shownList(item) : shown(item)) },
  layers: {
    read: (text) => {
      const found = parsedList(text);
      return found?.length === 1 && Array.isArray(found[0]) ? found[0] : found;
    },
    show: shown,
  },
};
