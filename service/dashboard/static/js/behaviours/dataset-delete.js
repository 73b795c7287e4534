/** Deletes a dataset that nobody uses, after a question. */

import { remove } from "../lib/api.js";

export default function datasetDelete(element) {
  const dialog = element.querySelector("dialog");
  const refusal = element.querySelector("[role=alert]");
  element.querySelector("[data-part=delete]").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "delete") return;
    dialog.returnValue = "";
    try {
      await remove(`/datasets/${element.dataset.dataset}`);
      location.assign("/datasets");
    } catch (error) {
      refusal.textContent = `The server refused to delete the dataset: ${error.message}`;
      refusal.hidden = false;
    }
  });
}
