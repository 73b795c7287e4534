/** The cancel button of a sweep, with a question before it. */

import { post } from "../lib/api.js";

export default function cancel(button) {
  const dialog = document.getElementById(button.dataset.dialog);
  const sweep = button.dataset.sweep;
  const failure = dialog.querySelector("[role=alert]");
  button.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "cancel-sweep") return;
    dialog.returnValue = "";
    button.disabled = true;
    try {
      const canceled = await post(`/sweeps/${sweep}:cancel`);
      document.dispatchEvent(new CustomEvent("backsweep:sweep", { detail: canceled }));
    } catch (error) {
      failure.textContent = `The sweep was not canceled: ${error.message}`;
      failure.hidden = false;
      dialog.showModal();
    } finally {
      button.disabled = false;
    }
  });
}
