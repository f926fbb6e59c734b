// The keys of the console: function keys, and Alt with a letter, by the place of the key. They work while
// typing, and none of them is a plain letter. Everybody may choose others; those are kept in the browser.

const DEFAULTS = {
  answer: "Alt+A",
  reject: "F9",
  hang_up: "F9",
  finish: "F9",
  hold: "F8",
  retrieve: "F8",
  mute: "Alt+M",
  keys: "Alt+K",
  transfer: "Alt+T",
  consult: "Alt+C",
  alternate: "Alt+S",
  complete: "Alt+G",
  conference: "Alt+J",
  reconnect: "Alt+B",
  verify: "Alt+V",
  take_back: "Alt+V",
  self_service: "Alt+I",
  dial: "Alt+L",
  ready: "F2",
  not_ready: "F4",
  notes: "Alt+N",
  wrap_up: "Alt+W",
};
const STORE = "hotline.console.keys";
const FREE = /^(F\d{1,2}|(Ctrl\+|Alt\+|Shift\+)+([A-Z0-9]|F\d{1,2}))$/;
const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}");

export const names = Object.keys(DEFAULTS);

const keysOf = (name) => kept[name] ?? DEFAULTS[name];

// How a shortcut is written on its button and told to screen readers; null when there is none.
export function shown(name) {
  const keys = keysOf(name);
  return keys ? { keys, aria: keys.replace("Ctrl", "Control") } : null;
}

// What was pressed, "Alt+T"; null for anything that could be typing.
export function pressed(event) {
  if (event.isComposing) return null;
  const key = /^F\d/.test(event.key) ? event.key : event.code.replace(/^(Key|Digit)/, "");
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift"].filter(Boolean);
  const keys = [...held, key].join("+");
  return !event.metaKey && FREE.test(keys) && keys !== `Shift+${key}` ? keys : null;
}

export const meant = (keys) => names.filter((name) => keysOf(name) === keys);

// Another key for it; whoever had that key before shares it, as hold and retrieve do.
export function choose(name, keys) {
  kept[name] = keys;
  localStorage.setItem(STORE, JSON.stringify(kept));
}

export function chooseDefaults() {
  for (const name of Object.keys(kept)) delete kept[name];
  localStorage.removeItem(STORE);
}
