/** A weight or an input that is pressed in the drawing is the one to be typed. */

export default function pick(element) {
  element.addEventListener("click", ({ target }) => {
    const name = target.closest("[data-edits]")?.dataset.edits;
    const field = name && element.querySelector(`input[name="${CSS.escape(name)}"]`);
    field?.focus();
    field?.select();
  });
}
