// The key pad: tones for whoever is at the other end, by mouse or by the same keys. What was pressed is
// not shown, since it may be a secret.

import { opens, report, wordsOf } from "/static/agents/console/commands.js";
import { whyNot } from "/static/agents/console/wish.js";

const KEYS = /^[\d*#]$/;

export function keepKeypad(send, desk) {
  const pad = document.getElementById("keypad");

  const press = (keys) => send("keys", { keys }).catch((error) => report(wordsOf(error)));

  opens("keys", () => (pad.open ? pad.close() : pad.show()));
  pad.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tone]");
    if (button !== null) press(button.dataset.tone);
  });
  pad.addEventListener("keydown", (event) => {
    if (KEYS.test(event.key)) press(event.key);
    else if (event.key === "Escape") pad.close();
    else return;
    event.preventDefault();
  });
  return { refresh: () => pad.open && whyNot(desk(), "keys") !== "" && pad.close() };
}
