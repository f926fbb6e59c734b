// Who calls and how they came here: shown while it rings, and until the call is wrapped up.

import { h, icon, timer } from "/static/agents/console/dom.js";
import { ringing } from "/static/agents/console/desk.js";
import { clock, named, word } from "/static/agents/console/words.js";
import { clockface } from "/static/cti/timers.js";
import { t } from "/static/cti/texts.js";

const CERTAINTIES = { none: "", recognised: "level-warning", signed_in: "level-success" };

export function caller(desk) {
  const { card } = desk;
  return [ringing(desk) && ring(desk), heading(desk), h("dl", { class: "facts", key: "facts" }, facts(desk).map(fact))];
}

function ring({ agent, card }) {
  const seconds = (Date.parse(agent.deadline) - Date.parse(card.offered)) / 1000;
  const own = agent.phone.kind === "browser";
  return h(
    "div",
    { id: "ring", key: "ring", class: "ring" },
    h("span", null, icon("reserved"), t(own ? "console.ringing_here" : "console.ringing_now")),
    timer({ until: agent.deadline }),
    h("progress", { "data-due": agent.deadline, max: seconds, value: seconds, "aria-hidden": "true", keep: true }),
  );
}

function heading({ card }) {
  return h(
    "div",
    { class: "caller", key: "heading" },
    h("h2", { id: "card-name" }, card.name || t("console.unknown_caller")),
    card.customer_id && h("span", { id: "card-level", class: `badge level-${card.level}` }, t(`console.level.${card.level}`)),
    h("span", { id: "card-verification", class: `badge ${CERTAINTIES[card.verification]}` }, t(`console.verification.${card.verification}`)),
    card.promised && h("span", { class: "badge level-warning" }, icon("dial"), t(card.attempt > 1 ? "console.promised_again" : "console.promised", { when: clock(card.promised), attempt: card.attempt })),
  );
}

function facts(desk) {
  const { card, queues } = desk;
  const queue = queues.find((each) => each.id === card.queue_id);
  const waited = card.queued ? clockface((Date.parse(card.offered) - Date.parse(card.queued)) / 1000) : "";
  const entered = Object.entries(card.entered).map(([name, value]) => `${name}: ${value}`);
  return [
    ["number", card.calling || t("console.withheld")],
    ["place", card.place && home(card.place)],
    ["dialled", card.called],
    ["queue", queue ? named(queue.names) : card.queue_id],
    ["waited", waited],
    ["language", t(`console.language.${card.language}`)],
    ["path", card.path.map((choice) => word("choice", choice)).join(" › ")],
    ["entered", entered.join(", ")],
  ].filter(([, value]) => value);
}

// Where the number is at home: an area of mainland China or a territory, as far as the number tells it.
function home({ names, mobile }) {
  return [named(names), mobile && t("console.mobile")].filter(Boolean).join(" · ");
}

function fact([name, value]) {
  return h("div", { key: name }, h("dt", null, t(`console.fact.${name}`)), h("dd", { id: `card-${name}` }, value));
}
