/** Numbers, intervals, durations and ages as text: the same rules as formatting.py. */

export const MISSING = "–";
const NBSP = "\u00a0";
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const NON_FINITE = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** A number as the API writes it: non-finite ones are the words NaN, Infinity and -Infinity. */
export function value(raw) {
  if (typeof raw === "string") return raw in NON_FINITE ? NON_FINITE[raw] : null;
  return typeof raw === "number" ? raw : null;
}

/** `raw` to `digits` significant digits; very large and very small ones in powers of ten. */
export function number(raw, digits = 3) {
  const found = value(raw);
  if (found === null) return MISSING;
  if (!Number.isFinite(found)) return Number.isNaN(found) ? "NaN" : found > 0 ? "∞" : "−∞";
  if (found === 0) return "0";
  const size = Math.abs(Number(found.toPrecision(digits)));
  if (size < 1e-4 || size >= 1e6) return signed(found.toExponential(digits - 1).replace("e+", "e"));
  const exponent = Math.floor(Math.log10(size) + 1e-12);
  return signed(Number(found.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - exponent)));
}

/** A setting's value: numbers to 4 significant digits without trailing zeros, the rest as JSON reads. */
export function parameter(raw) {
  if (raw === null || raw === undefined) return "none";
  if (Array.isArray(raw)) return `[${raw.map(parameter).join(", ")}]`;
  if (typeof raw === "object") {
    return Object.entries(raw).map(([name, item]) => `${name}${NBSP}${parameter(item)}`).join(", ");
  }
  if (Number.isInteger(raw)) return Math.abs(raw) < 1e15 ? signed(String(raw)) : trimmed(number(raw, 4));
  if (typeof raw === "number") return trimmed(number(raw, 4));
  return String(raw);
}

/** A share between 0 and 1 in per cent, to one decimal. */
export function percent(raw) {
  const found = value(raw);
  if (found === null || !Number.isFinite(found)) return number(raw);
  return `${signed((found * 100).toFixed(1))}${NBSP}%`;
}

/** A score by its name: accuracy in per cent, R² as a number. */
export function score(raw, name) {
  return /(accuracy|f1)$/.test(name) ? percent(raw) : number(raw);
}

/** The ends of a mean's interval, or nothing where there are too few seeds for one. */
export function interval(raw, form = number) {
  if (!raw || value(raw.low) === null || value(raw.high) === null) return "";
  return `[${form(raw.low)}, ${form(raw.high)}]`;
}

/** The ends of an interval of shares, in per cent; the unit is said once. */
export function percentInterval(raw) {
  return interval(raw, percent).replaceAll(`${NBSP}%`, "");
}

/** An upper bound of a share. */
export function atMost(raw) {
  return value(raw) === null ? "" : `≤ ${percent(raw)}`;
}

/** A whole number with thousands set apart. */
export function count(raw) {
  return typeof raw === "number" ? Math.trunc(raw).toLocaleString("en-US") : MISSING;
}

/** A number of bytes in units of 1,000. */
export function bytes(raw) {
  const found = value(raw);
  if (found === null) return MISSING;
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(found, 1)) / 3)));
  return `${power ? number(found / 1000 ** power) : found}${NBSP}${UNITS[power]}`;
}

/** Seconds as people say them: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(raw) {
  const seconds = value(raw);
  if (seconds === null || !Number.isFinite(seconds)) return MISSING;
  if (seconds > 0 && seconds < 0.05) return `< 0.1${NBSP}s`;
  if (seconds < 9.95) return `${Math.max(seconds, 0).toFixed(1)}${NBSP}s`;
  const whole = Math.floor(seconds + 0.5);
  for (const [large, small, size, part] of [["d", "h", 86400, 3600], ["h", "min", 3600, 60], ["min", "s", 60, 1]]) {
    if (whole < size) continue;
    const rest = Math.floor((whole % size) / part);
    return `${Math.floor(whole / size)}${NBSP}${large}${rest ? ` ${rest}${NBSP}${small}` : ""}`;
  }
  return `${whole}${NBSP}s`;
}

/** A time of the API (RFC 3339 in UTC) to the minute. */
export function instant(raw) {
  return raw ? raw.slice(0, 16).replace("T", " ") : MISSING;
}

/** How long ago `instant` (RFC 3339) was, seen from `now` in milliseconds. */
export function age(instant, now) {
  const seconds = Math.max(0, (now - Date.parse(instant)) / 1000);
  if (Number.isNaN(seconds)) return MISSING;
  if (seconds < 5) return "just now";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${NBSP}${unit} ago`;
  }
  return `${Math.floor(seconds)}${NBSP}s ago`;
}

const signed = (text) => text.replaceAll("-", "−");

function trimmed(text) {
  const [mantissa, exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent}`;
}
