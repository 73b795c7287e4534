/** Axis ranges that show what matters: one runaway curve does not flatten all the others. */

const MARGIN = 0.05;
const MOST_DECADES = 8; // beyond, not every power of ten has a tick
const MOST_TICKS = 6;
const [SMALLEST_PLAIN, LARGEST_PLAIN] = [1e-4, 1e6]; // beyond, ticks are powers of ten

/** Where a logarithmic axis over `range` (powers of ten) has its ticks: {dtick} is every so many decades, "D2" for 1, 2 and 5 of each, "L" and a step of the values. */
export function logTicks(range) {
  const decades = range[1] - range[0];
  if (decades > MOST_DECADES) return { dtick: Math.ceil(decades / MOST_TICKS), tickformat: "~e" };
  if (decades >= 2.4) return { dtick: 1 };
  if (decades >= 0.7) return { dtick: "D2" }; // 1, 2 and 5 of each decade
  const step = 10 ** range[1] - 10 ** range[0];
  const power = 10 ** Math.floor(Math.log10(step / 3));
  return { dtick: `L${[1, 2, 5, 10].find((factor) => factor * power >= step / 4) * power}` };
}

/** The finite numbers among `values`, above 0 only if `log`. */
export function usable(values, log = false) {
  return values.filter((item) => Number.isFinite(item) && (!log || item > 0));
}

/** Whether values belong on a logarithmic scale although a few of them (losses of exactly 0) have no place there. */
export function mostlyPositive(values) {
  const found = values.filter(Number.isFinite);
  return found.length > 0 && found.every((item) => item >= 0) && found.filter((item) => item > 0).length >= 0.9 * found.length;
}

/** Quantile `share` of `values` between order statistics, linearly. */
export function quantile(values, share) {
  return between(Float64Array.from(values).sort(), share);
}

function between(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/**
 * The range of an axis over `values`, as an axis takes it (powers of ten if `log`), or null without values.
 * The top is cut where values run away, twice the spread above the upper quartile; what lies beyond is outside the
 * frame until somebody zooms out. So is the bottom, ten spreads down: only functions run away there. Values in `kept`
 * are always inside.
 */
export function robust(values, log, kept = []) {
  const found = Float64Array.from(usable(values, log), (item) => (log ? Math.log10(item) : item)).sort();
  if (!found.length) return null;
  const inside = usable(kept, log).map((item) => (log ? Math.log10(item) : item));
  const upper = between(found, 0.75);
  const lower = between(found, 0.1);
  const spread = upper - lower;
  const bottom = log || !(spread > 0) ? -Infinity : lower - 10 * spread;
  const low = Math.min(Math.max(found[0], bottom), ...inside);
  const high = Math.max(Math.min(found.at(-1), spread > 0 ? upper + 2 * spread : Infinity), ...inside);
  const margin = (high - low || Math.abs(high) || 1) * MARGIN;
  const floor = !log && low >= 0 ? Math.max(0, low - margin) : low - margin;
  return [floor, high + margin];
}


/** Options of an axis over `range`, as `robust` gives it. */
export function valueAxis(range, log) {
  if (!range) return { type: "linear", range: [0, 1], showticklabels: false, showgrid: false };
  if (log) return { type: "log", range, ...logTicks(range) };
  const size = Math.max(...range.map(Math.abs));
  const powers = size > LARGEST_PLAIN || (size > 0 && size < SMALLEST_PLAIN);
  return { type: "linear", range, ...(powers && { tickformat: ".2~e" }) };
}
