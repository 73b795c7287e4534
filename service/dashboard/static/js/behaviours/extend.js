/** Where the optimum may lie outside the grid: the next values, to be changed and added to the sweep. */

import { post } from "../lib/api.js";
import { nextValues, writtenNumbers } from "../lib/grid-steps.js";
import { label } from "../lib/words.js";
import { setText } from "./fill.js";
import { FINAL } from "./live.js";

export default function extend(form) {
  const { sweep } = form.dataset;
  const field = form.elements.namedItem("values");
  const refusal = form.querySelector("[role=alert]");
  let edge = null;

  const show = (summary) => {
    const values = summary.edge ? nextValues(summary.settings.map(({ setting }) => setting[summary.edge.parameter]), summary.edge.side) : [];
    form.hidden = values.length === 0;
    if (form.hidden || form.contains(document.activeElement)) return; // somebody is writing there
    edge = summary.edge;
    setText(form.querySelector("[data-part=parameter]"), label(edge.parameter));
    if (!field.dataset.changed) field.value = values.join(", ");
  };
  const refuse = (text) => {
    refusal.textContent = text;
    refusal.hidden = false;
    field.focus();
  };
  field.addEventListener("input", () => (field.dataset.changed = "yes"));
  document.addEventListener("backsweep:summary", ({ detail }) => show(detail));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = writtenNumbers(field.value);
    if (values === null) return refuse("Write numbers, separated by commas.");
    const button = form.querySelector("button");
    button.disabled = true;
    refusal.hidden = true;
    try {
      const found = await post(`/sweeps/${sweep}:extend`, { parameters: { [edge.parameter]: { values } } });
      if (!FINAL.has(found.state)) location.reload(); // everything on the page stopped following when the sweep ended
      else refuse("The sweep has these values already.");
    } catch (error) {
      refuse(`The server refused to extend the sweep: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  });
  show(JSON.parse(form.dataset.summary));
}
