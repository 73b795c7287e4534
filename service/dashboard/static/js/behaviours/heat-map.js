/** A sweep's metric over two of its parameters. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { value } from "../lib/format.js";
import { heatFigure } from "../lib/heat.js";
import { mostlyPositive } from "../lib/ranges.js";
import { choices } from "./choices.js";
import { showKeys } from "./keys.js";
import { follow } from "./live.js";
import { shared } from "./shared.js";

export default function heatMap(element) {
  const chart = element.querySelector(".chart");
  const keys = element.querySelector(".keys");
  const { sweep, metric } = element.dataset;
  let summary = null;

  const redraw = async () => {
    if (!summary) return;
    const log = metric.endsWith("loss") && mostlyPositive(summary.settings.map(({ metrics }) => value(metrics[metric]?.mean)));
    const { x, y } = chosen();
    const other = y === x ? summary.group_by.find((name) => name !== x) : y; // one parameter is no map
    const figure = heatFigure(summary, { metric, log, width: chart.clientWidth, theme: theme(), x, y: other });
    showKeys(keys, figure.keys);
    await draw(chart, figure);
  };
  const chosen = choices(element, redraw);
  follow(async () => {
    try {
      summary = await shared(`/sweeps/${sweep}/summary`);
      if (summary.settings.every((one) => one.completed + one.diverged === 0)) {
        return explain(chart, "Cells appear as runs finish; none has so far.");
      }
      await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  }, element);
  onThemeChange(redraw);
}
