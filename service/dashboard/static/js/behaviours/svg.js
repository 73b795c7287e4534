/** Making elements of SVG. */

const NAMESPACE = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, text = null) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, item] of Object.entries(attributes)) made.setAttribute(key, item);
  if (text !== null) made.textContent = text;
  return made;
}
