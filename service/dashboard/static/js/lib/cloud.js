/** The picture of many descents: which pixel holds how many of their last points, and of what kind. */

import { value } from "./format.js";

const NEAR = 0.01; // of the picture's height: points this close are drawn as one

/** The lowest and highest point of all descents that have not escaped, with some room. */
export function bounds({ points, escaped_at: escaped }) {
  let [low, high] = [Infinity, -Infinity];
  points.x.forEach((tail, place) => {
    if (escaped[place] !== null) return;
    for (const each of tail.map(value)) {
      if (each < low) low = each;
      if (each > high) high = each;
    }
  });
  if (!(high > low)) return { low: (Number.isFinite(low) ? low : 0) - 1, high: (Number.isFinite(high) ? high : 0) + 1 };
  const room = 0.06 * (high - low);
  return { low: low - room, high: high + room };
}

/** 0 settles, 1 is a cycle of two, 2 a longer one, 3 none; what is still closing in on a cycle counts as it. */
export function kindOf(period, tail, near) {
  if (period !== null) return Math.min(period, 3) - 1;
  const repeats = (every) => tail.every((each, place) => place < every || Math.abs(each - tail[place - every]) <= near);
  return [1, 2, 4].findIndex(repeats) === -1 ? 3 : [1, 2, 4].findIndex(repeats);
}

/**
 * RGBA bytes of a picture `width` by `height` of an answer of `POST /trajectories`.
 * `colours` are four [red, green, blue], one for each kind.
 */
export function cloud(answer, { width, height, low, high, colours }) {
  const pixels = new Uint8ClampedArray(4 * width * height);
  const last = answer.learning_rates.length - 1;
  answer.points.x.forEach((points, place) => {
    if (answer.escaped_at[place] !== null) return;
    const tail = points.map(value);
    const across = Math.min(width - 1, Math.round((place / last) * (width - 1)));
    const kind = kindOf(answer.period[place], tail, NEAR * (high - low));
    const [red, green, blue] = colours[kind];
    for (const each of tail) {
      const at = 4 * (Math.round(((high - each) / (high - low)) * (height - 1)) * width + across);
      pixels[at] = red;
      pixels[at + 1] = green;
      pixels[at + 2] = blue;
      pixels[at + 3] += kind === 3 ? 70 : 160;
    }
  });
  return pixels;
}
