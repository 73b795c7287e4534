/** Gives each `data-behaviour` element its modules: the names are those of the files beside this one. */

/** Start the behaviours of everything below `root`, once each. */
export function attach(root) {
  for (const element of root.querySelectorAll("[data-behaviour]")) {
    const names = element.dataset.behaviour.split(" ");
    Promise.all(names.map((name) => begin(element, name))).then(() => {
      element.dataset.begun = "";
      element.dispatchEvent(new Event("backsweep:begun"));
    });
  }
}

async function begin(element, name) {
  const module = await import(`./${name}.js`);
  module.default(element);
}
