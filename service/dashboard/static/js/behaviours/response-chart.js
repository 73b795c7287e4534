/** Chart A of a sweep's page: the objective against the parameter that varies. */

import { draw, explain } from "../charts/plotly.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { get, list } from "../lib/api.js";
import { responseFigure } from "../lib/response.js";
import { choices } from "./choices.js";
import { showKeys } from "./keys.js";
import { follow } from "./live.js";

const MOST_POINTS = 2000; // beyond, means and intervals say more than points
const PAGE = 500;

export default function responseChart(element) {
  const chart = element.querySelector(".chart");
  const keys = element.querySelector(".keys");
  const note = element.querySelector("[data-cut]");
  const { sweep, metric } = element.dataset;
  const varied = JSON.parse(element.dataset.varied);
  let known = null;

  const redraw = async () => {
    if (!known) return;
    const show = { metric, varied, log: chosen().scale === "log", theme: theme() };
    const figure = responseFigure(known.summary, known.runs, show);
    showKeys(keys, figure.keys);
    await draw(chart, figure);
    opens(chart);
  };
  const chosen = choices(element, redraw);

  follow(async () => {
    try {
      const [summary, runs] = await Promise.all([
        get(`/sweeps/${sweep}/summary`),
        list("/runs", { sweep, role: "search", limit: PAGE }, MOST_POINTS),
      ]);
      known = { summary, runs: runs.items };
      note.hidden = runs.complete;
      if (summary.settings.every(({ metrics }) => !metrics[metric]) && !runs.items.some((run) => run.state === "diverged")) {
        return explain(chart, "The first points appear when runs finish.");
      }
      await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  });
  onThemeChange(redraw);
}

/** A click on a point opens its run. */
function opens(chart) {
  if (chart.dataset.opens) return;
  chart.dataset.opens = "true";
  chart.on("plotly_click", ({ points }) => {
    const page = points.find((point) => point.customdata)?.customdata;
    if (page) location.assign(page);
  });
}
