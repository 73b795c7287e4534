/** Keeps a run's page true while it trains, and tells its charts. */

import { get } from "../lib/api.js";
import { poll } from "../lib/poll.js";
import { fill } from "./fill.js";
import { FINAL } from "./live.js";

export default function runWatch(element) {
  const { run, initial } = element.dataset;
  if (FINAL.has(initial)) return;
  poll(
    async () => {
      const found = await get(`/runs/${run}`);
      fill(element, { ...found, running: !FINAL.has(found.state), ended: FINAL.has(found.state) });
      document.dispatchEvent(new CustomEvent("backsweep:sweep", { detail: found }));
      return !FINAL.has(found.state);
    },
    { looking: () => !document.hidden },
  );
}
