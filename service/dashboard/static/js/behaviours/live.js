/** Lets a part of a sweep's page follow its sweep, without asking more often than the answers take. */

const LEAST_PAUSE = 1500; // milliseconds
const PATIENCE = 8; // times as long as the last answer took

export const FINAL = new Set(["completed", "canceled", "failed", "pruned", "diverged"]);

/** Call `refresh` now, while the sweep runs, and once more when it has ended. */
export function follow(refresh) {
  let busy = false;
  let again = false;
  let quietUntil = 0;
  const run = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const start = performance.now();
    try {
      await refresh();
    } finally {
      const end = performance.now();
      quietUntil = end + Math.max(LEAST_PAUSE, PATIENCE * (end - start));
      busy = false;
    }
    if (again) {
      again = false;
      run();
    }
  };
  document.addEventListener("backsweep:sweep", ({ detail }) => {
    if (FINAL.has(detail.state)) run();
    else if (!busy && performance.now() >= quietUntil) run();
  });
  run();
}
