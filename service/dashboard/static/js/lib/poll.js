/** Asking again and again, patiently: slower after a failure, not at all while nobody looks. */

const AFTER_FAILURE = 5000; // milliseconds
const WHILE_HIDDEN = 1000;

/**
 * Call `step` every `every` milliseconds until it returns false.
 * `looking` says whether somebody sees the page; `failed` hears of each error.
 */
export async function poll(step, { every = 1000, looking = () => true, failed = () => {} } = {}) {
  for (;;) {
    if (!looking()) {
      await pause(WHILE_HIDDEN);
      continue;
    }
    try {
      if ((await step()) === false) return;
      await pause(every);
    } catch (error) {
      failed(error);
      if (error.status >= 400 && error.status < 500 && error.status !== 429) return;
      await pause(AFTER_FAILURE);
    }
  }
}

const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));
