/** How values of the horizontal parameter become positions on an axis. */

import { parameter } from "./format.js";
import { ticks } from "./frame.js";
import { valueAxis } from "./ranges.js";
import { numeric, wide } from "./records.js";

const LEAST = 0.015; // of all positions, that stays free beside the first and the last

/**
 * The axis for the parameter `name`, or for none.
 * `place(setting)` is a position on the axis's own scale (powers of ten on a logarithmic one), `from` turns a
 * position into a value, `places` are all positions in order. Anything but numbers stands in equal steps,
 * under its `words`.
 */
export function horizontalScale(settings, name) {
  const values = settings.map(({ setting }) => (name ? setting[name] : null));
  if (numeric(values) && new Set(values).size > 1) {
    const log = wide(values);
    const to = log ? Math.log10 : (found) => found;
    const places = [...new Set(values)].map(to).sort((one, other) => one - other);
    return {
      name, places, words: null, ordered: true, axis: valueAxis(padded(places), log),
      place: (setting) => to(setting[name]),
      from: log ? (place) => 10 ** place : (place) => place,
    };
  }
  const texts = name ? [...new Set(values.map((item) => parameter(item)))] : ["all runs"];
  return {
    name, places: texts.map((_, index) => index), words: texts, ordered: false,
    axis: { type: "linear", range: [-0.6, texts.length - 0.4], ...ticks(texts) },
    place: (setting) => (name ? texts.indexOf(parameter(setting[name])) : 0),
    from: (place) => place,
  };
}

/** From half a step before the first position to half a step behind the last, and not less than a mark is wide. */
function padded(places) {
  const least = LEAST * (places.at(-1) - places[0]);
  const first = places[1] - places[0];
  const last = places.at(-1) - places.at(-2);
  return [places[0] - Math.max(least, 0.6 * first), places.at(-1) + Math.max(least, 0.6 * last)];
}

/** The edges around each position of `scale`, by position. */
export function columnsOf(scale) {
  const { places } = scale;
  if (places.length === 1) return new Map([[places[0], [places[0] - 0.5, places[0] + 0.5]]]);
  const middles = places.slice(1).map((place, index) => (place + places[index]) / 2);
  const edges = [2 * places[0] - middles[0], ...middles, 2 * places.at(-1) - middles.at(-1)];
  return new Map(places.map((place, index) => [place, [edges[index], edges[index + 1]]]));
}
