/**
 * Forms and links marked `data-swaps` change only the part marked `data-swapped`: the server makes the same page
 * for everybody, and what else is on it keeps its place, its zoom and its charts.
 */

import { asked } from "../lib/asked.js";
import { attach } from "./attach.js";

export default function swap(element) {
  let latest = 0;

  const show = async (address, isNew) => {
    const turn = (latest += 1);
    element.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector("[data-swapped]");
      if (turn !== latest) return; // something else was asked for meanwhile
      if (!fresh || response.redirected) return location.assign(address);
      if (isNew) history.pushState({ swapped: true }, "", kept(new URL(address)));
      replace(element, document.adoptNode(fresh));
    } catch {
      if (turn === latest) location.assign(address);
    } finally {
      if (turn === latest) element.removeAttribute("aria-busy");
    }
  };
  element.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swaps]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show(kept(new URL(link.href)), true);
  });
  element.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-swaps]")) return;
    event.preventDefault();
    const address = new URL(event.target.action);
    const given = asked(new FormData(event.target), event.target.dataset.shown, new URLSearchParams(location.search));
    for (const name of OWN) address.searchParams.delete(name); // a form without an action has those of this page
    for (const [name, item] of given) address.searchParams.set(name, item);
    show(kept(address), true);
  });
  addEventListener("popstate", () => show(location.href, false));
}

const OWN = new Set(["filter", "order_by", "columns", "cursor"]);

/** The address with what others keep in the present one: charts their choices, and the selection its runs. */
function kept(address) {
  for (const [name, item] of new URLSearchParams(location.search)) {
    if (!OWN.has(name)) address.searchParams.set(name, item);
  }
  return address;
}

function replace(element, fresh) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && (focused.id ? `#${focused.id}` : `thead th:nth-child(${focused.closest("th")?.cellIndex + 1}) a`);
  const left = element.querySelector(".scroller")?.scrollLeft ?? 0;
  element.querySelector("[data-swapped]").replaceWith(fresh);
  const scroller = fresh.querySelector(".scroller");
  if (scroller) scroller.scrollLeft = left;
  const fault = fresh.querySelector("[data-fault-at]");
  const again = fault ?? (place && !place.includes("NaN") ? fresh.querySelector(place) : null);
  again?.focus({ preventScroll: true });
  if (again?.localName === "input") again.setSelectionRange(again.value.length, again.value.length);
  if (fault) fault.setSelectionRange(Number(fault.dataset.faultAt), fault.value.length);
  attach(fresh);
  element.dispatchEvent(new CustomEvent("backsweep:swapped", { bubbles: true }));
}
