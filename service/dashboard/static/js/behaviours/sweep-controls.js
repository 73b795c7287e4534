/** Controls with a `data-path` show what stands there in the draft, and change it. */

import { FORMS } from "../lib/control-forms.js";
import { at } from "../lib/submission.js";

export function sweepControls(element, sweep) {
  const controls = [...element.querySelectorAll("[data-path][data-form]")];
  const show = (_, by) => {
    for (const control of controls) {
      if (control === by) continue; // nobody's typing is tidied under their hands
      const text = FORMS[control.dataset.form].show(at(sweep.content, control.dataset.path));
      if (control.localName === "select") offer(control, text);
      else control.value = text;
    }
  };
  for (const control of controls) {
    control.addEventListener("input", () => {
      sweep.put(control.dataset.path, FORMS[control.dataset.form].read(control.value), control);
    });
  }
  sweep.follow(show);
  show();
}

/** Choose `text` in a list, also where the list does not have it: somebody wrote it, and shall see it. */
export function offer(control, text) {
  control.querySelector("option[data-foreign]")?.remove();
  if (![...control.options].some((option) => option.value === text)) {
    const option = new Option(text || "none", text);
    option.dataset.foreign = "";
    control.append(option);
  }
  control.value = text;
}
