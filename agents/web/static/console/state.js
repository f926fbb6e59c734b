// The agent's own state: one word, one colour, one icon, one running time, and what can be chosen.

import { h, icon, timer } from "/static/agents/console/dom.js";
import { occupied, wrappingUp } from "/static/agents/console/desk.js";
import { shown } from "/static/agents/console/shortcuts.js";
import { span, word } from "/static/agents/console/words.js";
import { wish } from "/static/agents/console/wish.js";
import { t } from "/static/cti/texts.js";

const NEAR_THE_END = 120;
const reasons = JSON.parse(document.getElementById("reasons").textContent);

export const reasonWord = (reason) => word("console.reason", reason);

export function stateWord(agent) {
  const kind = agent.state === "busy" && agent.busy ? `console.busy.${agent.busy}` : "";
  return kind ? t(kind) : t(`console.state.${agent.state}`);
}

export function statePanel(desk) {
  return [now(desk.agent), afterwards(desk), choices(desk), phone(desk.agent)];
}

function now(agent) {
  const until = agent.reason_until;
  return h(
    "div",
    { id: "state", class: `state-${agent.state}`, "data-due": until, "data-near": until && NEAR_THE_END },
    icon(agent.state),
    h("div", null, h("strong", { id: "state-word" }, stateWord(agent)), h("span", { id: "state-reason" }, agent.reason && reasonWord(agent.reason))),
    timer({ since: agent.since, id: "state-timer" }),
    until && h("span", { class: "limit" }, h("span", { class: "left" }, t("console.reason_left"), " ", timer({ until })), h("span", { class: "exceeded" }, t("console.reason_over"))),
  );
}

function afterwards(desk) {
  const next = desk.agent.pending;
  if (next === null) return null;
  const reason = next.reason ? ` (${reasonWord(next.reason)})` : "";
  return h("p", { id: "pending", class: "message" }, t("console.next", { state: t(`console.state.${next.state}`) + reason }));
}

function choices(desk) {
  const { agent } = desk;
  if (agent.state === "logged_off") return h("div", { class: "choices", key: "off" }, wish(desk, "sign_in", { look: "primary" }));
  const later = occupied(desk) && !wrappingUp(desk);
  return h("div", { class: "choices", key: "on" }, readyButton(desk, later), notReady(desk, later));
}

// In a call, ready is where it leads to anyway, unless something else was chosen.
function readyButton(desk, later) {
  const { agent } = desk;
  if (agent.state === "ready" || (later && agent.pending === null)) return null;
  const words = t(later ? "console.ready_later" : "console.do.ready");
  return wish(desk, "ready", { words, sign: "ready", id: "ready", look: later ? "ready later" : "ready" });
}

function notReady(desk, later) {
  const { agent } = desk;
  const next = agent.pending;
  const chosen = next?.state === "not_ready" ? next.reason : agent.reason;
  const buttons = reasons.map(({ reason, longest }, index) =>
    wish(desk, "not_ready", {
      at: `not_ready-${reason}`,
      words: [reasonWord(reason), longest ? h("small", null, span(longest)) : null],
      fields: { reason },
      pressed: reason === chosen,
      keys: index === 0,
      hint: false,
      more: { "data-reason": reason },
    }),
  );
  const title = t(later || wrappingUp(desk) ? "console.not_ready_later" : "console.do.not_ready");
  return h("fieldset", { key: "not_ready" }, h("legend", null, title, " ", h("kbd", { "aria-hidden": "true" }, shown("not_ready").keys)), h("div", { class: "reasons" }, buttons, wish(desk, "sign_out", { look: "quiet" })));
}

function phone(agent) {
  const { registered } = agent.phone;
  return h(
    "p",
    { class: registered ? "phone small" : "phone small missing" },
    h("span", { id: "phone-dot", "aria-hidden": "true" }),
    h("span", null, t("console.phone", { extension: agent.extension })),
    h("span", { id: "phone-word" }, t(registered ? "console.phone.registered" : "console.phone.missing")),
  );
}
