// The agents, whoever needs attention first.

import { h, icon, timer } from "/static/agents/console/dom.js";
import { named, word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const NEAR_THE_END = 120;
const BAD_LOSS = 3;
const BAD_ROUND_TRIP = 300;
const ORDER = ["hold", "reserved", "working_after_call", "busy", "not_ready", "ready", "logged_off"];

const overlong = (agent, now) => agent.reason_until !== null && Date.parse(agent.reason_until) <= now;
const poor = ({ quality }) => quality !== null && ((quality.loss ?? 0) >= BAD_LOSS || (quality.round_trip ?? 0) >= BAD_ROUND_TRIP);
const unplugged = (agent) => agent.state !== "logged_off" && !agent.phone.registered;

export const needsAttention = (agent, now) => overlong(agent, now) || poor(agent) || unplugged(agent);

export function sorted({ agents, now }, { words, queue, state }) {
  const fits = (agent) =>
    (state ? agent.state === state : agent.state !== "logged_off") &&
    (!queue || agent.queues.includes(queue)) &&
    (!words || `${agent.name} ${agent.extension}`.toLowerCase().includes(words));
  const rank = (agent) => (needsAttention(agent, now) ? -1 : ORDER.indexOf(agent.state));
  return agents.filter(fits).sort((one, other) => rank(one) - rank(other) || one.since.localeCompare(other.since) || one.id.localeCompare(other.id));
}

export function stateWord(agent) {
  const kind = agent.state === "busy" && agent.busy ? `console.busy.${agent.busy}` : "";
  return kind ? t(kind) : t(`console.state.${agent.state}`);
}

export function agentRows(floor, shown) {
  if (shown.length === 0) return h("tr", { key: "none" }, h("td", { colspan: 5, class: "empty soft" }, t("floor.nobody")));
  return shown.map((agent) => row(floor, agent));
}

function row(floor, agent) {
  return h(
    "tr",
    { key: agent.id, "data-agent": agent.id, class: needsAttention(agent, floor.now) ? "attention" : "" },
    h("th", { scope: "row" }, h("span", { class: "name" }, agent.name), " ", h("span", { class: "soft small" }, agent.extension)),
    h("td", null, state(agent)),
    h("td", null, call(floor, agent)),
    h("td", null, line(agent)),
    h("td", { class: "do" }, h("button", { type: "button", class: "small", "data-menu": agent.id, "aria-haspopup": "menu", "aria-label": t("floor.actions_for", { name: agent.name }) }, t("floor.actions"))),
  );
}

function state(agent) {
  const until = agent.reason_until;
  const next = agent.pending;
  return h(
    "div",
    { class: "now", "data-due": until, "data-near": until && NEAR_THE_END },
    h("span", { class: `badge state-${agent.state}` }, icon(agent.state), stateWord(agent), agent.reason && ` · ${word("console.reason", agent.reason)}`),
    timer({ since: agent.since, key: "since" }),
    until && h("span", { class: "exceeded", key: "over" }, icon("warning"), t("floor.overlong")),
    next && h("span", { class: "soft small", key: "next" }, t("floor.next", { state: t(`console.state.${next.state}`) })),
  );
}

function call(floor, agent) {
  const found = agent.call;
  if (found === null) return null;
  const queue = found.queue_id && floor.one("queue", found.queue_id);
  return h(
    "div",
    { class: "talk" },
    h("span", null, t(`console.kind.${found.kind}`), queue && ` · ${named(queue.names)}`),
    h("span", { class: "with" }, found.with),
    found.answered && timer({ since: found.answered, key: "answered" }),
    agent.held > 0 && h("span", { class: "badge state-hold", key: "held" }, t("floor.held", { count: agent.held })),
    found.secure && h("span", { class: "badge level-priority", key: "secure" }, icon("lock"), t("floor.secure")),
    agent.supervisors.map((each) => h("span", { class: "badge level-special", key: `by-${each.staff_id}` }, `${each.name} · ${t(`floor.mode.${each.mode}`)}`)),
  );
}

function line(agent) {
  if (unplugged(agent)) return h("span", { class: "badge level-danger", key: "none" }, icon("warning"), t("floor.no_phone"));
  const { quality } = agent;
  if (quality === null) return null;
  const figures = { loss: quality.loss === null ? "–" : quality.loss.toFixed(1), time: quality.round_trip === null ? "–" : Math.round(quality.round_trip) };
  const bad = poor(agent);
  return h("span", { class: bad ? "badge level-warning" : "small", key: "line" }, bad && icon("warning"), t("floor.quality", figures));
}
