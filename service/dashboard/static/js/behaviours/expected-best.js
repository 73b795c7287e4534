/** What a random search of fewer settings would have found. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { expectedFigure } from "../lib/expected.js";
import { follow } from "./live.js";
import { shared } from "./shared.js";

export default function expectedBest(element) {
  const chart = element.querySelector(".chart");
  const { sweep, metric } = element.dataset;
  let points = [];

  const redraw = async () => {
    if (points.length) await draw(chart, expectedFigure(points, metric, theme()));
  };
  follow(async () => {
    try {
      points = (await shared(`/sweeps/${sweep}/summary`)).expected_best;
      if (!points.length) return explain(chart, "It appears when settings have finished.");
      await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  }, element);
  onThemeChange(redraw);
}
