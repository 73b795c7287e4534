/** The list of a combobox: made once beside its field, filled again at each answer. */

/** The list and the line for screen readers, put behind `field`. */
export function makeList(field) {
  const list = document.createElement("ul");
  const status = document.createElement("span");
  list.id = `${field.id}-offers`;
  list.hidden = true;
  list.className = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  field.after(list, status);
  for (const [name, item] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id], ["aria-haspopup", "listbox"]]) {
    field.setAttribute(name, item);
  }
  return { list, status };
}

/** Show `items`; none closes the list. With `told`, screen readers hear how many there are. */
export function showOffers(field, list, status, items, told) {
  list.replaceChildren(...items.map((item, index) => option(`${list.id}-${index}`, item)));
  list.hidden = items.length === 0;
  field.setAttribute("aria-expanded", String(items.length > 0));
  field.removeAttribute("aria-activedescendant");
  status.textContent = told && items.length ? `${items.length} suggestion${items.length > 1 ? "s" : ""}` : "";
}

/** Bring the option at `active` forward. */
export function mark(field, list, active) {
  [...list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === active)));
  const chosen = list.children[active];
  field.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

function option(id, item) {
  const made = document.createElement("li");
  const text = document.createElement("code");
  const detail = document.createElement("span");
  made.id = id;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  text.textContent = item.text;
  detail.textContent = item.detail;
  made.append(text, detail);
  return made;
}
