/** One of several parallel axes: its ticks, and a range that a pointer draws or the arrow keys move. */

import { svg } from "./svg.js";

const REACH = 18; // pixels on either side of an axis that belong to it
const LEAST = 4; // pixels: what is shorter was a click, and takes the range away

/** A group for `axis` at `x`; `change(name, range or null, done)` is told of each step of a brush. */
export function axisGroup(axis, { x, y, range, change, lost }) {
  const [top, bottom] = [y(1), y(0)];
  const group = svg("g", { class: "axis", transform: `translate(${x} 0)` });
  const title = svg("text", { y: 16, class: "title", "text-anchor": "middle" }, axis.title);
  const band = svg("rect", { x: -7, width: 14, class: "range" });
  const area = svg("rect", { x: -REACH, y: top - 8, width: 2 * REACH, height: bottom - top + 16, class: "area" });
  const handles = ["low", "high"].map((end) => svg("rect", {
    x: -9, width: 18, height: 7, rx: 2, class: "handle", tabindex: 0, role: "slider", "data-handle": `${axis.name} ${end}`,
    "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": `${axis.title}, ${end === "low" ? "lowest" : "highest"}`,
  }));
  let ends = range ?? null;

  const show = () => {
    const [low, high] = ends ?? [0, 1];
    band.setAttribute("visibility", ends ? "visible" : "hidden");
    band.setAttribute("y", y(high) - 3);
    band.setAttribute("height", y(low) - y(high) + 6);
    [low, high].forEach((at, index) => {
      handles[index].setAttribute("y", y(at) - (index ? 7 : 0));
      handles[index].setAttribute("aria-valuenow", Math.round(100 * at));
      handles[index].setAttribute("aria-valuetext", axis.said(at));
    });
    group.toggleAttribute("data-ranged", Boolean(ends));
  };
  const set = (next, done) => {
    ends = next;
    show();
    change(axis.name, next, done);
  };
  const placeAt = (event) => {
    const box = area.getBoundingClientRect();
    return Math.min(1, Math.max(0, 1 - (event.clientY - box.top - 8) / (box.height - 16)));
  };
  area.addEventListener("pointerdown", (event) => {
    const start = placeAt(event);
    let now = start;
    area.setPointerCapture(event.pointerId);
    group.dataset.dragged = "true";
    const move = (moved) => {
      now = placeAt(moved);
      set([Math.min(start, now), Math.max(start, now)], false);
    };
    const end = () => {
      delete group.dataset.dragged;
      for (const [kind, hear] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) area.removeEventListener(kind, hear);
      set(Math.abs(now - start) * (bottom - top) < LEAST ? null : ends, true);
    };
    area.addEventListener("pointermove", move);
    area.addEventListener("pointerup", end);
    area.addEventListener("pointercancel", end);
  });
  handles.forEach((handle, index) => handle.addEventListener("keydown", (event) => {
    const [low, high] = ends ?? [0, 1];
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity };
    if (event.key === "Escape" && ends) set(null, true);
    else if (event.key in steps) {
      const moved = [low, high][index] + steps[event.key] * axis.step;
      const next = index ? [low, Math.min(1, Math.max(low, moved))] : [Math.max(0, Math.min(high, moved)), high];
      set(next[0] <= 0 && next[1] >= 1 ? null : next, true);
    } else return;
    event.preventDefault();
  }));
  const ticks = axis.ticks.flatMap(({ at, text }) => [
    svg("path", { d: `M-3 ${y(at)}h6`, class: "tick" }), svg("text", { x: 7, y: y(at) + 4, class: "label" }, text),
  ]);
  if (lost) ticks.push(svg("text", { x: 0, y: lost - 6, class: "lost", "text-anchor": "middle" }, "diverged"));
  group.append(title, svg("path", { d: `M0 ${top}V${bottom}`, class: "spine" }), ...ticks, band, area, ...handles);
  show();
  return group;
}
