/** The stylesheet's colours as figures need them: resolved, for the theme that is shown now. */

import { isDark } from "../behaviours/theme.js";

const NAMES = [
  "surface", "ink", "ink-soft", "ink-faint", "line", "line-strong", "accent", "completed", "diverged", "collapsed",
  "chart-train", "chart-validation", "chart-grid", "chart-best",
];

const known = new Map(); // of the light and the dark theme: to resolve them is work for the page's layout

/** Colours by the name of their custom property, `dark`, and the page's font. */
export function theme() {
  const dark = isDark();
  if (!known.has(dark)) known.set(dark, resolved(dark));
  return known.get(dark);
}

function resolved(dark) {
  // A custom property with light-dark() in it is only resolved where a real property uses it.
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = { dark, font: getComputedStyle(document.body).fontFamily };
  for (const name of NAMES) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

/** Call `redraw` whenever the theme changes. */
export function onThemeChange(redraw) {
  document.addEventListener("backsweep:theme", () => requestAnimationFrame(redraw));
}
