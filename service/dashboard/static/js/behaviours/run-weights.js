/** The weights of a run, one layer at a time, loaded when they come near the screen; heavy ones only when somebody asks for them. */

import { draw, explain } from "../charts/chart.js";
import { onThemeChange, theme } from "../charts/theme.js";
import { bytes, count } from "../lib/format.js";
import { flat, heatFigure, histogramFigure } from "../lib/weight-figures.js";
import { choices } from "./choices.js";
import { due } from "./live.js";

const HEAVY = 4e6; // bytes of JSON: about 200,000 weights, which a phone reads within 100 ms

export default function runWeights(element) {
  const [heat, histogram] = ["heat", "histogram"].map((name) => element.querySelector(`[data-chart=${name}]`));
  const heavy = element.querySelector("[data-part=heavy]");
  let tensors = null;
  let loaded = null;
  let allowed = HEAVY;

  const redraw = async () => {
    if (!tensors) return;
    const { data, shape } = tensors[`layers.${chosen().layer}.weight`];
    element.querySelector("[data-part=size]").textContent = `${count(shape[0])} inputs, ${count(shape[1])} units`;
    const colours = theme();
    await draw(heat, heatFigure(data, colours));
    await draw(histogram, histogramFigure(flat(data), colours));
  };
  const load = async () => {
    const { which } = chosen();
    if (loaded === which) return redraw();
    try {
      const answer = await fetch(`/api/v1/runs/${element.dataset.run}/weights?format=json&which=${which}`);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      const size = Number(answer.headers.get("content-length"));
      heavy.hidden = size <= allowed;
      if (size > allowed) {
        await answer.body.cancel();
        heavy.querySelector("span").textContent = `These weights are ${bytes(size)}.`;
        for (const chart of [heat, histogram]) explain(chart, "The weights are not loaded yet.");
        return;
      }
      const found = await answer.json();
      if (which !== chosen().which) return; // another was chosen meanwhile
      tensors = found;
      loaded = which;
      await redraw();
    } catch (error) {
      for (const chart of [heat, histogram]) explain(chart, `This chart cannot be drawn: ${error.message}`);
    }
  };
  const chosen = choices(element, load);
  heavy.querySelector("button").addEventListener("click", () => {
    allowed = Infinity;
    load();
  });
  due(element).then(load);
  onThemeChange(redraw);
}
