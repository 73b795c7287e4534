/** Predicted values against true ones, with the line on which they are equal. */

import { number, value } from "./format.js";
import { axis, frame } from "./frame.js";

/** A figure's data and layout of one column of an evaluation. */
export function truthFigure(column, theme) {
  const predicted = column.predicted.map(value);
  const all = [...column.true, ...predicted].filter(Number.isFinite);
  const ends = [Math.min(...all), Math.max(...all)];
  return {
    data: [
      { x: ends, y: ends, type: "scatter", mode: "lines", line: { color: theme["line-strong"], width: 1.5, dash: "dot" }, hoverinfo: "skip" },
      {
        x: column.true, y: predicted, type: "scatter", mode: "markers", marker: { color: theme["chart-validation"], size: 6, opacity: 0.55 },
        text: (index) => `row ${column.rows[index] + 1}\ntrue ${number(column.true[index], 4)}\npredicted ${number(predicted[index], 4)}`,
      },
    ],
    layout: frame(theme, { xaxis: axis("true", { showline: true }), yaxis: axis("predicted") }),
  };
}
