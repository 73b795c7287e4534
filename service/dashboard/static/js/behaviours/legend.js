/** The legend of the curves: one button per setting hides its curve, pointing at it brings it forward. */

import { score as formatScore } from "../lib/format.js";
import { setText } from "./fill.js";

/** Bring `list` in line with `curves`; `state` is {hidden, stressed} and `changed` is called when it changes. */
export function showLegend(list, curves, form, state, changed) {
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  for (const curve of curves) {
    let row = rows.get(curve.key);
    if (!row) {
      row = makeRow(curve, state, changed);
      list.append(row);
    }
    rows.delete(curve.key);
    const button = row.firstElementChild;
    button.style.setProperty("--swatch", curve.colour);
    button.setAttribute("aria-pressed", String(!state.hidden.has(curve.key)));
    setText(button.lastElementChild, formatScore(curve.last, form));
  }
  for (const row of rows.values()) row.remove();
}

function makeRow(curve, state, changed) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  const name = document.createElement("span");
  const end = document.createElement("span");
  row.dataset.key = curve.key;
  button.type = "button";
  end.className = "end";
  name.textContent = curve.short;
  button.append(name, end);
  row.append(button);
  const stress = (key) => () => {
    if (state.stressed === key) return;
    state.stressed = key;
    changed();
  };
  button.addEventListener("pointerenter", stress(curve.key));
  button.addEventListener("pointerleave", stress(null));
  button.addEventListener("focus", stress(curve.key));
  button.addEventListener("blur", stress(null));
  button.addEventListener("click", () => {
    if (!state.hidden.delete(curve.key)) state.hidden.add(curve.key);
    changed();
  });
  return row;
}
