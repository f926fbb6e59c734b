// The call card: who calls and what is known, the call's buttons, tickets and earlier calls.

import { clockface } from "/static/cti/timers.js";
import { t } from "/static/cti/texts.js";

const language = document.documentElement.lang;
const zone = document.querySelector(".desk").dataset.zone;
const shortDate = new Intl.DateTimeFormat(language, { timeZone: zone, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { timeZone: zone, month: "short", day: "numeric" });
const CERTAINTIES = { none: "", recognised: "level-warning", signed_in: "level-success" };

const ENDING = 10000;

const at = (id) => document.getElementById(id);
const when = (instant) => shortDate.format(new Date(instant));

// A deadline at midnight is the end of the day before, 24:00.
function deadline(instant) {
  const text = when(instant);
  return text.endsWith("00:00") ? `${day.format(Date.parse(instant) - 1000)} 24:00` : text;
}

function word(prefix, value) {
  const key = `${prefix}.${value}`;
  const found = t(key);
  return found === key ? value : found;
}

export function drawCard(agent, card, entities) {
  const nothing = card === null;
  at("no-call").hidden = !nothing;
  at("card").hidden = nothing;
  at("call").classList.toggle("ringing", agent.state === "reserved");
  at("ring").hidden = nothing || agent.state !== "reserved";
  at("bar").hidden = !["busy", "hold"].includes(agent.state);
  at("after").hidden = nothing || agent.state !== "working_after_call";
  at("notes-area").hidden = nothing || agent.state === "reserved";
  if (nothing) return;
  drawTimes(agent, card);
  drawCaller(card);
  drawFacts(card, entities);
  drawLists(card);
}

function drawTimes(agent, card) {
  if (agent.state === "reserved") {
    const until = Date.parse(agent.deadline);
    at("ring-left").dataset.until = agent.deadline;
    at("ring-bar").dataset.until = String(until);
    at("ring-bar").max = (until - Date.parse(card.offered)) / 1000;
  }
  if (agent.answered !== null) at("talk-timer").dataset.since = agent.answered;
  if (agent.state === "working_after_call") at("after-left").dataset.until = agent.deadline;
}

// What shrinks while time passes: the bar under the ringing, and the end of after-call work.
export function tick(now) {
  if (!at("ring").hidden) at("ring-bar").value = Math.max(0, (Number(at("ring-bar").dataset.until) - now) / 1000);
  if (!at("after").hidden) at("after").classList.toggle("ending", Date.parse(at("after-left").dataset.until) - now < ENDING);
}

function drawCaller(card) {
  at("card-name").textContent = card.name || t("console.unknown_caller");
  at("card-level").textContent = t(`console.level.${card.level}`);
  at("card-level").className = `badge level-${card.level}`;
  at("card-level").hidden = card.customer_id === null;
  at("card-verification").textContent = t(`console.verification.${card.verification}`);
  at("card-verification").className = `badge ${CERTAINTIES[card.verification]}`;
}

function drawFacts(card, entities) {
  const queue = entities.get(`queue/${card.queue_id}`);
  const entered = Object.entries(card.entered);
  at("card-number").textContent = card.calling || t("console.withheld");
  at("card-dialled").textContent = card.called;
  at("card-queue").textContent = queue?.names[language.slice(0, 2)] ?? card.queue_id;
  at("card-waited").textContent = card.queued ? clockface((Date.parse(card.offered) - Date.parse(card.queued)) / 1000) : "";
  at("card-language").textContent = t(`console.language.${card.language}`);
  at("card-path").textContent = card.path.map((choice) => word("choice", choice)).join(" › ");
  at("entered").hidden = entered.length === 0;
  at("card-entered").textContent = entered.map(([name, value]) => `${name}: ${value}`).join(", ");
  at("complaint").href = `/tickets/new?${new URLSearchParams({ call: card.call_id, type: "complaint" })}`;
}

function drawLists(card) {
  drawList(at("tickets"), card, "tickets", ticketLine);
  drawList(at("last-calls"), card, "last_calls", callLine);
}

function drawList(list, card, name, line) {
  const lines = card[name];
  if (lines !== null && lines.length > 0) {
    list.replaceChildren(...lines.map(line));
    return;
  }
  const empty = document.createElement("li");
  empty.className = "empty";
  const missing = card.unavailable.includes(name) ? "console.unavailable" : "console.loading";
  empty.textContent = t(lines === null ? missing : `console.no_${name}`);
  list.replaceChildren(empty);
}

function ticketLine(ticket) {
  const link = document.createElement("a");
  link.className = "main";
  link.href = `/tickets/${encodeURIComponent(ticket.number)}`;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = `${word("console.ticket", ticket.kind)} · ${ticket.title}`;
  const state = text("span", word("console.ticket_state", ticket.state));
  const due = text("span", ticket.due ? t("console.due", { when: deadline(ticket.due) }) : "", "soft");
  const number = text("span", ticket.number, "soft");
  if (ticket.overdue) {
    due.textContent = t("console.overdue");
    due.className = "badge level-danger";
  }
  return entry(link, state, number, due);
}

function callLine(call) {
  const main = text("span", when(call.started), "main");
  const outcome = text("span", word("console.outcome", call.outcome));
  const choices = call.path.map((choice) => word("choice", choice));
  const path = text("span", [call.agent_name, choices.join(" › ")].filter(Boolean).join(" · "), "soft");
  return entry(main, outcome, path, text("span", clockface(call.seconds), "soft"));
}

function entry(...parts) {
  const line = document.createElement("li");
  line.append(...parts);
  return line;
}

function text(tag, content, className = "") {
  const element = document.createElement(tag);
  element.textContent = content;
  element.className = className;
  return element;
}
