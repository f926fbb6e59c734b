// The wall board: draws what the server says and counts the running times itself.

import { connect } from "/static/cti/live.js";
import { t } from "/static/cti/texts.js";
import { clockface } from "/static/cti/timers.js";
import { Alarm } from "./alarm.js";
import { CRITICAL, nextLevel } from "./levels.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const byId = (id) => document.getElementById(id);
const locale = settings.language === "zh" ? "zh-CN" : "en-GB";
const TICK = 250;
const POINTER_SHOWN = 3000;
const SIZES = ["few", "middling", "some", "many", "crowd"];
const STATE_ORDER = ["ready", "reserved", "busy", "hold", "working_after_call", "not_ready"];

const entities = new Map();
const queueTiles = new Map();
const agentCells = new Map();
const HEALED_SHOWN = 60;
const levels = new Map();
const alarm = new Alarm(byId("mute"), t);
let staleSince = performance.now();
let isStale = true;

// --- figures ---------------------------------------------------------------------------------

const write = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const percent = (share) => (share === null || share === undefined ? "–" : `${Math.floor(share * 100)}%`);
const secondsSince = (instant) => (board.now() - Date.parse(instant)) / 1000;

function setLevel(element, key, name, value, sample) {
  const level = nextLevel(levels.get(key) ?? "", value, settings.thresholds[name], sample);
  if (level === CRITICAL && levels.get(key) !== CRITICAL && !isStale) {
    alarm.ring();
    write(byId("announce"), key.split("|").concat(t("wall.critical")).join(" "));
  }
  levels.set(key, level);
  element.dataset.level = level;
}

// --- queues ----------------------------------------------------------------------------------

function drawQueue(key, queue) {
  let tile = queueTiles.get(key);
  if (tile === undefined) {
    tile = byId("queue-template").content.firstElementChild.cloneNode(true);
    queueTiles.set(key, tile);
  }
  const name = queue.names[settings.language];
  write(tile.querySelector("h2"), name);
  const figure = (what) => tile.querySelector(`[data-figure="${what}"]`);
  write(figure("waiting").querySelector(".value"), String(queue.waiting));
  setLevel(figure("waiting"), `${name}|${t("wall.waiting")}`, "waiting", queue.waiting);
  const share = queue.service_level[settings.formula];
  write(figure("service_level").querySelector("dd"), percent(share));
  setLevel(figure("service_level"), `${name}|${t("wall.service_level")}`, "service_level", share, queue.ended);
  write(figure("answered").querySelector("dd"), String(queue.answered));
  write(figure("abandoned").querySelector("dd"), String(queue.abandoned));
  write(figure("ready").querySelector("dd"), String(queue.ready));
  figure("ready").dataset.level = queue.waiting > 0 && queue.ready === 0 ? "warning" : "";
  tickQueue(tile, queue);
}

function tickQueue(tile, queue) {
  const figure = tile.querySelector('[data-figure="longest_wait"]');
  const seconds = queue.oldest === null ? null : Math.max(0, secondsSince(queue.oldest));
  write(figure.querySelector(".value"), seconds === null ? "–" : clockface(seconds));
  const name = queue.names[settings.language];
  setLevel(figure, `${name}|${t("wall.longest_wait")}`, "longest_wait", seconds);
  const worst = [...tile.querySelectorAll(".now [data-level]")].map((each) => each.dataset.level);
  tile.dataset.level = worst.includes("critical") ? "critical" : worst.includes("warning") ? "warning" : "";
}

function placeQueues() {
  const keys = [...queueTiles.keys()].sort((a, b) => entities.get(a).place - entities.get(b).place);
  place(byId("queues"), keys.map((key) => queueTiles.get(key)));
  byId("queues").dataset.count = String(Math.min(keys.length, 8));
}

// --- agents ----------------------------------------------------------------------------------

