/** Gives each `data-behaviour` element its module. */

const BEHAVIOURS = {
  "theme": () => import("./behaviours/theme.js"),
  "copy": () => import("./behaviours/copy.js"),
  "login": () => import("./behaviours/login.js"),
  "ages": () => import("./behaviours/ages.js"),
  "sweep-list": () => import("./behaviours/sweep-list.js"),
  "sweep-watch": () => import("./behaviours/sweep-watch.js"),
  "request": () => import("./behaviours/request.js"),
  "response-chart": () => import("./behaviours/response-chart.js"),
  "curves-chart": () => import("./behaviours/curves-chart.js"),
  "settings-table": () => import("./behaviours/settings-table.js"),
  "runs-table": () => import("./behaviours/runs-table.js"),
  "run-watch": () => import("./behaviours/run-watch.js"),
  "run-charts": () => import("./behaviours/run-charts.js"),
};

// Somebody already signed in followed the terminal's link: the token has no business in the history.
if (location.hash.startsWith("#token=") && location.pathname !== "/login") {
  history.replaceState(null, "", location.pathname + location.search);
}

for (const element of document.querySelectorAll("[data-behaviour]")) {
  for (const name of element.dataset.behaviour.split(" ")) {
    BEHAVIOURS[name]().then((module) => module.default(element));
  }
}
