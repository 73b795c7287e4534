/** The weights of one layer: as a heat map, of a large layer reduced, and as a histogram. */

import { number } from "./format.js";
import { axis, frame } from "./frame.js";

const MOST_CELLS = 96; // to a side: more are finer than what a screen of this size shows
const BINS = 60;

/** Numbers of a tensor as the API writes them, flat; NaN where they are words. */
export function flat(data) {
  return data.flat(2).map(Number);
}

/**
 * `rows` with at most `most` rows and columns: each cell is the value of its block that is farthest from 0, so that
 * no large weight is averaged away. {cells, down, across}: how many rows and columns a block has.
 */
export function reduced(rows, most = MOST_CELLS) {
  const down = Math.ceil(rows.length / most);
  const across = Math.ceil(rows[0].length / most);
  const cells = Array.from({ length: Math.ceil(rows.length / down) }, (_, row) =>
    Array.from({ length: Math.ceil(rows[0].length / across) }, (__, column) => {
      let far = 0;
      for (const line of rows.slice(row * down, (row + 1) * down)) {
        for (const item of line.slice(column * across, (column + 1) * across)) {
          if (!(Math.abs(item) <= Math.abs(far))) far = Number(item);
        }
      }
      return far;
    }));
  return { cells, down, across };
}

/** Counts of the finite `values` in bins of one width: {start, width, counts}. */
export function binned(values) {
  const finite = values.filter(Number.isFinite);
  const bins = Math.min(BINS, Math.max(5, Math.ceil(2 * Math.sqrt(finite.length))));
  const low = finite.reduce((least, item) => Math.min(least, item), Infinity);
  const high = finite.reduce((most, item) => Math.max(most, item), -Infinity);
  const width = (high - low) / bins || 1;
  const counts = new Array(bins).fill(0);
  for (const item of finite) counts[Math.min(bins - 1, Math.floor((item - low) / width))] += 1;
  return { start: low, width, counts };
}

/** A figure's data and layout of a layer's weights (inputs, units). */
export function heatFigure(rows, theme) {
  const { cells, down, across } = reduced(rows);
  const limit = cells.flat().filter(Number.isFinite).reduce((most, item) => Math.max(most, Math.abs(item)), 0) || 1;
  const text = (row, column) =>
    `input ${span(row, down)}\nunit ${span(column, across)}\n${number(cells[row][column], 4)}${down * across > 1 ? ", the farthest from 0" : ""}`;
  return {
    data: [{
      type: "heatmap", z: cells, x0: 1, dx: 1, y0: 1, dy: 1, zmin: -limit, zmax: limit, text,
      colorscale: [[0, theme.diverged], [0.5, theme.surface], [1, theme["chart-validation"]]],
      colorbar: {},
      xgap: cells.length <= 24 ? 1 : 0, ygap: cells.length <= 24 ? 1 : 0,
    }],
    layout: frame(theme, {
      xaxis: axis(across > 1 ? `unit, blocks of ${across}` : "unit", { showgrid: false, tickformat: "d", ...few(cells[0].length) }),
      yaxis: axis(down > 1 ? `input, blocks of ${down}` : "input", { showgrid: false, autorange: "reversed", tickformat: "d", ...few(cells.length) }),
    }),
  };
}

/** A figure's data and layout of how the weights are distributed. */
export function histogramFigure(values, theme) {
  const { start, width, counts } = binned(values);
  const edges = counts.map((_, index) => start + index * width);
  return {
    data: [{
      type: "bar", x: edges.map((edge) => edge + width / 2), y: counts, width: counts.map(() => width),
      marker: { color: theme["chart-validation"] },
      text: (index) => `${number(edges[index])} to ${number(edges[index] + width)}: ${counts[index]}`,
    }],
    layout: frame(theme, {
      xaxis: axis("weight", { showgrid: false, showline: true }),
      yaxis: axis("how many", { rangemode: "tozero", nticks: 5 }),
    }),
  };
}

const span = (index, size) => (size > 1 ? `${index * size + 1} to ${(index + 1) * size}` : index + 1);
const few = (length) => (length <= 8 ? { dtick: 1 } : {});
