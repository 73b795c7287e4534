/** Keeps the head of a sweep's page true while it runs, and tells the rest of the page. */

import { get } from "../lib/api.js";
import { poll } from "../lib/poll.js";
import { fill } from "./fill.js";
import { FINAL } from "./live.js";

export default function sweepWatch(element) {
  const { sweep, initial } = element.dataset;
  document.addEventListener("backsweep:sweep", ({ detail }) => show(element, detail));
  if (FINAL.has(initial)) return;
  poll(
    async () => {
      const found = await get(`/sweeps/${sweep}`);
      document.dispatchEvent(new CustomEvent("backsweep:sweep", { detail: found }));
      return !FINAL.has(found.state);
    },
    { looking: () => !document.hidden },
  );
}

function show(element, sweep) {
  const [lead, ...rest] = (sweep.headline ?? "").split("; ");
  const running = !FINAL.has(sweep.state);
  fill(element, { ...sweep, lead, rest: rest.join("; "), running });
  document.title = `${running ? `${Math.floor(100 * sweep.progress.fraction)} % · ` : ""}${sweep.name} – Backsweep`;
}
