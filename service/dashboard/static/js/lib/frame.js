/** The plain frame that every chart stands in: axes with titles, quiet grids, no decoration. */

/** `text` as plotly shows it literally: its labels would read tags. */
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An axis with `title`; `options` are plotly's own. */
export function axis(theme, title, options = {}) {
  return {
    title: { text: plain(title), font: { size: 12, color: theme["ink-soft"] }, standoff: 12 },
    tickfont: { size: 11, color: theme["ink-faint"] },
    tickformat: ",.3~r",
    gridcolor: theme["chart-grid"],
    linecolor: theme["line-strong"],
    zeroline: false,
    automargin: true,
    ticks: "",
    ...options,
  };
}

const MOST_TICKS = 40;

/** Ticks at 0, 1, ... with these words: of more than an axis has room for, every so many. */
export function ticks(words) {
  const step = Math.ceil(words.length / MOST_TICKS);
  const places = words.map((_, index) => index).filter((index) => index % step === 0);
  return { tickvals: places, ticktext: places.map((index) => words[index]) };
}

/** A layout without a legend: every chart writes its own in the page's type. */
export function frame(theme, parts) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, size: 12, color: theme.ink },
    margin: { l: 56, r: 20, t: 12, b: 48 },
    showlegend: false,
    hovermode: "closest",
    hoverlabel: {
      bgcolor: theme.surface,
      bordercolor: theme["line-strong"],
      font: { family: theme.font, size: 12, color: theme.ink },
      align: "left",
    },
    dragmode: theme.touch ? false : "zoom",
    uirevision: "kept",
    ...parts,
  };
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
    x: xs, y: ys, type: "scatter", mode: "lines", fill: "toself", fillcolor: colour,
    line: { width: 0, shape: "linear" }, hoverinfo: "skip",
  };
}
