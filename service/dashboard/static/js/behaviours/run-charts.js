/** The charts of one run, drawn from one reading of its losses. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { get } from "../lib/api.js";
import { columnsOf } from "../lib/records.js";
import { pairFigure, smallFigure } from "../lib/run-figures.js";
import { label } from "../lib/words.js";
import { choices } from "./choices.js";
import { follow } from "./live.js";

const MOST_POINTS = 1000;

export default function runCharts(element) {
  const charts = new Map([...element.querySelectorAll(".chart")].map((chart) => [chart.dataset.chart, chart]));
  let losses = null;

  const redraw = async () => {
    if (!losses?.rows.length) return;
    const columns = columnsOf(losses);
    const colours = theme();
    const log = chosen().scale === "log";
    const best = Number(element.dataset.bestEpoch) || null;
    await draw(charts.get("loss"), pairFigure(columns, "loss", { log, theme: colours, best }));
    if (charts.has("score")) await draw(charts.get("score"), pairFigure(columns, "score", { log: false, theme: colours, score: losses.score }));
    for (const name of ["gradient_norm", "update_ratio", "learning_rate"]) {
      const curve = { y: columns[name], colour: colours["chart-validation"], name: label(name) };
      await draw(charts.get(name), smallFigure(columns.epoch, [curve], label(name), name !== "learning_rate", colours));
    }
  };
  const chosen = choices(element, redraw);

  follow(async () => {
    try {
      losses = await get(`/runs/${element.dataset.run}/losses`, { max_points: MOST_POINTS });
      if (losses.rows.length) return await redraw();
      for (const chart of charts.values()) explain(chart, "No epoch has been recorded yet.");
    } catch (error) {
      for (const chart of charts.values()) explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  }, element);
  onThemeChange(redraw);
}
