/** Outlines of a chart's marks, as the texts of paths; pixels are rounded to tenths. */

const tenth = (item) => Math.round(item * 10) / 10;

/** A line through the points that have both pixels, broken where one has not. */
export function lineOutline(across, up) {
  let text = "";
  let open = false;
  for (let index = 0; index < across.length; index += 1) {
    const here = across[index] === across[index] && up[index] === up[index]; // neither is NaN
    if (here) text += `${open ? "L" : "M"}${tenth(across[index])} ${tenth(up[index])}`;
    open = here;
  }
  return text;
}

/** Dots as strokes without a length: their width is that of the stroke, their shape that of its ends. */
export function dotsOutline(points) {
  return points.map(([x, y]) => `M${tenth(x)} ${tenth(y)}h0`).join("");
}

/** Crosses of `size` pixels. */
export function crossesOutline(points, size) {
  const half = size / 2;
  return points.map(([x, y]) => `M${tenth(x - half)} ${tenth(y - half)}l${size} ${size}m0-${size}l-${size} ${size}`).join("");
}

/** Circles of `size` pixels. */
export function circlesOutline(points, size) {
  const radius = size / 2;
  const arc = `a${radius} ${radius} 0 1 0`;
  return points.map(([x, y]) => `M${tenth(x - radius)} ${tenth(y)}${arc} ${size} 0${arc}-${size} 0z`).join("");
}

/** Squares of `size` pixels. */
export function squaresOutline(points, size) {
  return boxesOutline(points.map(([x, y]) => [x - size / 2, y - size / 2, size, size]));
}

/** Rectangles [left, top, width, height]. */
export function boxesOutline(boxes) {
  return boxes.map(([left, top, width, height]) => `M${tenth(left)} ${tenth(top)}h${tenth(width)}v${tenth(height)}h${-tenth(width)}z`).join("");
}

/** Bars of an error from `top` to `bottom` at `x`, with ends. */
export function errorsOutline(errors, half = 4) {
  return errors.map(([x, top, bottom]) =>
    `M${tenth(x)} ${tenth(top)}V${tenth(bottom)}M${tenth(x - half)} ${tenth(top)}h${2 * half}M${tenth(x - half)} ${tenth(bottom)}h${2 * half}`).join("");
}