function drawAgent(key, agent) {
  let cell = agentCells.get(key);
  if (cell === undefined) {
    cell = byId("agent-template").content.firstElementChild.cloneNode(true);
    agentCells.set(key, cell);
  }
  cell.className = `agent state-${agent.state}`;
  cell.classList.toggle("overlong", agent.overlong === true);
  write(cell.querySelector(".name"), agent.name);
  const reason = agent.reason ? t(`console.reason.${agent.reason}`) : "";
  const known = reason && !reason.startsWith("console.reason.");
  write(cell.querySelector(".state"), (agent.overlong ? "⚠ " : "") + (known ? reason : t(`wall.state_${agent.state}`)));
  tickAgent(cell, agent);
}

function tickAgent(cell, agent) {
  write(cell.querySelector(".since"), clockface(secondsSince(agent.since)));
}

function placeAgents() {
  const order = (key) => `${entities.get(key).extension.padStart(12, "0")} ${key}`;
  const keys = [...agentCells.keys()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  place(byId("agents"), keys.map((key) => agentCells.get(key)));
  byId("nobody").hidden = keys.length > 0;
  fitAgents();
}

/** The largest cells with which everybody fits on the screen. */
function fitAgents() {
  const list = byId("agents");
  for (const size of SIZES) {
    list.dataset.size = size;
    if (list.scrollHeight <= list.clientHeight) return;
  }
}

function place(parent, children) {
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}

// --- totals and tickets ----------------------------------------------------------------------

function drawTotals(totals) {
  for (const element of document.querySelectorAll("[data-total]")) {
    const what = element.dataset.total;
    const value = what === "service_level" ? percent(totals.service_level[settings.formula]) : String(totals[what]);
    write(element.querySelector("dd"), value);
  }
  const share = totals.service_level[settings.formula];
  setLevel(document.querySelector('[data-total="service_level"]'), t("wall.today"), "service_level", share, totals.ended);
  const counts = STATE_ORDER.filter((state) => totals.states[state] > 0).map((state) => {
    const item = document.createElement("span");
    item.className = `state-${state}`;
    item.textContent = `${t(`wall.state_${state}`)} ${totals.states[state]}`;
    return item;
  });
  byId("states").replaceChildren(...counts);
}

function drawTickets(tickets) {
  const overdue = tickets?.overdue ?? [];
  const count = tickets?.count ?? 0;
  const atLeast = tickets?.more ? "+" : "";
  write(byId("overdue-count"), `${count}${atLeast}`);
  byId("tickets").dataset.level = count > 0 ? "critical" : "";
  byId("none-overdue").hidden = count > 0;
  const rows = overdue.map((ticket) => {
    const row = document.createElement("li");
    const number = document.createElement("span");
    number.className = "number";
    number.textContent = ticket.number;
    const kind = document.createElement("span");
    kind.textContent = t(`wall.kind_${ticket.kind}`);
    const late = document.createElement("time");
    late.dataset.due = ticket.due;
    row.append(number, kind, late);
    return row;
  });
  if (count > rows.length) {
    const more = document.createElement("li");
    more.className = "more";
    more.textContent = t("wall.more", { count: `${count - rows.length}${atLeast}` });
    rows.push(more);
  }
  byId("overdue").replaceChildren(...rows);
  tickTickets();
}

function drawTicketDay(day) {
  const rated = day?.rated ?? 0;
  byId("ticket-day").hidden = day === undefined;
  byId("ratings").hidden = rated === 0;
  if (day !== undefined) write(byId("ticket-day"), t("wall.ticket_day", day));
  if (rated === 0) return;
  const bad = day.scores[0] + day.scores[1];
  write(byId("ratings"), t("wall.ratings", { count: rated, average: day.average.toFixed(1), bad, unsolved: day.unsolved }));
}

function tickTickets() {
  for (const late of document.querySelectorAll("#overdue time")) {
    const minutes = Math.floor(secondsSince(late.dataset.due) / 60);
    const [count, unit] = minutes < 60 ? [minutes, "minutes"] : minutes < 2880 ? [Math.floor(minutes / 60), "hours"] : [Math.floor(minutes / 1440), "days"];
    write(late, t(`wall.late_${unit}`, { count: Math.max(0, count) }));
  }
}

// --- one entity, one drawing -----------------------------------------------------------------

function draw(key) {
  const value = entities.get(key);
  if (key.startsWith("queue/")) drawQueue(key, value);
  else if (key.startsWith("agent/")) drawAgent(key, value);
  else if (key === "totals") drawTotals(value);
  else if (key === "tickets") drawTickets(value);
  else if (key === "ticket_day") drawTicketDay(value);
}

function remove(key) {
  entities.delete(key);
  queueTiles.delete(key);
  agentCells.delete(key);
  if (key === "tickets") drawTickets(undefined);
  if (key === "ticket_day") drawTicketDay(undefined);
}

function drawAll(snapshot) {
  isStale = false;
  entities.clear();
  queueTiles.clear();
  agentCells.clear();
  for (const [key, value] of Object.entries(snapshot)) entities.set(key, value);
  for (const key of entities.keys()) draw(key);
  if (!entities.has("tickets")) drawTickets(undefined);
  if (!entities.has("ticket_day")) drawTicketDay(undefined);
  placeQueues();
  placeAgents();
}

// --- banner, clock, pointer ------------------------------------------------------------------

function drawBanner() {
  const banner = byId("banner");
  const journal = entities.get("journal");
  document.body.classList.toggle("is-stale", isStale);
  const healed = justHealed();
  const hidden = !isStale && journal === undefined && healed === null;
  if (banner.hidden !== hidden) {
    banner.hidden = hidden;
    fitAgents();
  }
  if (isStale) {
    const seconds = Math.floor((performance.now() - staleSince) / 1000);
    write(banner, t("wall.stale", { age: clockface(seconds) }));
  } else if (journal !== undefined) {
    write(banner, t("wall.journal", { age: clockface(secondsSince(journal.since)) }));
  } else if (healed !== null) {
    write(banner, t("wall.healed", { name: healed.name || t("wall.waiting"), count: healed.count }));
  }
}

// Two parts of the house did not agree, and were put right: a fault, told for a minute.
function justHealed() {
  const healed = entities.get("healed");
  return healed !== undefined && secondsSince(healed.at) < HEALED_SHOWN ? healed : null;
}

const timeFormat = new Intl.DateTimeFormat(locale, { timeZone: settings.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dateFormat = new Intl.DateTimeFormat(locale, { timeZone: settings.zone, month: "long", day: "numeric", weekday: locale === "zh-CN" ? "long" : "short" });

function tick() {
  drawBanner();
  if (!isStale) {
    // What nobody confirms does not run on.
    for (const [key, tile] of queueTiles) tickQueue(tile, entities.get(key));
    for (const [key, cell] of agentCells) tickAgent(cell, entities.get(key));
    tickTickets();
  }
  write(byId("clock"), timeFormat.format(board.now()));
  write(byId("date"), dateFormat.format(board.now()));
}

let pointer = 0;
document.addEventListener("mousemove", () => {
  document.body.classList.add("pointing");
  clearTimeout(pointer);
  pointer = setTimeout(() => document.body.classList.remove("pointing"), POINTER_SHOWN);
});

const board = connect("/wall/live", {
  onSnapshot: drawAll,
  onSet(key, value) {
    const known = entities.has(key);
    entities.set(key, value);
    draw(key);
    if (!known && key.startsWith("queue/")) placeQueues();
    if (!known && key.startsWith("agent/")) placeAgents();
  },
  onDelete(key) {
    remove(key);
    placeQueues();
    placeAgents();
  },
  onStale(stale) {
    isStale = stale;
    if (stale) staleSince = performance.now() - 3000;
    drawBanner();
  },
});
setInterval(tick, TICK);
window.addEventListener("resize", fitAgents);
