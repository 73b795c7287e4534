/** Keeps the compared runs true until all of them have ended, and tells the chart. */

import { get } from "../lib/api.js";
import { poll } from "../lib/poll.js";
import { fill } from "./fill.js";
import { FINAL } from "./live.js";

export default function compareTable(element) {
  const states = () => [...element.querySelectorAll("[data-state]")].map((one) => one.dataset.state);
  if (states().every((state) => FINAL.has(state))) return;
  const ids = element.dataset.runs.split(",");
  const question = { filter: `id in (${ids.map((id) => `'${id}'`).join(", ")})`, limit: ids.length };
  poll(
    async () => {
      const { items } = await get("/runs", question);
      for (const run of items) {
        fill(element.querySelector(`tr[data-id="${run.id}"]`), { ...run, baseline: run.role !== "search" });
      }
      document.dispatchEvent(new CustomEvent("backsweep:compared"));
      return !states().every((state) => FINAL.has(state));
    },
    { every: 2000, looking: () => !document.hidden },
  );
}
