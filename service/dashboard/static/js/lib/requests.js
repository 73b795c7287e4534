/** What can be asked of a sweep in its state: the same rules as reading.py. */

const FINAL = new Set(["completed", "canceled", "failed"]);

/** Which buttons a sweep's page shows, and whether its workers are still handing back for a pause. */
export function requests({ state, intent, counts }) {
  const open = !FINAL.has(state);
  return {
    pause: open && intent === "run",
    resume: open && intent === "pause",
    cancel: open,
    retry: counts.failed + counts.canceled > 0,
    pausing: intent === "pause" && state === "running",
  };
}
