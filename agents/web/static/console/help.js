// The shortcuts, listed on "?", and other keys for them.

import { incoming } from "/static/agents/console/desk.js";
import { draw, h } from "/static/agents/console/dom.js";
import { choose, chooseDefaults, names, pressed, shown } from "/static/agents/console/shortcuts.js";
import { t } from "/static/cti/texts.js";

const TYPING = "input, textarea, select, [contenteditable]";
const dialog = document.getElementById("help-dialog");
let waiting = null;

export function offerHelp(changed) {
  document.getElementById("help").addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && !event.target.closest(TYPING) && !document.querySelector("dialog[open]")) open();
  });
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.name) waiting = waiting === button.dataset.name ? null : button.dataset.name;
    else if (button?.id === "keys-default") chooseDefaults();
    else return;
    list();
    changed();
  });
  dialog.addEventListener("keydown", (event) => {
    const keys = pressed(event);
    if (waiting === null || keys === null) return;
    event.preventDefault();
    event.stopPropagation();
    choose(waiting, keys);
    waiting = null;
    list();
    changed();
  });
  dialog.addEventListener("close", () => {
    waiting = null;
  });
  let rang = null;
  // A call begins to ring: nothing may lie before that.
  return {
    refresh(desk) {
      const rings = incoming(desk)?.call_id ?? null;
      if (rings !== null && rings !== rang) dialog.close();
      rang = rings;
    },
  };
}

function open() {
  list();
  dialog.showModal();
}

function list() {
  draw(document.getElementById("keys-list"), names.map(line));
}

function line(name) {
  const word = t(`console.do.${name}`);
  const keys = shown(name)?.keys ?? t("console.keys_none");
  const words = name === waiting ? t("console.keys_press") : keys;
  const button = h("button", { type: "button", class: "small", "data-name": name, "aria-pressed": String(name === waiting), "aria-label": `${word}: ${words}` }, h("kbd", null, words));
  return h("tr", { key: name }, h("th", { scope: "row" }, word), h("td", null, button));
}
