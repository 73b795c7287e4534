/** Looks again whenever the stream of all sweeps tells of something new; without a stream, every few seconds. */

import { poll } from "../lib/poll.js";

const LEAST_PAUSE = 1000; // milliseconds between two looks, however much happens
const MOST_PAUSE = 30_000; // between looks for what is still owed: no event tells of it
const WITHOUT_STREAM = 2000;
const looking = () => !document.hidden;

/**
 * Call `look` when the stream says from where on it tells, and after each event that `isNews`.
 * `look` answers whether it misses something that comes without an event. A page that nobody looks at holds no
 * connection: browsers open only six to one host.
 */
export function watchAll(look, isNews) {
  let source = null;
  let timer = null;
  let due = Infinity;
  let lookedAt = -Infinity;
  let patience = LEAST_PAUSE;
  let busy = false;
  let over = false;
  let meanwhile = []; // events told during a look: whether its answer knows them is seen when it is there

  const close = () => {
    source?.close();
    source = null;
  };
  const fallBack = () => {
    over = true;
    close();
    clearTimeout(timer);
    const step = async () => { await look(); }; // whatever it misses, it is asked for again
    poll(step, { every: WITHOUT_STREAM, looking });
  };
  const soon = (pause = LEAST_PAUSE) => {
    const at = Math.max(performance.now(), lookedAt + pause);
    if (over || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(run, at - performance.now());
  };
  const run = async () => {
    due = Infinity;
    if (busy) return soon(performance.now() - lookedAt + LEAST_PAUSE);
    busy = true;
    meanwhile = [];
    lookedAt = performance.now();
    try {
      patience = (await look()) ? Math.min(2 * patience, MOST_PAUSE) : LEAST_PAUSE;
      if (meanwhile.some(isNews)) soon();
      if (patience > LEAST_PAUSE) soon(patience);
    } catch {
      fallBack(); // it is patient, and ends where nothing is answered any more
    } finally {
      busy = false;
    }
  };
  const open = () => {
    source = new EventSource("/api/v1/events");
    source.addEventListener("place", () => soon());
    source.addEventListener("message", ({ data }) => {
      const event = JSON.parse(data);
      if (busy) meanwhile.push(event);
      else if (isNews(event)) soon();
    });
    source.addEventListener("end", close);
    source.addEventListener("error", () => {
      // Otherwise the browser asks again by itself, behind the last id that it has.
      if (source?.readyState === EventSource.CLOSED) fallBack();
    });
  };
  const turn = () => {
    if (over) return;
    if (!looking()) close();
    else if (!source) open(); // its place is followed by a look
  };
  if (!("EventSource" in window)) return fallBack();
  document.addEventListener("visibilitychange", turn);
  addEventListener("focus", () => soon()); // that a sweep was deleted is no event
  turn();
}
