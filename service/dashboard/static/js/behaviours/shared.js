/** One answer for all parts of a sweep's page that ask the same between two of its events. */

import { get, list } from "../lib/api.js";
import { pause } from "../lib/pause.js";

const answers = new Map();

let turn = Promise.resolve();

// This module listens before whoever imports it, so that nobody is told of an event and given an older answer.
document.addEventListener("backsweep:sweep", () => answers.clear());

/** The JSON at `path` below /api/v1, asked for once. */
export const shared = (path, query = {}) => once([path, query], () => get(path, query));

/** The items at `path` over its pages, asked for once. */
export const sharedList = (path, query, most) => once([path, query, most], () => list(path, query, most));

/** Everybody who waits for an answer goes on in a task of their own, one behind the other. */
async function once(question, ask) {
  const found = await asked(question, ask);
  const mine = turn.then(pause);
  turn = mine;
  await mine;
  return found;
}

function asked(question, ask) {
  const key = JSON.stringify(question);
  if (!answers.has(key)) {
    const answer = ask();
    answers.set(key, answer);
    answer.catch(() => answers.get(key) === answer && answers.delete(key));
  }
  return answers.get(key);
}
