/** Makes a field of the query language a combobox: what may stand at the cursor is offered, from the server. */

import { get } from "../lib/api.js";
import { filled, offered } from "../lib/completion.js";
import { makeList, mark, showOffers } from "./offers.js";

const PAUSE = 60; // milliseconds without a key before the server is asked

export default function complete(field) {
  const { list, status } = makeList(field);
  let found = { start: 0, end: 0, items: [] };
  let active = -1;
  let timer = null;
  let turn = 0;

  const close = () => {
    turn += 1;
    clearTimeout(timer);
    found = { ...found, items: [] };
    active = -1;
    showOffers(field, list, status, [], false);
  };
  const ask = async () => {
    const mine = (turn += 1);
    const query = { text: field.value, at: field.selectionStart, what: field.dataset.what };
    try {
      const answer = await get(field.dataset.completes, query);
      if (mine !== turn || document.activeElement !== field) return;
      found = { ...answer, items: offered(answer, field.value) };
      active = -1;
      showOffers(field, list, status, found.items, true);
    } catch {
      close(); // the field works without offers
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  const take = (index) => {
    const { text, at, more } = filled(field.value, found, found.items[index]);
    field.value = text;
    field.setSelectionRange(at, at);
    close();
    if (more) ask();
  };
  const move = (step) => {
    const count = found.items.length;
    active = active < 0 && step < 0 ? count - 1 : (active + step + count) % count;
    mark(field, list, active);
  };
  field.addEventListener("input", soon);
  field.addEventListener("keydown", (event) => {
    const open = found.items.length > 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) move(event.key === "ArrowDown" ? 1 : -1);
      else ask();
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      ask();
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Enter") {
      close();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Home" || event.key === "End") && open) {
      close(); // the offers belonged to another place
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("[role=option]");
    if (option) take([...list.children].indexOf(option));
  });
  field.addEventListener("blur", close);
}
