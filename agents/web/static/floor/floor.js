// The supervisors' desk: one WebSocket, and what is drawn from the entities it brings.

import { connect } from "/static/cti/live.js";
import { t } from "/static/cti/texts.js";
import { updateTimers } from "/static/cti/timers.js";
import { draw } from "/static/agents/console/dom.js";
import { mark } from "/static/agents/console/marks.js";
import { keepTheme } from "/static/agents/console/theme.js";
import { agentRows, sorted } from "/static/agents/floor/agents.js";
import { keepMenu } from "/static/agents/floor/menu.js";
import { alarmRows, assignedRows, queueOptions, queueRows } from "/static/agents/floor/side.js";

const TICK = 500;
const REPORT_FOR = 8000;
const HELD_FOR = 10000;

const at = (id) => document.getElementById(id);
const me = JSON.parse(at("me").textContent);
const entities = new Map();
let asked = false;
let stale = false;
let known = null;
let order = [];
let touched = -HELD_FOR;

const board = connect("/floor/live", {
  onSnapshot(all) {
    entities.clear();
    for (const [key, value] of Object.entries(all)) entities.set(key, value);
    known = null;
    drawSoon();
  },
  onSet(key, value) {
    entities.set(key, value);
    drawSoon();
  },
  onDelete(key) {
    entities.delete(key);
    drawSoon();
  },
  onStale(now) {
    stale = now;
    at("stale").hidden = !now;
    drawSoon();
  },
});

const all = (kind) => {
  const found = [...entities].filter(([key]) => key.startsWith(`${kind}/`));
  return found.map(([key, value]) => ({ ...value, id: key.slice(kind.length + 1) }));
};
const floor = () => ({
  me,
  stale,
  now: board.now(),
  agents: all("agent"),
  queues: all("queue"),
  one: (kind, id) => entities.get(`${kind}/${id}`) ?? null,
});
const menu = keepMenu(at("menu"), floor, send);

function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(drawFloor);
}

function drawFloor() {
  asked = false;
  const here = floor();
  const chosen = { words: at("find").value.trim().toLowerCase(), queue: at("of-queue").value, state: at("of-state").value };
  const focused = document.activeElement.dataset?.menu;
  const shown = inPlace(sorted(here, chosen));
  at("agents-count").textContent = t("floor.shown", { shown: shown.length, all: here.agents.length });
  draw(at("agents"), agentRows(here, shown));
  if (focused) document.querySelector(`[data-menu="${CSS.escape(focused)}"]`)?.focus();
  draw(at("of-queue"), queueOptions(here));
  draw(at("queues"), queueRows(here));
  draw(at("alarms"), alarmRows(here, all("alarm")));
  draw(at("assigned"), assignedRows(here, all("offer")));
  menu.refresh();
  tellAlarms();
  tick();
}

// Nobody's row moves from under the hand of whoever is about to act on it.
function inPlace(shown) {
  const place = new Map(order.map((id, index) => [id, index]));
  const held = performance.now() - touched < HELD_FOR;
  const rows = held ? shown.sort((one, other) => (place.get(one.id) ?? order.length) - (place.get(other.id) ?? order.length)) : shown;
  order = rows.map((agent) => agent.id);
  return rows;
}

function touch() {
  touched = performance.now();
}

// A new alarm is read out once; those of before the page was opened are not.
function tellAlarms() {
  const ids = [...entities.keys()].filter((key) => key.startsWith("alarm/"));
  const fresh = known === null ? [] : ids.filter((key) => !known.has(key));
  if (fresh.length) at("alarmed").textContent = t("floor.alarm_new", { count: fresh.length });
  known = new Set(ids);
}

function tick() {
  updateTimers(document, board.now());
  mark(document, board.now());
}

function report(words, look = "danger") {
  const message = document.createElement("p");
  message.className = `message ${look}`;
  message.textContent = words;
  at("notifications").append(message);
  setTimeout(() => message.remove(), REPORT_FOR);
}

async function send(action, fields, done) {
  try {
    await board.send(action, fields);
    if (done) at("said").textContent = done;
  } catch (error) {
    report(error.text || t("floor.stale"));
  }
}

document.addEventListener("click", (event) => {
  const seen = event.target.closest("[data-acknowledge]");
  if (seen !== null) send("acknowledge", { alarm: seen.dataset.acknowledge });
});
for (const id of ["find", "of-queue", "of-state"]) at(id).addEventListener("input", drawSoon);
for (const id of ["agents", "menu"]) for (const use of ["pointermove", "keydown", "focusin"]) at(id).addEventListener(use, touch);
keepTheme();
setInterval(tick, TICK);
// What needs attention changes as time passes.
setInterval(drawSoon, 5000);
