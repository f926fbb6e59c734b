// A list that is the latest. The board says which lists changed; a page whose own list did fetches
// itself, at most once in EVERY and only while somebody can see it. The server renders everything,
// here and without scripts; the script counts down, and lets keys choose a line.

import { connect } from "/static/cti/live.js";
import { released } from "/static/cti/press.js";
import { t } from "/static/cti/texts.js";
import { showCount } from "/static/tickets/counts.js";
import { offerKeys } from "/static/tickets/keys.js";

const EVERY = 2000; // milliseconds between two fetches
const TICK = 1000;
const NEAR = 75; // per cent, as in countdown.py
const MINUTE = 60000;

const own = () => document.getElementById("list");
let board = null;
let waiting = null;
let fetched = 0;
let wanted = false;
const turns = new Map();

// --- news -------------------------------------------------------------------------------------

function soon() {
  wanted = true;
  if (waiting !== null || document.hidden) return;
  waiting = setTimeout(refresh, Math.max(300, fetched + EVERY - Date.now()));
}

async function refresh() {
  wanted = false;
  fetched = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    await released();
    if (answer.redirected) location.reload(); // signed out
    else if (answer.ok) place(fresh);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the network is away; the stale bar says so
  } finally {
    waiting = null;
    if (wanted) soon();
  }
}

function place(fresh) {
  const chosen = document.querySelector("tr.chosen")?.dataset.number;
  const focused = document.activeElement?.closest("[data-news]") && document.activeElement.getAttribute("href");
  const then = fresh.querySelectorAll("[data-news]");
  document.querySelectorAll("[data-news]").forEach((part, index) => {
    if (then[index] && part.innerHTML !== then[index].innerHTML) part.innerHTML = then[index].innerHTML;
  });
  if (focused) document.querySelector(`[data-news] a[href="${CSS.escape(focused)}"]`)?.focus();
  if (chosen) choose(document.querySelector(`tr[data-number="${CSS.escape(chosen)}"]`), false);
  count();
  document.getElementById("said").textContent = t("ticket.list.news");
}

function counted(key, value) {
  showCount(key, value);
  const before = turns.get(key);
  turns.set(key, value.turn);
  if (key === own().dataset.key && before !== value.turn) soon();
}

function changed(number, { version }) {
  const line = document.querySelector(`tr[data-number="${CSS.escape(number)}"]`);
  if (line !== null && version > Number(line.dataset.version)) soon();
}

let first = true;
board = connect("/tickets/live", {
  onSnapshot(entities) {
    for (const [key, value] of Object.entries(entities)) {
      if (first) turns.set(key, value.turn);
      counted(key, value);
    }
    if (!first) soon(); // what happened while the connection was away
    first = false;
  },
  onSet(key, value) {
    if (key.includes("/")) counted(key, value);
    else changed(key, value);
  },
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && wanted) soon();
});

// --- time -------------------------------------------------------------------------------------

function duration(time) {
  const minutes = Math.floor(time / MINUTE);
  if (!minutes) return t("ticket.duration.moment");
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return t("ticket.duration.days", { days: Math.floor(hours / 24), hours: hours % 24 });
  if (hours) return t("ticket.duration.hours", { hours, minutes: minutes % 60 });
  return t("ticket.duration.minutes", { minutes });
}

function count() {
  const now = board.now();
  for (const left of document.querySelectorAll("[data-due]")) {
    const row = left.closest("tr");
    const bar = row.querySelector(".used");
    const due = Date.parse(left.dataset.due);
    const started = Date.parse(bar.dataset.started);
    const used = due > now ? Math.min(100, Math.max(0, (100 * (now - started)) / (due - started))) : 100;
    const says = due > now ? t("ticket.clock_left", { left: duration(due - now) }) : t("ticket.clock_overdue", { late: duration(now - due) });
    if (left.textContent !== says) left.textContent = says;
    const width = used.toFixed(1);
    if (bar.getAttribute("width") !== width) bar.setAttribute("width", width);
    row.classList.toggle("late", due <= now);
    row.classList.toggle("near", due > now && used >= NEAR);
  }
}
setInterval(count, TICK);

// --- files ------------------------------------------------------------------------------------

// The browser tells of a file once its first octets are there; of a long list that takes a while.
const exporting = document.getElementById("exporting");
exporting?.closest("form").addEventListener("submit", () => {
  exporting.textContent = t("ticket.export.begun");
});

// --- keys -------------------------------------------------------------------------------------

function choose(row, scroll = true) {
  if (!row) return;
  document.querySelector("tr.chosen")?.classList.remove("chosen");
  row.classList.add("chosen");
  if (scroll) {
    row.querySelector("a.matter").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

function step(by) {
  const rows = [...document.querySelectorAll("tr[data-number]")];
  const at = rows.findIndex((row) => row.classList.contains("chosen"));
  choose(rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]);
}

const follow = (address) => document.querySelector(`a[href="${address}"]`)?.click();

offerKeys({
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  "/": () => document.getElementById("search").select(),
  Enter: () => document.querySelector("tr.chosen a.matter")?.click(),
  n: () => follow("/tickets/new"),
  m: () => follow("/tickets/messages"),
});

// Whoever comes back from a ticket goes on where they were.
sessionStorage.setItem("hotline.list", location.pathname + location.search);
const left = sessionStorage.getItem("hotline.ticket");
sessionStorage.removeItem("hotline.ticket");
if (left !== null) choose(document.querySelector(`tr[data-number="${CSS.escape(left)}"]`));
