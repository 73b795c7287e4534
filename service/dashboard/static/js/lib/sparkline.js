/** A curve drawn the size of a word, and what it shows in words: the same rules as sparkline.py. */

import { number } from "./format.js";
import { wide } from "./records.js";
import { label } from "./words.js";

const [WIDTH, HEIGHT, MARGIN] = [96, 28, 3];

/** The points of a curve with at least two, as coordinates from the upper left. */
export function sparkline({ epochs, mean }) {
  const heights = wide(mean) ? mean.map(Math.log) : mean;
  const [first, last] = [epochs[0], epochs.at(-1)];
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  return epochs.map((epoch, index) => [
    written(MARGIN + ((WIDTH - 2 * MARGIN) * (epoch - first)) / (last - first)),
    written(MARGIN + (HEIGHT - 2 * MARGIN) * (high === low ? 0.5 : (high - heights[index]) / (high - low))),
  ]);
}

/** What the picture shows, for those who do not see it. */
export function sparklineLabel({ metric, epochs, mean }) {
  const ends = `from ${number(mean[0])} to ${number(mean.at(-1))}`;
  const axis = wide(mean) ? ", logarithmic axis" : "";
  return `Mean ${label(metric)}, epochs ${epochs[0]} to ${epochs.at(-1)}: ${ends}${axis}`;
}

const written = (coordinate) => (Math.floor(coordinate * 10 + 0.5) / 10).toFixed(1);
