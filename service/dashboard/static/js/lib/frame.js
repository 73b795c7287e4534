/** The plain frame that every chart stands in: axes with titles, quiet grids, no decoration. */

/** An axis with `title`; `options` are its range, type, ticks and what else `planeOf` reads. */
export const axis = (title, options = {}) => ({ title, ...options });

const MOST_TICKS = 40;

/** Ticks at 0, 1, ... with these words: of more than an axis has room for, every so many. */
export function ticks(words) {
  const step = Math.ceil(words.length / MOST_TICKS);
  const places = words.map((_, index) => index).filter((index) => index % step === 0);
  return { tickvals: places, ticktext: places.map((index) => words[index]) };
}

/** A layout: its axes, and what stands beside the marks; every chart writes its legend in the page's type. */
export function frame(theme, parts) {
  return { font: theme.font, margin: { l: 56, r: 20, t: 12, b: 48 }, uirevision: "kept", ...parts };
}

/**
 * A closed polygon for each unbroken stretch of a band, as one trace.
 * A low end that has no logarithm lies, on a logarithmic axis, below every frame.
 */
export function band(x, low, high, colour, log = false) {
  const bottom = low.map((item) => (log && item !== null && item <= 0 ? Number.MIN_VALUE : item));
  const xs = [];
  const ys = [];
  let stretch = [];
  const close = () => {
    if (stretch.length > 1) {
      const back = [...stretch].reverse();
      if (xs.length) {
        xs.push(null);
        ys.push(null);
      }
      xs.push(...stretch.map((i) => x[i]), ...back.map((i) => x[i]));
      ys.push(...stretch.map((i) => high[i]), ...back.map((i) => bottom[i]));
    }
    stretch = [];
  };
  x.forEach((_, index) => {
    if (Number.isFinite(low[index]) && Number.isFinite(high[index])) stretch.push(index);
    else close();
  });
  close();
  return {
    x: xs, y: ys, type: "scatter", mode: "lines", fill: "toself", fillcolor: colour, hoverinfo: "skip",
  };
}
