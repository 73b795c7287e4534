/** Colours of numbers on a scale of colours, in few steps: what has one colour can be one path. */

const STEPS = 64;

/** A function from a number to a colour; `scale` is a figure's {colorscale, reversescale, zmin, zmax} or {…, cmin, cmax}. */
export function shader({ colorscale, reversescale = false, zmin, zmax, cmin = zmin, cmax = zmax }) {
  const stops = colorscale.map(([at, colour]) => [at, channels(colour)]);
  const known = new Map();
  return (item) => {
    const share = Math.min(1, Math.max(0, (item - cmin) / (cmax - cmin || 1)));
    const step = Math.round((reversescale ? 1 - share : share) * STEPS);
    if (!known.has(step)) known.set(step, between(stops, step / STEPS));
    return known.get(step);
  };
}

/** Whether dark words are read more easily than light ones on a colour (WCAG's relative luminance). */
export function isLight(colour) {
  const [red, green, blue] = channels(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}

function between(stops, place) {
  const above = Math.max(1, stops.findIndex(([at]) => at >= place));
  const [[start, from], [end, to]] = [stops[above - 1], stops[above]];
  const share = (place - start) / (end - start || 1);
  return `rgb(${from.map((channel, index) => Math.round(channel + share * (to[index] - channel))).join(" ")})`;
}

/** Red, green and blue of #rrggbb or rgb(). */
function channels(colour) {
  if (colour.startsWith("#")) return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}
