/** Reading and changing things through the public API. */

const ROOT = "/api/v1";

/** An answer that is not a success, with the problem document's words. */
export class Problem extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `the server answered ${status}`);
    this.status = status;
  }
}

/** The JSON at `path` below /api/v1; `query` entries that are null are left out. */
export async function get(path, query = {}) {
  const given = Object.entries(query).filter(([, item]) => item !== null && item !== undefined);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return answer(await fetch(ROOT + path + search, { headers: { Accept: "application/json" } }));
}

/** Post `body` as JSON to `path` below /api/v1. */
export async function post(path, body = {}) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return answer(await fetch(ROOT + path, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Items of a list over its pages, until there are `most` of them. */
export async function list(path, query, most) {
  const items = [];
  for (let cursor = null; ; ) {
    const page = await get(path, { ...query, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null || items.length >= most) return { items, complete: cursor === null };
  }
}

async function answer(response) {
  const text = await response.text();
  const found = text ? parse(text) : null;
  if (!response.ok) throw new Problem(response.status, found);
  return found;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
