/** The button that submits the draft: once, however often it is pressed and whatever becomes of the answer. */

import { send } from "../lib/api.js";
import { showProblems } from "./submission-preview.js";

export function submitting(element, sweep) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const [button, refusal] = [part("submit"), part("refusal")];
  let key = { of: null, text: "" }; // the same text is the same sweep, also after a lost answer
  button.addEventListener("click", async () => {
    if (key.of !== sweep.text) key = { of: sweep.text, text: randomKey() };
    button.disabled = true;
    refusal.hidden = true;
    try {
      const found = await send("/sweeps", { text: sweep.text, headers: { "Idempotency-Key": key.text } });
      location.assign(found.links.page);
    } catch (error) {
      if (error.errors?.length) showProblems(element, part("problems"), error.errors);
      refusal.textContent = `The sweep was not submitted: ${error.message}`;
      refusal.hidden = false;
      button.disabled = false;
    }
  });
}

/** 32 hexadecimal digits; randomUUID is not there on pages without TLS. */
const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
