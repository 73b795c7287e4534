/** A path that is pointed at or pressed in the list is lit in the drawing. */

export default function paths(element) {
  let pinned = null;

  const light = (number) => {
    element.querySelector(".graph")?.classList.toggle("choosing", number !== null);
    const swatch = number === null ? "" : `var(--path-${number % 6})`;
    for (const part of element.querySelectorAll("[data-paths]")) {
      part.classList.toggle("lit", number !== null && part.dataset.paths.split(" ").includes(String(number)));
      part.style.setProperty("--swatch", swatch);
    }
    for (const button of element.querySelectorAll("[data-path]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.path) === pinned));
    }
  };
  const numbered = (target) => {
    const button = target instanceof Element ? target.closest("[data-path]") : null;
    return button ? Number(button.dataset.path) : null;
  };
  element.addEventListener("click", ({ target }) => {
    const number = numbered(target);
    if (number === null) return;
    pinned = pinned === number ? null : number;
    light(pinned);
  });
  for (const kind of ["pointerover", "focusin"]) {
    element.addEventListener(kind, ({ target }) => light(numbered(target) ?? pinned));
  }
  element.addEventListener("pointerleave", () => light(pinned));
  element.addEventListener("backsweep:swapped", () => {
    pinned = null;
    light(null);
  });
}
