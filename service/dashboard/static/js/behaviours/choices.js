/** The controls of a chart, kept in the page's address so that a reload or a link shows the same. */

/**
 * The chosen value of each `data-choice` control by its name (a checkbox's is true or false).
 * `changed` is called with them when one is changed; what is as the page came stays out of the address.
 */
export function choices(element, changed) {
  const inputs = [...element.querySelectorAll("[data-choice]")];
  for (const input of inputs) takeFromAddress(input);
  const current = () => Object.fromEntries(
    inputs.filter((input) => input.type !== "radio" || input.checked).map((input) => [input.dataset.choice, valueOf(input)]),
  );
  for (const input of inputs) {
    input.addEventListener("change", () => {
      if (!input.checkValidity()) return;
      keepInAddress(input.name, isFirst(input) ? null : String(valueOf(input)));
      changed(current());
    });
  }
  addEventListener("popstate", () => {
    const before = JSON.stringify(current());
    for (const input of inputs) {
      toFirst(input);
      takeFromAddress(input);
    }
    if (JSON.stringify(current()) !== before) changed(current());
  });
  return current;
}

/** Write `name` into the page's address, or take it out where `text` is null. */
export function keepInAddress(name, text) {
  const query = new URLSearchParams(location.search);
  if (query.get(name) === text) return;
  if (text === null) query.delete(name);
  else query.set(name, text);
  const search = query.size ? `?${query}` : location.pathname;
  history.replaceState(null, "", search + location.hash);
}

const valueOf = (input) => (input.type === "checkbox" ? input.checked : input.value);

function takeFromAddress(input) {
  const text = new URLSearchParams(location.search).get(input.name);
  if (text !== null) take(input, text);
}

function take(input, text) {
  if (input.type === "hidden") return;
  if (input.type === "radio") input.checked ||= input.value === text;
  else if (input.type === "checkbox") input.checked = text === "true";
  else if (input.localName !== "select" || [...input.options].some(({ value }) => value === text)) {
    input.value = text;
    if (!input.checkValidity()) input.value = input.defaultValue;
  }
}

/** Show what the page came with. */
function toFirst(input) {
  if (input.type === "radio" || input.type === "checkbox") input.checked = input.defaultChecked;
  else if (input.localName === "select") input.value = (input.querySelector("[selected]") ?? input.options[0])?.value;
  else if (input.type !== "hidden") input.value = input.defaultValue;
}

function isFirst(input) {
  if (input.type === "radio") return input.defaultChecked;
  if (input.type === "checkbox") return input.checked === input.defaultChecked;
  if (input.localName !== "select") return input.value === input.defaultValue;
  return (input.selectedOptions[0]?.defaultSelected || input.selectedIndex === 0 && !input.querySelector("[selected]")) ?? false;
}
