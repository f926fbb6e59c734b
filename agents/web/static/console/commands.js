// What is asked for, by button or by key, and what came of it. A button that is impossible now only says why.

import { CommandRefused } from "/static/cti/live.js";
import { t } from "/static/cti/texts.js";
import { confirmed } from "/static/agents/console/confirm.js";
import { meant, pressed } from "/static/agents/console/shortcuts.js";

const REPORT_FOR = 8000;
// Customers who do not want to be called are called only by who says so once more.
const DO_NOT_CALL = "dial.do_not_call";
const RINGING = ["answer", "reject"];
const openers = new Map();

// Some wishes need more than a click: transfer opens the directory, keys the key pad.
export function opens(action, open) {
  openers.set(action, open);
}

export const wordsOf = (error) => (error instanceof CommandRefused ? error.message : t("console.stale"));

const reportNothing = () => document.getElementById("notifications").replaceChildren();

export function report(words) {
  const message = document.createElement("p");
  message.className = "message danger";
  message.textContent = words;
  document.getElementById("notifications").replaceChildren(message);
  setTimeout(() => message.remove(), REPORT_FOR);
}

// What was pressed has been done: nobody asked why it cannot be done again, while pointer or focus stay there.
let unasked = undefined;

function hideWhy(slot) {
  unasked = slot;
  document.body.classList.add("no-why");
}

function showWhy() {
  unasked = undefined;
  document.body.classList.remove("no-why");
}

// `send` asks and rejects; `before` is done first, whatever is asked.
export function commands({ board, desk, before, drawSoon }) {
  const asked = new Set();

  async function send(action, fields = {}) {
    try {
      await before();
      return await board.send(action, fields);
    } catch (error) {
      if (error.error !== DO_NOT_CALL || !(await confirmed(error.message))) throw error;
      return await board.send(action, { ...fields, override: true });
    } finally {
      drawSoon();
    }
  }

  async function press(button) {
    const { do: action, fields } = button.dataset;
    if (button.getAttribute("aria-disabled") === "true") {
      showWhy();
      return;
    }
    if (asked.has(action)) return;
    hideWhy(button.closest(".slot"));
    const open = openers.get(action);
    if (open !== undefined) {
      open(desk(), button);
      return;
    }
    asked.add(action);
    document.body.classList.add("no-why");
    await send(action, fields ? JSON.parse(fields) : {}).then(reportNothing, (error) => report(wordsOf(error)));
    asked.delete(action);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button !== null) press(button);
  });

  document.addEventListener("submit", async (event) => {
    const { do: action } = event.target.dataset;
    if (action === undefined) return;
    event.preventDefault();
    const named = [...event.target.elements].filter((each) => each.name !== "");
    const fields = Object.fromEntries(named.map((each) => [each.name, each.type === "checkbox" ? each.checked : each.value]));
    await send(action, fields).then(() => event.target.reset(), (error) => report(wordsOf(error)));
  });

  document.addEventListener("keydown", (event) => {
    const keys = event.repeat ? null : pressed(event);
    const wanted = keys === null ? [] : meant(keys);
    // Whatever dialog is open: a call that rings can be taken, or not.
    const names = document.querySelector("dialog:modal") === null ? wanted : wanted.filter((name) => RINGING.includes(name));
    if (names.length > 0 && act(names)) event.preventDefault();
  });

  // A reason in the way of something else goes with Escape, until another is asked for. Whoever has just
  // pressed a button is not told either why it cannot be pressed again.
  document.addEventListener("keydown", (event) => event.key === "Escape" && hideWhy(undefined));
  for (const look of ["focusin", "pointerover"]) document.addEventListener(look, ({ target }) => target.closest?.(".slot") === unasked || showWhy());

  return { send };
}

// The first of the shortcut's elements that can be seen: clicked when possible, else shown why not.
function act(names) {
  const found = [...document.querySelectorAll("[data-shortcut], [data-focus]")].filter((each) => each.checkVisibility());
  const wanted = found.filter((each) => names.includes(each.dataset.shortcut ?? each.dataset.focus));
  const element = wanted.find((each) => each.getAttribute("aria-disabled") !== "true") ?? wanted[0];
  if (element === undefined) return false;
  const only = "focus" in element.dataset || element.dataset.shortcut === "not_ready" || element.getAttribute("aria-disabled") === "true";
  if (only) element.focus();
  else element.click();
  return true;
}
