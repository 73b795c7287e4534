/** Looks again whenever a sweep's stream tells of an event; where there is no stream, every second. */

import { poll } from "../lib/poll.js";

const LEAST_PAUSE = 1000; // milliseconds between two looks, however much happens
const looking = () => !document.hidden;

/**
 * Call `step`, which answers with the sweep, now and after each of its events, until it is `final`.
 * A page that nobody looks at holds no connection: browsers open only six to one host.
 */
export async function watch(sweep, step, final) {
  let found;
  const look = async () => {
    found = await step();
    return !final(found);
  };
  try {
    if (!looking() || !(await look()) || !("EventSource" in window)) throw new Error("no stream is needed");
  } catch {
    if (!found || !final(found)) poll(look, { looking });
    return;
  }
  follow(`/api/v1/sweeps/${sweep}/events`, found.last_event, look);
}

function follow(path, last, look) {
  let source = null;
  let timer = null;
  let lookedAt = performance.now();
  let over = false;

  const close = () => {
    source?.close();
    source = null;
  };
  const stop = () => {
    over = true;
    close();
    document.removeEventListener("visibilitychange", turn);
  };
  const run = async () => {
    timer = null;
    lookedAt = performance.now();
    try {
      if (!(await look())) stop();
      else if (!source && looking()) open(); // it was taken up again behind its end
    } catch {
      fallBack();
    }
  };
  const soon = () => {
    if (over || timer !== null) return;
    timer = setTimeout(run, Math.max(0, lookedAt + LEAST_PAUSE - performance.now()));
  };
  const fallBack = () => {
    if (over) return;
    stop();
    poll(look, { looking });
  };
  const open = () => {
    source = new EventSource(`${path}?after=${last}`);
    source.addEventListener("message", ({ lastEventId }) => {
      last = lastEventId;
      soon();
    });
    source.addEventListener("end", () => {
      close();
      soon();
    });
    source.addEventListener("error", () => {
      // Otherwise the browser asks again by itself.
      if (source?.readyState === EventSource.CLOSED) fallBack();
    });
  };
  const turn = () => {
    if (!looking()) close();
    else if (!source) {
      open();
      soon();
    }
  };
  document.addEventListener("visibilitychange", turn);
  open();
}
