/** Chart B of a sweep's page: loss curves per setting, live, with a legend that selects and stresses. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { bestSettings, curvesFigure, orderedCurves } from "../lib/curves.js";
import { count } from "../lib/format.js";
import { settingKey } from "../lib/records.js";
import { choices, keepInAddress } from "./choices.js";
import { setText } from "./fill.js";
import { showLegend } from "./legend.js";
import { follow } from "./live.js";
import { shared, sharedList } from "./shared.js";

const PAGE = 50;
const MOST_CURVES = 400;
const MOST_EPOCHS = 300; // points of a curve: a screen has hardly more columns for them

export default function curvesChart(element) {
  const chart = element.querySelector(".chart");
  const legend = element.querySelector(".legend ul");
  const hint = element.querySelector("[data-hint]");
  const { sweep, score, metric, order } = element.dataset;
  const state = { hidden: new Set(), stressed: null };
  const spread = hint.textContent;
  let items = [];
  let keys = null; // of all settings, in the order in which they were submitted

  const column = () => `${chosen().part}_${chosen().kind}`;
  const redraw = async () => {
    if (!items.length) return;
    const colours = theme();
    const { kind, scale, range, smooth } = chosen();
    const curves = orderedCurves(items, colours.dark, Number(smooth));
    showLegend(legend, curves, kind === "score" ? score : "loss", state, changed);
    const show = { column: column(), score, log: scale === "log" && kind === "loss", robust: range === "robust", theme: colours };
    await draw(chart, curvesFigure(curves, { ...show, ...state }));
  };
  const changed = () => {
    const hidden = [...state.hidden].map((key) => keys.indexOf(key) + 1).filter(Boolean);
    keepInAddress("hidden", hidden.length ? hidden.join(".") : null);
    redraw();
  };
  const refresh = async () => {
    try {
      const asked = JSON.stringify([column(), chosen().top]);
      const { settings } = await shared(`/sweeps/${sweep}/summary`);
      if (!keys) state.hidden = hiddenIn(settings);
      keys = settings.map(({ setting }) => settingKey(setting));
      const most = chosen().top === "all" ? Infinity : Number(chosen().top);
      const query = { column: column(), limit: PAGE, max_points: MOST_EPOCHS };
      if (most < settings.length) {
        const best = bestSettings(settings, { metric, goal: order, most });
        query.configurations = best.map((one) => one.configuration_hash).join(",");
      }
      const found = await sharedList(`/sweeps/${sweep}/curves`, query, MOST_CURVES);
      if (asked !== JSON.stringify([column(), chosen().top])) return; // something else was chosen meanwhile
      items = found.items.filter((item) => item.epochs.length);
      setText(hint, shownOf(Math.min(most, found.items.length), settings.length, spread));
      if (!items.length) return explain(chart, "Curves appear as epochs are recorded; none has been so far.");
      await redraw();
    } catch (error) {
      explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  };
  const chosen = choices(element, refresh);
  follow(refresh, element);
  onThemeChange(redraw);
}

/** The settings that the address hides, by their places in the summary. */
function hiddenIn(settings) {
  const places = (new URLSearchParams(location.search).get("hidden") ?? "").split(".").map(Number);
  return new Set(places.filter((place) => settings[place - 1]).map((place) => settingKey(settings[place - 1].setting)));
}

const shownOf = (shown, all, spread) => (shown < all ? `${shown} of ${count(all)} settings; ${spread}` : spread);
