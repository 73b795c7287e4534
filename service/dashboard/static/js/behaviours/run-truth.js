/** Predicted against true values of the test rows, one target at a time. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { get } from "../lib/api.js";
import { count } from "../lib/format.js";
import { truthFigure } from "../lib/truth-figure.js";
import { due } from "./live.js";

export default async function runTruth(element) {
  const chart = element.querySelector(".chart");
  const { run, which } = element.dataset;
  await due(element);
  try {
    const found = await get(`/runs/${run}/evaluation`, { which });
    const names = found.columns.map(({ column }) => column);
    const choice = Object.assign(document.createElement("select"), { ariaLabel: "Target", className: "button" });
    choice.append(...names.map((name, index) => new Option(name, index)));
    if (names.length > 1) element.querySelector("[data-part=columns]").append(choice);
    const shown = found.columns[0].rows.length;
    const all = `${count(found.test_rows)} test rows`;
    element.querySelector("[data-part=size]").textContent = `${shown < found.test_rows ? `${count(shown)} of ${all}` : all}, in the units of ${names.length > 1 ? "each target" : names[0]}`;
    const redraw = () => draw(chart, truthFigure(found.columns[Number(choice.value)], theme()));
    choice.addEventListener("input", redraw);
    onThemeChange(redraw);
    await redraw();
  } catch (error) {
    explain(chart, `This chart cannot be drawn: ${error.message}`);
  }
}
