/** Gives each `data-behaviour` element its modules: the names are those of the files in behaviours/. */

// Somebody already signed in followed the terminal's link: the token has no business in the history.
if (location.hash.startsWith("#token=") && location.pathname !== "/login") {
  history.replaceState(null, "", location.pathname + location.search);
}

for (const element of document.querySelectorAll("[data-behaviour]")) {
  for (const name of element.dataset.behaviour.split(" ")) {
    import(`./behaviours/${name}.js`).then((module) => module.default(element));
  }
}
