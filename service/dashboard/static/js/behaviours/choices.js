/** The segmented controls of a chart, kept in the page's address so that a reload or a link shows the same. */

/** The chosen value of each control by its name; `changed` is called with them when one is changed. */
export function choices(element, changed) {
  const inputs = [...element.querySelectorAll(".segmented input")];
  const wanted = new URLSearchParams(location.search);
  for (const input of inputs) {
    if (wanted.get(input.name) === input.value) input.checked = true;
  }
  const current = () => Object.fromEntries(
    inputs.filter((input) => input.checked).map((input) => [input.dataset.choice, input.value]),
  );
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const query = new URLSearchParams(location.search);
      query.set(input.name, input.value);
      history.replaceState(null, "", `?${query}${location.hash}`);
      changed(current());
    });
  }
  return current;
}
