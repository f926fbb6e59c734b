// Draws what is described: h() describes an element, draw() makes a parent's children like that and
// changes only what differs, so that focus, selection, scrolling and typed text stay.
//
//   draw(list, queues.map((queue) => h("li", { key: queue.id }, queue.name)));
//
// `key` finds an element again wherever it has moved to. Children of an element with `keep` belong to
// somebody else (a running time, a text field). Attributes: true is an empty one; false, null and
// undefined are none. There are no listeners: the page listens at the top, by data attributes.

const SVG = "http://www.w3.org/2000/svg";
const OF_SVG = ["svg", "use"];
const made = new WeakMap();

export function h(tag, attributes, ...children) {
  const { key, keep = false, ...own } = attributes ?? {};
  return { tag, key, keep, own, children };
}

export const icon = (name) => h("svg", { class: "icon", "aria-hidden": "true" }, h("use", { href: `#icon-${name}` }));

// A running time: cti's timers fill it in. `since` counts up, `until` down.
export const timer = ({ since, until, ...more }) => h("time", { "data-since": since, "data-until": until, keep: true, ...more });

// Puts another value into a field and lets the browser forget the one before: its list of what can be
// undone would keep what was typed about each customer for as long as the page is open, and drops
// only what belonged to an element that is taken out.
export function refill(field, value) {
  const focused = document.activeElement === field;
  field.value = value;
  field.replaceWith(field);
  if (focused) field.focus();
}

export function draw(parent, ...wanted) {
  const children = wanted.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false && each !== "");
  const keyed = leaveWanted(parent, children);
  let place = parent.firstChild;
  for (const child of children) {
    const node = typeof child === "object" ? element(child, place, keyed) : text(String(child), place);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// Removes elements whose key is gone, so that the others need not move (moving loses the focus).
function leaveWanted(parent, children) {
  const wanted = new Set(children.map((child) => child.key).filter((key) => key !== undefined));
  const keyed = new Map();
  for (const node of [...parent.children]) {
    const key = made.get(node)?.key;
    if (key === undefined) continue;
    if (wanted.has(key)) keyed.set(key, node);
    else node.remove();
  }
  return keyed;
}

function text(words, place) {
  if (place === null || place.nodeType !== Node.TEXT_NODE) return document.createTextNode(words);
  if (place.data !== words) place.data = words;
  return place;
}

function element(wanted, place, keyed) {
  const found = wanted.key === undefined ? place : keyed.get(wanted.key);
  const fits = found !== null && found !== undefined && made.get(found)?.tag === wanted.tag && made.get(found).key === wanted.key;
  const node = fits ? found : create(wanted.tag);
  dress(node, made.get(node)?.own ?? {}, wanted.own);
  made.set(node, wanted);
  if (!wanted.keep) draw(node, wanted.children);
  return node;
}

function create(tag) {
  return OF_SVG.includes(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function dress(node, before, after) {
  for (const name of Object.keys(before)) if (!worn(after[name])) node.removeAttribute(name);
  for (const [name, value] of Object.entries(after)) {
    if (worn(value) && value !== before[name]) node.setAttribute(name, value === true ? "" : value);
  }
}

const worn = (value) => value !== undefined && value !== null && value !== false;
