/** Runs that were ticked, on any page of a list, kept in the address and compared together. */

import { readSelection, withSelection } from "../lib/selection.js";

export const MOST = 20;

export default function selection(element) {
  const chosen = readSelection(location.search);
  for (const box of element.querySelectorAll("[data-picks]:checked")) chosen.add(box.value); // ticked before we came

  const show = () => {
    for (const box of element.querySelectorAll("[data-picks]")) {
      box.checked = chosen.has(box.value);
      box.disabled = !box.checked && chosen.size >= MOST;
    }
    const button = element.querySelector("[data-compare]");
    const full = chosen.size >= MOST ? " (that is as many as fit)" : "";
    button.disabled = chosen.size === 0;
    button.textContent = chosen.size ? `Compare ${chosen.size} run${chosen.size > 1 ? "s" : ""}${full}` : "Compare selected runs";
    element.querySelector("[data-clear]").hidden = chosen.size === 0;
  };
  const keep = () => {
    history.replaceState(history.state, "", `${withSelection(location.search, chosen)}${location.hash}`);
    show();
  };
  element.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-picks]")) return;
    if (target.checked) chosen.add(target.value);
    else chosen.delete(target.value);
    keep();
  });
  element.addEventListener("click", ({ target }) => {
    if (!target.matches("[data-clear]")) return;
    chosen.clear();
    keep();
  });
  element.addEventListener("submit", (event) => {
    if (event.target.id !== "compare") return;
    event.preventDefault(); // the form knows only what is ticked on this page of the list
    location.assign(`/compare?runs=${[...chosen].join(",")}`);
  });
  element.addEventListener("backsweep:swapped", show);
  element.addEventListener("backsweep:filled", show);
  show();
}
