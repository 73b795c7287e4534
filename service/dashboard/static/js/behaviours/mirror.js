/** A slider and the field beside it say the same number. */

export default function mirror(element) {
  const slider = () => element.querySelector("[data-mirrors]");
  const field = () => element.querySelector(`[name="${slider().dataset.mirrors}"]`);
  element.addEventListener("input", ({ target }) => {
    if (target === slider()) {
      field().value = Number(Number(target.value).toPrecision(4));
      field().dispatchEvent(new Event("input", { bubbles: true }));
    } else if (target.name === "top" && Number(target.value) > 0) {
      slider().max = target.value;
    } else if (target === field()) {
      if (document.activeElement !== slider()) slider().value = target.value;
    }
  });
}
