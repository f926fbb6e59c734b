// What must not be missed: a call is announced in the title, to screen readers, and on the desktop when
// the page is not in front. Screen readers hear changes, never the timers.

import { outcomeWords } from "/static/agents/console/calls.js";
import { incoming } from "/static/agents/console/desk.js";
import { named } from "/static/agents/console/words.js";
import { reasonWord, stateWord } from "/static/agents/console/state.js";
import { t } from "/static/cti/texts.js";

const FLASH = 1000;
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");
const usual = document.title;

let drawn = { state: null, reason: null, call_id: null };
let told = null;
let flash = null;
let notification = null;

export function alertAgent(desk) {
  const { agent } = desk;
  const call = incoming(desk);
  if (call !== null) {
    if (call.call_id !== drawn.call_id) ring(desk, call);
    drawn = { state: agent.state, reason: agent.reason, call_id: call.call_id };
    return;
  }
  if (drawn.call_id !== null) calm();
  const news = drawn.state === null ? [] : [newState(agent), newOutcome(desk.loan)].filter(Boolean);
  if (news.length > 0) document.getElementById("said").textContent = news.join(" ");
  told = desk.loan?.ended ?? null;
  drawn = { state: agent.state, reason: agent.reason, call_id: null };
}

function newState(agent) {
  if (agent.state === drawn.state && agent.reason === drawn.reason) return "";
  const reason = agent.reason ? ` (${reasonWord(agent.reason)})` : "";
  return t("console.now", { state: stateWord(agent) + reason });
}

const newOutcome = (loan) => (loan?.ended && loan.ended !== told ? outcomeWords(loan) : "");

function ring(desk, call) {
  const name = call.name || call.number || t("console.unknown_caller");
  const words = t("console.ringing", { name });
  document.getElementById("called").textContent = words;
  let on = false;
  const turn = () => {
    on = !on || STILL.matches;
    document.title = `☎ ${on ? words : usual}`;
  };
  clearInterval(flash);
  flash = setInterval(turn, FLASH);
  turn();
  notify(desk, call);
}

function calm() {
  clearInterval(flash);
  document.title = usual;
  document.getElementById("called").textContent = "";
  notification?.close();
  notification = null;
}

// Nothing about the customer: notifications are kept by the desktop, and seen over shoulders.
function notify({ queues }, call) {
  if (document.hasFocus() || window.Notification?.permission !== "granted") return;
  const queue = queues.find((each) => each.id === call.queue_id);
  notification = new Notification(t("console.notification"), { body: queue ? named(queue.names) : "", tag: "call", requireInteraction: true });
  notification.onclick = () => window.focus();
}

// Asked once, by the click that begins the shift.
export function askToNotify() {
  if (window.Notification?.permission === "default") Notification.requestPermission();
}
