/** The page of runs that is shown, kept up to date while the sweep runs. */

import { get } from "../lib/api.js";
import { fill } from "./fill.js";
import { FINAL, follow } from "./live.js";

const PAGE = 50;

export default function runsTable(element) {
  if (FINAL.has(element.dataset.initial)) return;
  const { sweep } = element.dataset;

  const refresh = async () => {
    const asked = new URLSearchParams(location.search);
    if (element.querySelector("[aria-invalid]")) return; // the question has to be mended first
    const question = { sweep, limit: PAGE };
    for (const name of ["filter", "order_by", "cursor"]) question[name] = asked.get(name) || null;
    const found = await get("/runs", question);
    if (new URLSearchParams(location.search).toString() !== asked.toString()) return; // asked otherwise meanwhile
    const body = element.querySelector("tbody");
    const template = element.querySelector("template[data-row]");
    if (found.items.length) body.querySelector("[data-none]")?.remove();
    while (body.rows.length > found.items.length && !body.querySelector("[data-none]")) body.lastElementChild.remove();
    found.items.forEach((run, index) => {
      const row = body.rows[index] ?? body.appendChild(template.content.firstElementChild.cloneNode(true));
      fill(row, { ...run, baseline: run.role !== "search" });
    });
    showNext(element.querySelector("[data-next]"), asked, found.next_cursor);
    element.dispatchEvent(new CustomEvent("backsweep:filled"));
  };
  follow(refresh);
}

function showNext(link, asked, cursor) {
  link.hidden = cursor === null;
  if (cursor === null) return;
  asked.set("cursor", cursor);
  asked.delete("selected");
  link.href = `?${asked}#runs`;
}
