/** What training did to each layer of one run, epoch by epoch. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { get } from "../lib/api.js";
import { layerCurves, layerKeys } from "../lib/layer-curves.js";
import { smallFigure } from "../lib/run-figures.js";
import { label } from "../lib/words.js";
import { showKeys } from "./keys.js";
import { follow } from "./live.js";

const LINEAR = "weight_norm"; // it moves little, and from a length that says something

export default function runLayers(element) {
  const charts = [...element.querySelectorAll(".chart")];
  const names = JSON.parse(element.dataset.names);
  let history = null;

  const redraw = async () => {
    if (!history?.epochs.length) return;
    const colours = theme();
    showKeys(element.querySelector(".keys"), layerKeys(names, colours.dark));
    for (const chart of charts) {
      const name = chart.dataset.chart;
      const curves = layerCurves(history, name, names, colours.dark);
      await draw(chart, smallFigure(history.epochs, curves, label(name), name !== LINEAR, colours));
    }
  };

  follow(async () => {
    try {
      history = await get(`/runs/${element.dataset.run}/layers`);
      // There are none of a run that waits, nor of one that ended before they were kept.
      element.querySelector("[data-part=charts]").hidden = !history.epochs.length;
      if (history.epochs.length) element.hidden = false;
      await redraw();
    } catch (error) {
      for (const chart of charts) explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  }, element.parentElement);
  onThemeChange(redraw);
}
