/** Lets a part of a sweep's page follow its sweep, without asking more often than the answers take. */

const LEAST_PAUSE = 1500; // milliseconds
const PATIENCE = 8; // times as long as the last answer took
const AHEAD = "400px"; // about half a screen: who scrolls on finds it drawn
const LATEST = 2000; // milliseconds that a busy page keeps what is far from the screen waiting

export const FINAL = new Set(["completed", "canceled", "failed", "pruned", "diverged"]);

const underway = new Set(); // what is being asked and drawn, of all parts

/**
 * Call `refresh` now, while the sweep runs, and once more when it has ended.
 * Given its `element`, a part far from the screen waits with the first and the last time until the page has nothing
 * else to do, and with what lies between until it comes near.
 */
export function follow(refresh, element = null) {
  let busy = false;
  let again = false;
  let isNear = element === null;
  let missed = true; // what there is to see
  let quietUntil = 0;
  let timer = 0;
  const run = async () => {
    missed = false;
    clearTimeout(timer);
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const start = performance.now();
    const work = refresh();
    underway.add(work);
    try {
      await work;
    } finally {
      underway.delete(work);
      const end = performance.now();
      quietUntil = end + Math.max(LEAST_PAUSE, PATIENCE * (end - start));
      busy = false;
      if (again) {
        again = false;
        run();
      } else if (missed && isNear) later();
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => isNear && !busy && catchUp(), Math.max(0, quietUntil - performance.now()));
  };
  document.addEventListener("backsweep:sweep", ({ detail }) => {
    const isOver = FINAL.has(detail.state);
    missed = true;
    if (isNear && (isOver || (!busy && performance.now() >= quietUntil))) run();
    else if (isNear && !busy) later();
    if (!isNear && isOver) rest().then(catchUp);
  });
  const catchUp = () => {
    if (missed) run();
  };
  if (element === null) run();
  else {
    rest().then(catchUp);
    const look = (entries) => {
      isNear = entries.at(-1).isIntersecting;
      if (isNear) catchUp();
    };
    new IntersectionObserver(look, { rootMargin: AHEAD }).observe(element);
  }
}

/** Resolves when `element` comes near the screen, or the page has nothing else to do. */
export const due = (element) => Promise.race([rest(), new Promise((resume) => {
  const look = (entries, observer) => {
    if (!entries.at(-1).isIntersecting) return;
    observer.disconnect();
    resume();
  };
  new IntersectionObserver(look, { rootMargin: AHEAD }).observe(element);
})]);

/** Resolves when nothing near the screen is being drawn and the browser has time. */
async function rest() {
  await idle();
  while (underway.size) {
    await Promise.allSettled(underway);
    await idle();
  }
}

const idle = () => new Promise((resume) => requestIdleCallback(resume, { timeout: LATEST }));
