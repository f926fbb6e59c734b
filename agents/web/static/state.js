// The agent's own state: one word, one colour, one icon, one running time, and what can be done.

import { t } from "/static/cti/texts.js";

const OCCUPIED = ["reserved", "busy", "hold", "working_after_call"];

export const offered = (agent) => agent.state === "reserved";
export const occupied = (agent) => OCCUPIED.includes(agent.state);

export function reasonWord(reason) {
  const key = `console.reason.${reason}`;
  const word = t(key);
  return word === key ? reason : word;
}

export function drawState(agent) {
  const panel = document.getElementById("state");
  panel.className = `state-${agent.state}`;
  document.getElementById("state-icon").setAttribute("href", `#icon-${agent.state}`);
  document.getElementById("state-word").textContent = t(`console.state.${agent.state}`);
  document.getElementById("state-reason").textContent = agent.reason ? reasonWord(agent.reason) : "";
  document.getElementById("state-timer").dataset.since = agent.since;
  drawChoices(agent);
  drawPending(agent);
  drawPhone(agent);
}

// data-when names the states in which something can be done, data-unless those in which not.
function drawChoices(agent) {
  for (const element of document.querySelectorAll("[data-when]")) {
    element.hidden = !element.dataset.when.split(" ").includes(agent.state);
  }
  for (const element of document.querySelectorAll("[data-unless]")) {
    element.hidden = element.dataset.unless.split(" ").includes(agent.state);
  }
  const later = occupied(agent);
  const readyNow = !later || agent.state === "working_after_call";
  const ready = document.getElementById("ready");
  // In a call, ready is where it leads to anyway, unless something else was chosen.
  ready.hidden ||= !readyNow && agent.pending === null;
  ready.classList.toggle("later", !readyNow);
  document.getElementById("ready-word").textContent = t(readyNow ? "console.ready" : "console.ready_later");
  document.getElementById("not-ready-word").textContent = t(later ? "console.not_ready_later" : "console.not_ready");
  const chosen = agent.pending?.state === "not_ready" ? agent.pending.reason : agent.reason;
  for (const button of document.querySelectorAll("[data-reason]")) {
    button.setAttribute("aria-pressed", String(button.dataset.reason === chosen));
  }
  const extend = document.getElementById("extend");
  extend.disabled = agent.extensions_left === 0;
  extend.title = t("console.extend_left", { count: agent.extensions_left });
}

function drawPending(agent) {
  const pending = document.getElementById("pending");
  pending.hidden = agent.pending === null;
  if (agent.pending === null) return;
  const word = t(`console.state.${agent.pending.state}`);
  const reason = agent.pending.reason ? ` (${reasonWord(agent.pending.reason)})` : "";
  pending.textContent = t("console.next", { state: word + reason });
}

function drawPhone(agent) {
  const word = document.getElementById("phone-word");
  word.textContent = t(agent.phone_registered ? "console.phone.registered" : "console.phone.missing");
  word.parentElement.classList.toggle("missing", !agent.phone_registered);
}
