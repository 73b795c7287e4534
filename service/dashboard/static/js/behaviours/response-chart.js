/** Chart A of a sweep's page: the objective against a parameter that varies. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { unpacked } from "../lib/points.js";
import { responseFigure } from "../lib/response.js";
import { label } from "../lib/words.js";
import { choices } from "./choices.js";
import { setText } from "./fill.js";
import { showKeys } from "./keys.js";
import { follow } from "./live.js";
import { shared } from "./shared.js";

const MOST_POINTS = 2000; // beyond, means and intervals say more than points

export default function responseChart(element) {
  const chart = element.querySelector(".chart");
  const keys = element.querySelector(".keys");
  const note = element.querySelector("[data-cut]");
  const title = element.querySelector("[data-across]");
  const { sweep, metric } = element.dataset;
  let known = null;

  const across = () => chosen().across || element.dataset.across || null;
  const redraw = async () => {
    if (!known) return;
    const show = { metric, across: across(), log: chosen().scale === "log", theme: theme() };
    const figure = responseFigure(known, show);
    setText(title, label(show.across ?? "setting"));
    showKeys(keys, figure.keys);
    await draw(chart, figure);
  };
  const chosen = choices(element, redraw);

  follow(async () => {
    try {
      const [summary, points] = await Promise.all([
        shared(`/sweeps/${sweep}/summary`), shared(`/sweeps/${sweep}/points`, { limit: MOST_POINTS }),
      ]);
      known = { summary, runs: unpacked(points) };
      note.hidden = points.next_cursor === null;
      if (!summary.settings.some(({ metrics }) => metrics[metric]) && !known.runs.some((run) => run.state === "diverged")) {
        return explain(chart, "Points appear as runs finish; none has so far.");
      }
      await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  }, element);
  chart.addEventListener("backsweep:picked", ({ detail }) => location.assign(detail));
  onThemeChange(redraw);
}
