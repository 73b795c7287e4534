/** Every run as a line over its parameters; a range on an axis filters the table of runs, and stands in the address. */

import { onThemeChange, theme } from "../charts/theme.js";
import { count } from "../lib/format.js";
import { axesOf, brushesOf, filterOf, within } from "../lib/parallel.js";
import { linesOf } from "../lib/parallel-lines.js";
import { unpacked } from "../lib/points.js";
import { axisGroup } from "./axis-brush.js";
import { keepInAddress } from "./choices.js";
import { setText } from "./fill.js";
import { follow } from "./live.js";
import { shared } from "./shared.js";
import { svg } from "./svg.js";

const MOST_RUNS = 2000;
const HEIGHT = 340;
const MARGIN = { top: 56, bottom: 26, side: 64 };

export default function parallel(element) {
  const frame = element.querySelector(".parallel");
  const counted = element.querySelector("[data-counted]");
  const clear = element.querySelector("[data-clear-brushes]");
  const { sweep, metric, goal } = element.dataset;
  const varied = JSON.parse(element.dataset.varied);
  const hint = counted.textContent;
  let first = ""; // what is left out is said
  let runs = [];
  let brushes = null;

  const draw = () => {
    if (!runs.length || !frame.clientWidth) return;
    const axes = axesOf(runs, varied, metric);
    brushes ??= brushesOf(axes, new URLSearchParams(location.search).get("filter") ?? "") ?? new Map();
    const held = document.activeElement?.closest?.("[data-handle]")?.dataset.handle;
    frame.removeAttribute("aria-busy");
    const width = Math.max(frame.clientWidth, axes.length * 116);
    const x = (index) => Math.round(MARGIN.side + (index * (width - 2 * MARGIN.side)) / (axes.length - 1));
    const y = (place) => HEIGHT - MARGIN.bottom - place * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const lines = svg("g", { class: "lines", "aria-hidden": "true" });
    const picture = svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` });
    const paint = () => {
      const kept = new Set(within(runs, axes, brushes).map((run) => run.number));
      const colours = theme();
      const paths = linesOf(runs, axes, kept, { x, y, lostY: MARGIN.top - 14, dark: colours.dark, colours, goal });
      lines.replaceChildren(...paths.map(({ d, colour, kept: inside }) => svg("path", { d, stroke: colour, class: inside ? "kept" : "faded" })));
      const held = `${count(kept.size)} of ${first || count(runs.length)} runs in the ranges`;
      setText(counted, brushes.size ? held : first ? `${first} runs; ${hint}` : hint);
      clear.hidden = !brushes.size;
    };
    const change = (name, range, done) => {
      if (range) brushes.set(name, range);
      else brushes.delete(name);
      paint();
      if (done) ask(filterOf(axes, brushes));
    };
    picture.append(lines, ...axes.map((axis, index) => axisGroup(axis, { x: x(index), y, range: brushes.get(axis.name), change, lost: axis.isMetric && MARGIN.top - 14 })));
    frame.replaceChildren(picture);
    paint();
    if (held) frame.querySelector(`[data-handle="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  };
  clear.addEventListener("click", () => {
    brushes = new Map();
    ask("");
    draw();
  });
  follow(async () => {
    try {
      const points = await shared(`/sweeps/${sweep}/points`, { limit: MOST_RUNS });
      first = points.next_cursor === null ? "" : `the first ${count(MOST_RUNS)}`;
      runs = unpacked(points).filter((run) => run.state === "diverged" || Number.isFinite(run.value));
      if (!runs.length) return setText(frame, "Lines appear as epochs are recorded; none has been so far.");
      if (!frame.querySelector("[data-dragged]")) draw(); // a hand on an axis is not to lose it
    } catch (error) {
      if (!runs.length) setText(frame, `This chart cannot be drawn: ${error.message}`);
    }
  }, element);
  document.addEventListener("backsweep:swapped", () => {
    brushes = null; // the filter may have been written by hand
    draw();
  });
  new ResizeObserver(() => draw()).observe(frame);
  onThemeChange(draw);
}

/** Ask the table of runs for what the ranges hold: its own form knows how. */
function ask(filter) {
  const field = document.querySelector("#runs input[name=filter]");
  if (!field) return keepInAddress("filter", filter || null);
  field.value = filter;
  field.form.requestSubmit();
}
