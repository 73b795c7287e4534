/** A dataset's columns with their types, its first rows and its remarks, as elements. */

import { count } from "../lib/format.js";

const MOST_COLUMNS = 100; // of a wide table; the rest is said
const DIGITS = 7;

/** The elements for one dataset; `full` and `preview` are the API's. */
export function datasetTable(full, preview) {
  const columns = full.columns.slice(0, MOST_COLUMNS);
  const rest = full.columns.length - columns.length;
  const words = `${count(full.rows)} rows, ${count(full.column_count)} columns${rest ? `, the first ${MOST_COLUMNS} shown` : ""}. A type is that of all values in the column.`;
  const table = make("table");
  const head = table.createTHead().insertRow();
  const types = table.tHead.insertRow();
  for (const column of columns) {
    const side = column.kind === "text" || column.kind === "boolean" ? "" : "number";
    head.append(make("th", column.name, { scope: "col", className: side }));
    types.append(make("td", column.kind + (column.missing ? `, ${count(column.missing)} missing` : ""), { className: `muted ${side}`.trim() }));
  }
  const body = table.createTBody();
  for (const row of preview.rows) {
    const line = body.insertRow();
    row.slice(0, MOST_COLUMNS).forEach((cell, index) => {
      const isNumber = typeof cell === "number";
      const td = make("td", cell === null ? "missing" : isNumber ? plainNumber(cell) : String(cell));
      td.className = cell === null ? "muted" : isNumber || ["number", "integer"].includes(columns[index].kind) ? "number" : "";
      line.append(td);
    });
  }
  const scroller = make("div", "", { className: "scroller", tabIndex: 0, role: "region", ariaLabel: "First rows" });
  scroller.append(table);
  const remarks = make("ul", "", { className: "remarks" });
  remarks.append(...full.warnings.map(({ message }) => make("li", message)));
  return [make("p", words, { className: "hint" }), scroller, ...(full.warnings.length ? [remarks] : [])];
}

const plainNumber = (cell) => String(Number(cell.toPrecision(DIGITS)));

const make = (name, text = "", properties = {}) => Object.assign(document.createElement(name), { textContent: text, ...properties });
