/** Chart B of a sweep's page: loss curves per setting, live, with a legend that selects and stresses. */

import { draw, explain } from "../charts/plotly.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { list } from "../lib/api.js";
import { curvesFigure, orderedCurves } from "../lib/curves.js";
import { choices } from "./choices.js";
import { showLegend } from "./legend.js";
import { follow } from "./live.js";

const PAGE = 200;
const MOST_CURVES = 400;

export default function curvesChart(element) {
  const chart = element.querySelector(".chart");
  const legend = element.querySelector(".legend ul");
  const { sweep, score } = element.dataset;
  const state = { hidden: new Set(), stressed: null };
  let items = [];

  const column = () => `${chosen().part}_${chosen().kind}`;
  const redraw = async () => {
    if (!items.length) return;
    const colours = theme();
    const curves = orderedCurves(items, colours.dark);
    const log = chosen().scale === "log" && chosen().kind === "loss";
    const form = chosen().kind === "score" ? score : "loss";
    showLegend(legend, curves, form, state, redraw);
    await draw(chart, curvesFigure(curves, { column: column(), score, log, theme: colours, ...state }));
  };
  const refresh = async () => {
    try {
      const asked = column();
      const found = await list(`/sweeps/${sweep}/curves`, { column: asked, limit: PAGE }, MOST_CURVES);
      if (asked !== column()) return; // another column was chosen meanwhile
      items = found.items.filter((item) => item.epochs.length);
      if (!items.length) return explain(chart, "The first curves appear when an epoch has been recorded.");
      await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  };
  const chosen = choices(element, refresh);
  follow(refresh);
  onThemeChange(redraw);
}
