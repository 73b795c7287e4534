/** Which parameters matter: one bar for each, and a sentence that says what a bar means. */

import { meaning, numbers, spoken } from "../lib/importance.js";
import { label } from "../lib/words.js";
import { setText } from "./fill.js";
import { follow } from "./live.js";
import { shared } from "./shared.js";

export default function importance(element) {
  const list = element.querySelector("ol");
  const wait = element.querySelector("[data-wait]");
  const words = element.querySelector("[data-meaning]");
  follow(async () => {
    try {
      const found = await shared(`/sweeps/${element.dataset.sweep}/importance`);
      list.hidden = words.hidden = !found.items.length;
      wait.hidden = found.items.length > 0;
      if (!found.items.length) return setText(wait, `Nothing can be said yet: ${found.reason}.`);
      list.replaceChildren(...found.items.map(bar));
      setText(words, meaning(found));
    } catch (error) {
      if (list.hidden) setText(wait, `This cannot be shown: ${error.message}`);
    }
  }, element);
}

function bar(item) {
  const row = document.createElement("li");
  const track = made("span", "track");
  const width = (share) => `${(100 * share).toFixed(2)}%`;
  const part = (name, share) => {
    const one = made("i", name);
    one.style.inlineSize = width(share);
    return one;
  };
  if (item.with_interactions !== null) track.append(part("together", item.with_interactions));
  track.append(part("alone", item.share));
  if (item.by_chance !== null) {
    const tick = made("i", "chance");
    tick.style.insetInlineStart = width(Math.min(1, item.by_chance));
    track.append(tick);
  }
  track.setAttribute("aria-hidden", "true");
  row.title = spoken(item);
  row.append(made("span", "name", label(item.parameter)), track, made("span", "share", numbers(item)), made("span", "visually-hidden", spoken(item)));
  return row;
}

function made(name, kind, text = "") {
  const element = document.createElement(name);
  element.className = kind;
  element.textContent = text;
  return element;
}
