/** Keeps a page true by reading it again: only parts that have changed are replaced, and none that is in use. */

import { poll } from "../lib/poll.js";

// No stream of events tells of this: a worker falls silent, waits or gets slower without one.
const EVERY = 2000; // milliseconds, and not at all while nobody looks

export default function refresh(element) {
  const lost = element.querySelector("[data-lost]");
  const texts = new Map();

  const step = async () => {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.status >= 500) throw new Error(`the server answered ${response.status}`);
    const found = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!found.querySelector("[data-part]")) {
      location.reload(); // the session has ended: the login is shown
      return false;
    }
    lost.hidden = true;
    for (const part of element.querySelectorAll("[data-part]")) {
      const fresh = found.getElementById(part.id);
      const text = fresh.innerHTML; // read, never written
      if (text === texts.get(part.id) || part.contains(document.activeElement) || isSelected(part)) continue;
      texts.set(part.id, text);
      const open = [...part.querySelectorAll("details")].map((one) => one.open);
      part.replaceChildren(...document.adoptNode(fresh).childNodes);
      part.querySelectorAll("details").forEach((one, place) => (one.open = open[place] ?? one.open));
    }
    return true;
  };
  poll(step, { every: EVERY, looking: () => !document.hidden, failed: () => (lost.hidden = false) });
}

function isSelected(part) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(part, true);
}
