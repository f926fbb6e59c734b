// The agent console: keeps the three entities of the board and draws what changed.

import { CommandRefused, connect } from "/static/cti/live.js";
import { startTimers, updateTimers } from "/static/cti/timers.js";
import { t } from "/static/cti/texts.js";
import { drawCard, tick } from "/static/agents/card.js";
import { keepNotes } from "/static/agents/notes.js";
import { drawQueues, markLate } from "/static/agents/queues.js";
import { drawState, offered } from "/static/agents/state.js";

const REPORT_FOR = 8000;
const TICK = 250;

const desk = document.querySelector(".desk");
const me = `agent/${desk.dataset.agent}`;
const myCard = `card/${desk.dataset.agent}`;
const entities = new Map();
let drawn = { state: null, call_id: null };

const board = connect("/console/live", {
  onSnapshot(all) {
    entities.clear();
    for (const [key, value] of Object.entries(all)) entities.set(key, value);
    draw();
  },
  onSet(key, value) {
    entities.set(key, value);
    draw();
  },
  onDelete(key) {
    entities.delete(key);
    draw();
  },
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});

const notes = keepNotes((call_id, text) => board.send("notes", { call_id, text }));

function draw() {
  const agent = entities.get(me);
  if (agent === undefined) return;
  const card = entities.get(myCard) ?? null;
  drawState(agent);
  drawQueues(document.getElementById("queues"), entities);
  drawCard(agent, card, entities);
  notes.show(agent);
  speak(agent, card);
  updateTimers(document, board.now());
  tickAll();
}

function tickAll() {
  tick(board.now());
  markLate(document.getElementById("queues"), board.now());
}

// Screen readers hear changes, never the timers.
function speak(agent, card) {
  const ringing = offered(agent);
  if (agent.state !== drawn.state && !ringing) {
    const state = t(`console.state.${agent.state}`);
    document.getElementById("said").textContent = t("console.now", { state });
  }
  if (ringing && card !== null && card.call_id !== drawn.call_id) {
    const name = card.name || card.calling || t("console.unknown_caller");
    document.getElementById("called").textContent = t("console.ringing", { name });
    drawn.call_id = card.call_id;
  }
  document.title = document.title.replace(/^☎ /, "");
  if (ringing) document.title = `☎ ${document.title}`;
  drawn.state = agent.state;
}

function report(error) {
  const message = document.createElement("p");
  message.className = "message danger";
  message.textContent = error instanceof CommandRefused ? error.message : t("console.stale");
  document.getElementById("notifications").replaceChildren(message);
  setTimeout(() => message.remove(), REPORT_FOR);
}

async function wish(button) {
  button.disabled = true;
  try {
    await notes.flush();
    const { reason } = button.dataset;
    await board.send(button.dataset.do, reason === undefined ? {} : { reason });
    document.getElementById("notifications").replaceChildren();
  } catch (error) {
    report(error);
  } finally {
    button.disabled = false;
    draw();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button !== null) wish(button);
});

// Function keys: they work while typing, and neither input methods nor browsers want these.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const button of document.querySelectorAll("[data-key], [data-focus-key]")) {
    if (button.closest("[hidden]") !== null || button.disabled) continue;
    if (button.dataset.key === event.key) button.click();
    else if (button.dataset.focusKey === event.key) button.focus();
    else continue;
    event.preventDefault();
    return;
  }
});

startTimers(() => board.now());
setInterval(tickAll, TICK);
