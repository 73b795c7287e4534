/** A button that asks something of a sweep: at once, or after the question of its dialog. */

import { post } from "../lib/api.js";
import { FINAL } from "./live.js";

export default function request(button) {
  const { sweep, verb } = button.dataset;
  const dialog = button.dataset.dialog ? document.getElementById(button.dataset.dialog) : null;
  const refusal = (dialog ?? button.closest("section")).querySelector("[role=alert]");
  const ask = async () => {
    button.disabled = true;
    refusal.hidden = true;
    try {
      const found = await post(`/sweeps/${sweep}:${verb}`);
      if (button.closest("section").dataset.ended && !FINAL.has(found.state)) {
        location.reload(); // everything on the page stopped following the sweep when it ended
      } else {
        document.dispatchEvent(new CustomEvent("backsweep:sweep", { detail: found }));
      }
    } catch (error) {
      refusal.textContent = `The server refused to ${verb} the sweep: ${error.message}`;
      refusal.hidden = false;
      dialog?.showModal();
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", dialog ? () => dialog.showModal() : ask);
  dialog?.addEventListener("close", () => {
    if (dialog.returnValue !== verb) return;
    dialog.returnValue = "";
    ask();
  });
}
