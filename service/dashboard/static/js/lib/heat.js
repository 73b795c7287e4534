/** A metric over two parameters: cells of a grid, or coloured marks where values do not come again. */

import { ramp } from "./colours.js";
import { number, parameter } from "./format.js";
import { axis, frame, ticks } from "./frame.js";
import { cellsOf } from "./heat-cells.js";
import { quantile, robust, usable } from "./ranges.js";
import { ordered } from "./records.js";
import { horizontalScale } from "./scale.js";
import { label } from "./words.js";

const SHADES = 9;
const TEXT_WIDTH = 52; // pixels that a number and its frame need

/** A figure's data and layout, and the entries of a legend; `show` is {metric, x, y, log, width, theme}. */
export function heatFigure(summary, show) {
  const { theme, x: across, y: up } = show;
  const settings = ordered(summary.settings);
  const scales = [horizontalScale(settings, across), horizontalScale(settings, up)];
  const cells = cellsOf(settings, scales, { ...show, goal: summary.goal });
  const isGrid = cells.length * 2 >= scales[0].places.length * scales[1].places.length && scales[0].places.length * scales[1].places.length > 1;
  const shades = shadesOf(cells, summary.goal, show);
  const data = [...(isGrid ? grid(cells, scales, shades, show) : marks(cells, scales, shades)), ...markedCells(cells, scales, isGrid, theme)];
  const options = (scale) => (isGrid ? steps(scale) : scale.axis);
  return {
    data,
    keys: [
      ...(cells.some((one) => one.diverged) ? [{ mark: "cross", colour: theme.diverged, text: "diverged at least once: no mean" }] : []),
      ...(cells.some((one) => one.best) ? [{ mark: "ring", colour: theme["chart-best"], text: "best" }] : []),
    ],
    layout: frame(theme, {
      xaxis: axis(label(across), { showgrid: !isGrid, ...options(scales[0]) }),
      yaxis: axis(label(up), { showgrid: !isGrid, ...options(scales[1]) }),
      shapes: isGrid ? frames(cells, scales, theme) : [],
      uirevision: `${across} ${up}`,
    }),
  };
}

/** How values become colours: the range, ticks in the metric's own numbers, dark for what is best. */
function shadesOf(cells, goal, { log, theme }) {
  const found = cells.map(({ mean }) => mean);
  const range = robust(found, log) ?? [0, 1];
  const to = log ? (item) => (item > 0 ? Math.log10(item) : range[0]) : (item) => item; // 0 is as good as it gets
  const spots = usable(found, log).map(to);
  const stops = spots.length ? [0, 0.5, 1].map((share) => quantile(spots, share)).filter((spot) => spot <= range[1]) : [];
  return {
    of: (item) => (Number.isFinite(item) ? to(item) : null),
    options: {
      zmin: range[0], zmax: range[1], cmin: range[0], cmax: range[1],
      colorscale: ramp(SHADES, theme.dark).map((colour, index) => [index / (SHADES - 1), colour]),
      reversescale: goal === "maximize",
      colorbar: { tickvals: stops, ticktext: stops.map((spot) => number(log ? 10 ** spot : spot)) },
    },
  };
}

function grid(cells, [across, up], shades, { width }) {
  const rows = (fill) => up.places.map(() => across.places.map(fill));
  const z = rows(() => null);
  const text = rows(() => "no run");
  const written = rows(() => "");
  for (const { place, mean, text: words } of cells) {
    const [column, row] = [across.places.indexOf(place[0]), up.places.indexOf(place[1])];
    z[row][column] = shades.of(mean);
    text[row][column] = words;
    if (mean !== null) written[row][column] = number(mean, 2);
  }
  const { cmin, cmax, ...options } = shades.options;
  return [{
    type: "heatmap", z, ...options, text: (down, column) => text[down][column], xgap: 2, ygap: 2,
    ...(width >= TEXT_WIDTH * (across.places.length + 3) && { written }),
  }];
}

function marks(cells, [across, up], shades) {
  const shown = cells.filter(({ mean }) => Number.isFinite(mean));
  const { zmin, zmax, ...options } = shades.options;
  return [{
    type: "scatter", mode: "markers", x: shown.map(({ place }) => across.from(place[0])), y: shown.map(({ place }) => up.from(place[1])),
    marker: { size: 9, color: shown.map(({ mean }) => shades.of(mean)), ...options, showscale: true, line: { width: 0 } },
    text: (index) => shown[index].text,
  }];
}

/** Crosses on what diverged, a ring around the best mark (a cell has a frame). */
function markedCells(cells, [across, up], isGrid, theme) {
  const base = { type: "scatter", mode: "markers" };
  const at = (one) => (isGrid
    ? [across.places.indexOf(one.place[0]), up.places.indexOf(one.place[1])]
    : [across.from(one.place[0]), up.from(one.place[1])]);
  const trace = (shown, marker) => ({
    ...base, x: shown.map((one) => at(one)[0]), y: shown.map((one) => at(one)[1]), text: (index) => shown[index].text, marker,
  });
  const best = isGrid ? [] : cells.filter((one) => one.best);
  return [
    trace(cells.filter((one) => one.diverged), { symbol: "x-thin", size: 7, line: { color: theme.diverged, width: 2 } }),
    trace(best, { symbol: "circle-open", size: 14, color: theme["chart-best"], line: { color: theme["chart-best"], width: 3 } }),
  ].filter(({ x }) => x.length);
}

/** A frame around the cell of the best setting. */
const frames = (cells, [across, up], theme) => cells.filter((one) => one.best).map(({ place }) => {
  const [column, row] = [across.places.indexOf(place[0]), up.places.indexOf(place[1])];
  const line = { color: theme["chart-best"], width: 3 };
  return { type: "rect", x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5, line };
});

/** Values in equal steps, so that every cell is as wide. */
function steps(scale) {
  const words = scale.words ?? scale.places.map((place) => parameter(scale.from(place)));
  return { type: "linear", range: [-0.5, scale.places.length - 0.5], ...ticks(words) };
}
