/** The plane of a chart: its margins, and axes that turn values into pixels and pixels into places. */

import { ticksOf } from "./ticks.js";

const EVERY = { across: 72, up: 36 }; // pixels that a tick asks for
const FAR = 9999; // pixels: farther out nothing is seen, and drawings hold no larger numbers
const PADDING = 0.04; // of what is shown, on either side of an axis that was given no range
const BAR = { gap: 14, width: 10, words: 6 };
const [BETWEEN, TITLE, SLANTED] = [10, 26, 13]; // pixels between words, for a title, between slanted words

/**
 * The plane of a figure {data, layout} in `width` x `height` pixels: {box, x, y, y2, bar, slant}.
 * `view` holds ranges that somebody zoomed to, by axis; `measure(text)` is a width in pixels.
 */
export function planeOf({ data, layout }, { width, height, view, measure }) {
  const { margin } = layout;
  const values = (name) => data.flatMap((trace) => reach(trace, name));
  const upright = (bottom, key, options, range) => {
    const [low, high] = options.domain ?? [0, 1];
    const tall = Math.max(10, bottom - margin.t);
    const [start, end] = [bottom - low * tall, bottom - high * tall];
    return axisOf(options, { start, end, every: EVERY.up, range, values: options.range || range ? [] : values(key) });
  };
  const widest = (ticks) => Math.max(0, ...ticks.map(({ text }) => measure(text)));
  let y = upright(height - margin.b, "y", layout.yaxis, view.y);
  const bar = barOf(data);
  const scale = bar && axisOf(bar.options, { start: height - margin.b, end: margin.t, every: EVERY.up, range: [bar.low, bar.high], values: [] });
  const left = Math.max(margin.l, Math.ceil(widest(y.ticks)) + TITLE + 14);
  const right = width - (scale ? BAR.gap + BAR.width + BAR.words + Math.ceil(widest(scale.ticks)) + 10 : margin.r);
  const horizontal = { start: left, end: Math.max(left + 10, right), range: view.x, values: layout.xaxis.range || view.x ? [] : values("x") };
  let x = axisOf(layout.xaxis, { ...horizontal, every: EVERY.across });
  const room = () => Math.abs(x.slope) * Math.min(...x.ticks.slice(1).map(({ at }, index) => at - x.ticks[index].at));
  for (let every = EVERY.across; !layout.xaxis.tickvals && every < 4 * EVERY.across && widest(x.ticks) + BETWEEN > room();) {
    x = axisOf(layout.xaxis, { ...horizontal, every: (every *= 1.5) });
  }
  const slant = widest(x.ticks) + BETWEEN > room();
  if (slant) {
    const step = Math.ceil(SLANTED / room());
    x.ticks = x.ticks.filter((_, index) => index % step === 0);
  }
  const bottom = height - margin.b - (slant ? Math.min(height / 4, Math.ceil(widest(x.ticks) * 0.7)) : 0);
  y = upright(bottom, "y", layout.yaxis, view.y);
  const box = { left, top: margin.t, width: horizontal.end - left, height: Math.max(10, bottom - margin.t) };
  return {
    box, x, y, slant,
    y2: layout.yaxis2 ? upright(bottom, "y2", layout.yaxis2, null) : y,
    bar: bar && { ...bar, ...BAR, axis: axisOf(bar.options, { start: bottom, end: margin.t, every: EVERY.up, range: [bar.low, bar.high], values: [] }) },
  };
}

/** An axis from pixel `start` to pixel `end`: `pixel` of a value, `at` of a place (a power of ten if `log`), `place` of a pixel. */
export function axisOf(options, { start, end, every, range: given, values }) {
  const log = options.type === "log";
  const found = given ?? options.range ?? extent(values, log, options);
  const range = options.autorange === "reversed" && found[0] < found[1] ? [found[1], found[0]] : found;
  const slope = (end - start) / (range[1] - range[0] || 1);
  const at = (place) => Math.max(-FAR, Math.min(FAR, start + (place - range[0]) * slope));
  return {
    log, range, start, end, at, slope,
    pixel: (item) => (!Number.isFinite(item) || (log && item <= 0) ? NaN : at(log ? Math.log10(item) : item)),
    place: (pixel) => range[0] + (pixel - start) / slope,
    ticks: options.visible === false || options.showticklabels === false ? [] : ticksOf(options, { range, log, most: Math.floor(Math.abs(end - start) / every) }),
  };
}

/** The range of `values` with some room, as powers of ten where `log`. */
export function extent(values, log, { rangemode, exact } = {}) {
  let [low, high] = [Infinity, -Infinity];
  for (const item of values) {
    if (!Number.isFinite(item) || (log && item <= 0)) continue;
    const place = log ? Math.log10(item) : item;
    if (place < low) low = place;
    if (place > high) high = place;
  }
  if (low > high) return [0, 1];
  if (exact) return [low, high];
  const room = (high - low || Math.abs(high) || 1) * PADDING;
  const [from, to] = [low - room, high + room];
  return rangemode === "tozero" ? [Math.min(0, low < 0 ? from : 0), Math.max(0, to)] : [from, to];
}

/** The values of a trace that an axis has to reach. */
function reach(trace, name) {
  if (trace.type === "heatmap") {
    const [first, step, count] = name === "x" ? [trace.x0 ?? 0, trace.dx ?? 1, trace.z[0].length] : [trace.y0 ?? 0, trace.dy ?? 1, trace.z.length];
    return name === "y2" ? [] : [first - step / 2, first + (count - 0.5) * step];
  }
  if (name === "x") return trace.type === "bar" ? [...trace.x.map((item, index) => item - trace.width[index] / 2), trace.x.at(-1) + trace.width.at(-1) / 2] : trace.x;
  return (trace.yaxis ?? "y") === name ? trace.y : [];
}

/** The scale of colours that a figure shows beside it: {low, high, colours, options}, or null. */
function barOf(data) {
  for (const trace of data) {
    const found = trace.type === "heatmap" ? trace : trace.marker?.showscale ? trace.marker : null;
    if (found?.colorbar) return { low: found.zmin ?? found.cmin, high: found.zmax ?? found.cmax, scale: found, options: found.colorbar };
  }
  return null;
}
