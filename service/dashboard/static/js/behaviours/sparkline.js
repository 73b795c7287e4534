/** Draws a small curve into the SVG that is there for it. */

import { sparkline, sparklineLabel } from "../lib/sparkline.js";

export function drawSparkline(element, curve) {
  if (!curve) return; // what says so is shown in its place
  const label = sparklineLabel(curve);
  const points = sparkline(curve);
  const line = points.map((point) => point.join(",")).join(" ");
  const polyline = element.querySelector("polyline");
  if (element.getAttribute("aria-label") === label && polyline.getAttribute("points").trim() === line) return;
  element.setAttribute("aria-label", label);
  polyline.setAttribute("points", line);
  const [x, y] = points.at(-1);
  element.querySelector("circle").setAttribute("cx", x);
  element.querySelector("circle").setAttribute("cy", y);
}
