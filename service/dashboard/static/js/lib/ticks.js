/** Where an axis has its ticks, and the words at them. */

import { logTicks } from "./ranges.js";

const [SMALLEST_PLAIN, LARGEST_PLAIN] = [1e-4, 1e6]; // beyond, powers of ten
const SLACK = 1e-9; // of a range: what lies on its end is inside

/**
 * Ticks {at, text} of an axis over `range` (powers of ten where `log`) with room for `most` of them.
 * Words at places of their own (`tickvals`, `ticktext`) come before what is worked out.
 */
export function ticksOf({ tickvals, ticktext, tickformat, nticks = Infinity, dtick }, { range, log, most }) {
  const [low, high] = [Math.min(...range), Math.max(...range)];
  const inside = ({ at }) => at >= low - SLACK * (high - low) && at <= high + SLACK * (high - low);
  if (tickvals) return tickvals.map((at, index) => ({ at, text: ticktext[index] })).filter(inside);
  const room = Math.max(2, Math.min(most, nticks));
  if (log) return logPlaces(low, high, room).map((at) => ({ at, text: tickText(10 ** at) })).filter(inside);
  const whole = tickformat === "d" || tickformat === "" || dtick === 1;
  const step = niceStep(high - low, room, whole);
  const first = Math.ceil(low / step - SLACK);
  const found = Array.from({ length: Math.floor(high / step + SLACK) - first + 1 }, (_, index) => (first + index) * step);
  return found.map((at) => ({ at, text: tickText(at, step, tickformat) }));
}

/** The least of 1, 2, 5, 10, ... that leaves at most `most` steps in `span`. */
export function niceStep(span, most, whole = false) {
  const raw = span / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw * (1 - SLACK)) * power;
  return whole ? Math.max(1, Math.round(step)) : step;
}

/** A number beside a tick: as many digits as tell the `step`s apart, at most three where there are none. */
export function tickText(item, step = null, form = null) {
  const size = Math.abs(item);
  if (size < (step ?? 0) * SLACK) return form?.endsWith("%") ? "0%" : "0";
  if (form?.endsWith("%")) return `${signed((100 * item).toFixed(decimals(100 * step)))}%`;
  if (size >= LARGEST_PLAIN || size < SMALLEST_PLAIN || form?.endsWith("e")) {
    return signed(Number(item.toPrecision(3)).toExponential().replace("e+", "e"));
  }
  const text = step === null ? String(Number(item.toPrecision(3))) : item.toFixed(decimals(step));
  const [whole, rest] = text.split(".");
  return signed(whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : ""));
}

/** Powers of ten, or 1, 2 and 5 of each, or equal steps of the values, as there is room for. */
function logPlaces(low, high, most) {
  const { dtick } = logTicks([low, high]);
  if (typeof dtick === "string" && dtick.startsWith("L")) {
    const step = niceStep(10 ** high - 10 ** low, 1.5 * most); // the upper ones stand closer
    const first = Math.max(1, Math.ceil(10 ** low / step - SLACK));
    return Array.from({ length: Math.floor(10 ** high / step + SLACK) - first + 1 }, (_, index) => Math.log10((first + index) * step));
  }
  const powers = Array.from({ length: Math.floor(high) - Math.floor(low) + 1 }, (_, index) => Math.floor(low) + index);
  if (dtick === "D2") {
    const found = powers.flatMap((power) => [1, 2, 5].map((factor) => power + Math.log10(factor))).filter((at) => at >= low && at <= high);
    if (found.length <= most) return found;
  }
  const every = Math.max(Number(dtick) || 1, Math.ceil((high - low) / most));
  return powers.filter((power) => power % every === 0);
}

const decimals = (step) => Math.max(0, Math.min(12, Math.ceil(-Math.log10(step) - SLACK)));

const signed = (text) => text.replaceAll("-", "−");
