/** Several columns of numbers as the targets of one network: a list of boxes beside the choice of a single one. */

const MOST_COLUMNS = 200; // of a wide table
const KINDS = new Set(["number", "integer"]);

/** What is returned offers the columns of another dataset. */
export function targetList(element, sweep) {
  const details = element.querySelector("[data-part=targets]");
  const list = details.querySelector("[role=group]");
  const boxes = () => [...list.querySelectorAll("input")];
  const chosen = () => (Array.isArray(sweep.content.target) ? sweep.content.target : []);
  const show = () => {
    for (const box of boxes()) box.checked = chosen().includes(box.value);
  };
  list.addEventListener("change", () => {
    const names = boxes().filter((box) => box.checked).map((box) => box.value);
    sweep.put("target", names.length ? names : undefined, list);
  });
  sweep.follow(show);
  return (columns) => {
    const numbers = columns.filter(({ kind }) => KINDS.has(kind)).slice(0, MOST_COLUMNS);
    list.replaceChildren(...numbers.map(({ name }) => box(name)));
    details.hidden = numbers.length < 2;
    details.open ||= chosen().length > 0;
    show();
  };
}

function box(name) {
  const label = document.createElement("label");
  label.append(Object.assign(document.createElement("input"), { type: "checkbox", value: name }), name);
  return label;
}
