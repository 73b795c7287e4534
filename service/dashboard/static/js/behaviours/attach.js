/** Gives each `data-behaviour` element its modules: the names are those of the files beside this one. */

/** Start the behaviours of everything below `root`, once each. */
export function attach(root) {
  for (const element of root.querySelectorAll("[data-behaviour]")) {
    for (const name of element.dataset.behaviour.split(" ")) {
      import(`./${name}.js`).then((module) => module.default(element));
    }
  }
}
