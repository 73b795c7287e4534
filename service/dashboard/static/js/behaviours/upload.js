/** Sends a table that was picked or dropped, and tells the page about the dataset that it became. */

import { send } from "../lib/api.js";
import { bytes, count } from "../lib/format.js";

const TYPES = { csv: "text/csv", txt: "text/csv", tsv: "text/tab-separated-values", parquet: "application/vnd.apache.parquet" };

export default function upload(form) {
  const part = (name) => form.querySelector(`[data-part=${name}]`);
  const [drop, alert] = [part("drop"), form.querySelector("[role=alert]")];
  const { file, name } = form.elements;
  const submit = form.querySelector("[type=submit]");

  const chosen = () => {
    const [one] = file.files;
    part("chosen").textContent = one ? `${one.name}, ${bytes(one.size)}` : "";
    if (one && !name.value) name.value = one.name.replace(/\.[^.]*$/, "").replaceAll("/", "_").slice(0, 100);
  };
  file.addEventListener("change", chosen);
  chosen(); // somebody may have been faster than this module
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.dataset.over = "";
    });
  }
  drop.addEventListener("dragleave", () => delete drop.dataset.over);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    if (!event.dataTransfer.files.length) return;
    file.files = event.dataTransfer.files;
    chosen();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [one] = file.files;
    const type = TYPES[one.name.split(".").pop().toLowerCase()] ?? "text/csv";
    const told = ["name", "target", "decimal", "licence"].map((each) => [each, form.elements[each].value.trim()]).filter(([, text]) => text);
    submit.disabled = true;
    alert.hidden = true;
    try {
      const found = await send(`/datasets?${new URLSearchParams(told)}`, { text: one, headers: { "Content-Type": type } });
      form.reset();
      part("chosen").textContent = `${found.name} is there: ${count(found.rows)} rows, ${count(found.column_count)} columns.`;
      form.dispatchEvent(new CustomEvent("backsweep:dataset", { detail: found, bubbles: true }));
    } catch (error) {
      part("told").textContent = error.message;
      part("faults").replaceChildren(...(error.errors ?? []).map(({ path, message, allowed }) =>
        Object.assign(document.createElement("li"), { textContent: `${path}: ${message}${allowed ? `; allowed: ${allowed}` : ""}` })));
      alert.hidden = false;
    } finally {
      submit.disabled = false;
    }
  });
}
