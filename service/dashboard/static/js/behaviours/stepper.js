/** Steps through the moments of a page by buttons, arrow keys and its address, and lights up what each is about. */

const TYPING = "input, textarea, select, [contenteditable]";

export default function stepper(element) {
  const count = () => element.querySelectorAll("[data-moment]").length;
  let current = 0;

  const show = (wanted) => {
    current = Math.max(0, Math.min(count() - 1, wanted));
    element.querySelectorAll("[data-moment]").forEach((one, place) => {
      one.toggleAttribute("data-current", place === current);
    });
    element.querySelectorAll(".moments-bar a").forEach((link, place) => {
      link.toggleAttribute("data-past", place < current);
      if (place === current) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    for (const text of element.querySelectorAll("[data-since]")) {
      const { since, until } = text.dataset;
      text.toggleAttribute("data-off", current < since || (until !== undefined && current >= until));
    }
    const flow = element.querySelector("[data-moment][data-current]")?.classList.contains("backward");
    element.querySelector(".drawing svg")?.classList.toggle("backward", Boolean(flow));
    for (const part of element.querySelectorAll("[data-lit]")) {
      part.classList.toggle("active", part.dataset.lit.split(" ").includes(String(current)));
    }
    for (const [name, off] of [["first", current === 0], ["back", current === 0], ["on", end()], ["last", end()]]) {
      const button = element.querySelector(`[data-go="${name}"]`);
      if (button) button.disabled = off;
    }
    follow(element);
  };
  const end = () => current >= count() - 1;
  const step = (wanted) => {
    show(wanted);
    history.replaceState(null, "", `#moment-${current}`);
  };
  const named = { first: () => 0, back: () => current - 1, on: () => current + 1, last: () => count() - 1 };

  element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    const link = event.target.closest(".moments-bar a");
    if (!button && !link) return;
    event.preventDefault();
    step(button ? named[button.dataset.go]() : Number(link.hash.slice("#moment-".length)));
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest(TYPING)) return;
    const wanted = { ArrowLeft: "back", ArrowRight: "on" }[event.key];
    if (!wanted) return;
    event.preventDefault();
    step(named[wanted]());
  });
  const fromAddress = () => show(Number(/^#moment-(\d+)$/.exec(location.hash)?.[1] ?? 0));
  addEventListener("hashchange", fromAddress);
  element.addEventListener("backsweep:swapped", () => show(current));
  fromAddress();
}

/** On a narrow screen the drawing scrolls sideways to what happens. */
function follow(element) {
  const drawing = element.querySelector(".drawing");
  const lit = drawing?.querySelector(".unit.active, .edge.active");
  if (!lit || drawing.scrollWidth <= drawing.clientWidth) return;
  const { left, width } = lit.getBoundingClientRect();
  const middle = left + width / 2 - drawing.getBoundingClientRect().left - drawing.clientWidth / 2;
  drawing.scrollBy({ left: middle });
}
