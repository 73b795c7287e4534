/** The curves of the compared runs in one chart, each in the colour that its row of the table has. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { get } from "../lib/api.js";
import { compareFigure, runCurves, scoreOf } from "../lib/compare.js";
import { choices } from "./choices.js";
import { showLegend } from "./legend.js";

const MOST_POINTS = 400; // of each curve; spikes survive that

export default function compareChart(element) {
  const chart = element.querySelector(".chart");
  const legend = element.querySelector(".legend ul");
  const names = JSON.parse(element.dataset.names);
  const state = { hidden: new Set(), stressed: null };
  let tables = [];

  const redraw = async () => {
    if (!tables.length) return;
    const colours = theme();
    const { part, kind, scale } = chosen();
    const curves = runCurves(tables, names, `${part}_${kind}`, colours.dark);
    for (const { key, colour } of curves) {
      document.querySelector(`[data-swatch="${key}"]`)?.style.setProperty("--swatch", colour);
    }
    const score = scoreOf(tables);
    showLegend(legend, curves, kind === "score" ? score : "loss", state, redraw);
    const name = `${part}_${kind === "score" ? score : kind}`;
    await draw(chart, compareFigure(curves, { name, log: scale === "log" && kind === "loss", theme: colours, ...state }));
  };
  const refresh = async () => {
    try {
      const question = { run_ids: Object.keys(names).join(","), max_points: MOST_POINTS };
      tables = (await get("/losses", question)).items;
      if (tables.every(({ rows }) => !rows.length)) explain(chart, "The first curves appear when an epoch has been recorded.");
      else await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  };
  const chosen = choices(element, redraw);
  document.addEventListener("backsweep:compared", refresh);
  onThemeChange(redraw);
  refresh();
}
