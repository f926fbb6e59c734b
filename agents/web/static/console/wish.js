// A button that asks the server for something. The server says what is possible (`agent.can`); what is
// not stays where it is, can be reached by the keyboard, and says why.

import { h, icon } from "/static/agents/console/dom.js";
import { shown } from "/static/agents/console/shortcuts.js";
import { t } from "/static/cti/texts.js";

let offline = false;

export function setOffline(value) {
  offline = value;
}

// Why the action is impossible now: "" when it is not, undefined when this house does not offer it.
export function whyNot(desk, action) {
  const reason = desk.can[action];
  if (reason === undefined) return undefined;
  if (offline) return t("console.why.stale");
  if (desk.elsewhere) return t("console.why.elsewhere");
  return reason === "" ? "" : t(reason.includes(".") ? reason : `console.why.${reason}`);
}

export function wish(desk, action, { words, sign = null, fields = {}, look = "", id, pressed, at = action, keys = true, hint = keys, more = {} } = {}) {
  const why = whyNot(desk, action);
  if (why === undefined) return null;
  const reason = `why-${at}`;
  const shortcut = keys ? shown(action) : null;
  const button = h(
    "button",
    {
      type: "button",
      id,
      class: look,
      "data-do": action,
      "data-fields": Object.keys(fields).length ? JSON.stringify(fields) : null,
      "data-shortcut": shortcut && action,
      "aria-disabled": why ? "true" : null,
      "aria-describedby": why ? reason : null,
      "aria-pressed": pressed === undefined ? null : String(pressed),
      "aria-keyshortcuts": shortcut?.aria,
      ...more,
    },
    sign && icon(sign),
    h("span", { class: "label" }, words ?? t(`console.do.${action}`)),
    shortcut && hint && h("kbd", { "aria-hidden": "true" }, shortcut.keys),
  );
  return h("span", { class: "slot", key: at }, button, why && h("span", { class: "why", id: reason, role: "tooltip" }, why));
}
