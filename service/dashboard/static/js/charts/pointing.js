/** Says what stands at the mark under the pointer, or at the one that the arrow keys reach; a click or Enter picks it. */

import { CLOSE, inOrder, nearest } from "../lib/nearest.js";
import { zooming } from "./zooming.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
const GAP = 12; // pixels between a mark and what is said of it

/** Follow pointer and keys over `element`; `known` holds what is drawn there. A mark with a page is picked by the event backsweep:picked. */
export function pointing(element, known, repaint) {
  const [ring, label, said] = [made("ring"), made("told"), made("visually-hidden")];
  said.role = "status";
  ring.ariaHidden = label.ariaHidden = "true";
  let here = null; // {target, index, place}: the place of the target among all
  let pointer = null; // where it is, while it is over the chart

  const say = (found, aloud = false) => {
    here = found && { ...found, place: known.drawn.targets.indexOf(found.target) };
    ring.hidden = label.hidden = !found;
    element.classList.toggle("can-open", isClose() && Boolean(found.target.page(found.index)));
    if (!found) return;
    const { target, index } = found;
    const lines = target.text(index);
    if (label.textContent !== lines) label.textContent = lines;
    if (aloud) said.textContent = lines;
    ring.hidden = Boolean(target.boxes);
    element.style.setProperty("--pointed", target.colour(index) ?? "currentcolor");
    move(ring, target.x[index], target.y[index]);
    place(label, target.x[index], target.y[index], known.drawn.size);
  };
  /** Whether the pointer is on the mark, and not only nearest to it. */
  const isClose = () => Boolean(here && pointer) && Math.hypot(pointer[0] - here.target.x[here.index], pointer[1] - here.target.y[here.index]) <= CLOSE;
  const find = (event) => {
    const edge = element.getBoundingClientRect();
    pointer = [event.clientX - edge.left, event.clientY - edge.top];
    return known.drawn && isInside(known.drawn.plane.box, pointer) ? nearest(known.drawn.targets, ...pointer) : null;
  };
  const pick = () => {
    const page = here?.target.page(here.index);
    if (page) element.dispatchEvent(new CustomEvent("backsweep:picked", { detail: page }));
  };
  const drag = zooming(element, known, repaint);
  element.addEventListener("pointermove", (event) => say(drag.isOn() || event.pointerType === "touch" ? null : find(event)));
  element.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "touch") return;
    pointer = null;
    say(null);
  });
  element.addEventListener("click", (event) => {
    if (drag.wasOn()) return;
    const before = here;
    say(find(event));
    // A finger cannot point without touching: it reads first, and picks by a second touch.
    if (event.pointerType === "touch" ? before && before.target === here?.target && before.index === here.index : isClose()) pick();
  });
  element.addEventListener("backsweep:drawn", () => {
    if (!ring.isConnected) element.append(ring, label, said);
    const { targets, plane } = known.drawn;
    const target = targets[here?.place];
    if (pointer) say(isInside(plane.box, pointer) ? nearest(targets, ...pointer) : null);
    else say(target && here.index < target.x.length ? { target, index: here.index } : null); // keys led there
  });
  element.addEventListener("keydown", (event) => {
    if (!known.drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") pick();
    else if (event.key === "Escape") say(null);
    else if (event.key in STEPS) say(along(known.drawn, here, STEPS[event.key]), true);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") say(across(known.drawn, here, event.key === "ArrowUp" ? 1 : -1), true);
    else return;
    event.preventDefault();
  });
  element.addEventListener("blur", () => say(null));
}

/** The mark so many steps to the right on the same trace; the first one of all where none is shown. */
function along({ targets, plane }, here, step) {
  const target = here?.target ?? targets.find((one) => inOrder(one, plane.box).length);
  if (!target) return null;
  const order = inOrder(target, plane.box);
  const at = here ? Math.max(0, order.indexOf(here.index)) + step : 0;
  return order.length ? { target, index: order[Math.max(0, Math.min(order.length - 1, at))] } : null;
}

/** The mark nearest across, on the next trace that has any inside of the frame. */
function across({ targets, plane }, here, step) {
  if (!here) return along({ targets, plane }, here, 0);
  const shown = targets.filter((one) => one === here.target || inOrder(one, plane.box).length);
  const target = shown[(shown.indexOf(here.target) + step + shown.length) % shown.length];
  const far = (index) => Math.abs(target.x[index] - here.target.x[here.index]);
  const order = inOrder(target, plane.box);
  return order.length ? { target, index: order.reduce((one, other) => (far(other) < far(one) ? other : one)) } : null;
}

function made(name) {
  const element = document.createElement("div");
  element.className = name;
  element.hidden = name !== "visually-hidden";
  return element;
}

const isInside = ({ left, top, width, height }, [x, y]) => x >= left - GAP && x <= left + width + GAP && y >= top - GAP && y <= top + height + GAP;

const move = (element, x, y) => (element.style.translate = `${x}px ${y}px`);

/** Beside a mark, on the side that has room. */
function place(label, x, y, { width, height }) {
  const left = x + GAP + label.offsetWidth > width ? Math.max(0, x - GAP - label.offsetWidth) : x + GAP;
  move(label, left, Math.max(0, Math.min(height - label.offsetHeight, y - label.offsetHeight / 2)));
}
