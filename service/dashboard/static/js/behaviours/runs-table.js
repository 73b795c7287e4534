/** The table of runs: sorted and continued by the server, kept up to date while the sweep runs. */

import { get } from "../lib/api.js";
import { fill } from "./fill.js";
import { FINAL, follow } from "./live.js";

const PAGE = 25;

export default function runsTable(element) {
  const body = element.querySelector("tbody");
  const template = element.querySelector("template");
  const more = element.querySelector("[data-more]");
  const { sweep } = element.dataset;
  let order = element.dataset.orderBy;
  let pages = 1; // how many pages the visitor has unfolded

  const refresh = async () => {
    const items = [];
    let cursor = null;
    for (let page = 0; page < pages; page += 1) {
      const found = await get("/runs", { sweep, order_by: order, limit: PAGE, cursor });
      items.push(...found.items);
      cursor = found.next_cursor;
      if (cursor === null) break;
    }
    while (body.rows.length > items.length) body.lastElementChild.remove();
    items.forEach((run, index) => {
      const row = body.rows[index] ?? body.appendChild(template.content.firstElementChild.cloneNode(true));
      fill(row, { ...run, baseline: run.role !== "search" });
    });
    more.hidden = cursor === null;
  };

  for (const link of element.querySelectorAll("thead a")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      order = order === link.dataset.order ? `-${link.dataset.order}` : link.dataset.order;
      pages = 1;
      refresh().then(() => mark(element, order));
    });
  }
  more.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    pages += 1;
    refresh();
  });
  if (!FINAL.has(element.dataset.initial)) follow(refresh);
}

/** Show by which column, and in which direction, the table is sorted. */
function mark(element, order) {
  for (const link of element.querySelectorAll("thead a")) {
    const column = link.closest("th");
    if (order.replace(/^-/, "") !== link.dataset.order) column.removeAttribute("aria-sort");
    else column.setAttribute("aria-sort", order.startsWith("-") ? "descending" : "ascending");
  }
}
