// The agent's console: one WebSocket, the entities it brings, and the parts of the page drawn from them.

import { connect } from "/static/cti/live.js";
import { pageName } from "/static/cti/page_name.js";
import { updateTimers } from "/static/cti/timers.js";
import { alertAgent, askToNotify } from "/static/agents/console/alerts.js";
import { callBar } from "/static/agents/console/bar.js";
import { callRows } from "/static/agents/console/calls.js";
import { caller } from "/static/agents/console/caller.js";
import { keepCodes } from "/static/agents/console/codes.js";
import { commands, opens } from "/static/agents/console/commands.js";
import { customerPanel } from "/static/agents/console/customer.js";
import { deskOf, incoming, ringing, wrappingUp } from "/static/agents/console/desk.js";
import { keepDirectory } from "/static/agents/console/directory.js";
import { draw } from "/static/agents/console/dom.js";
import { offerHelp } from "/static/agents/console/help.js";
import { callBacks, colleagues } from "/static/agents/console/idle.js";
import { keepKeypad } from "/static/agents/console/keypad.js";
import { mark } from "/static/agents/console/marks.js";
import { keepNotes } from "/static/agents/console/notes.js";
import { shown } from "/static/agents/console/shortcuts.js";
import { dayFigures, queueRows } from "/static/agents/console/side.js";
import { statePanel } from "/static/agents/console/state.js";
import { keepTheme } from "/static/agents/console/theme.js";
import { afterCall } from "/static/agents/console/wrap_up.js";
import { setOffline } from "/static/agents/console/wish.js";
import { mountPhone } from "/static/agents/phone/panel.js";

const TICK = 250;

const at = (id) => document.getElementById(id);
const page = pageName();
const { agent: id } = document.querySelector(".desk").dataset;
const entities = new Map();
let desk = null;
let asked = false;

const board = connect(`/console/live?page=${page}`, {
  onSnapshot(all) {
    entities.clear();
    for (const [key, value] of Object.entries(all)) entities.set(key, value);
    drawSoon();
  },
  onSet(key, value) {
    entities.set(key, value);
    if (key === `phone/${id}` && value.page !== page) phone.letGo();
    drawSoon();
  },
  onDelete(key) {
    entities.delete(key);
    drawSoon();
  },
  onStale(stale) {
    setOffline(stale);
    at("stale").hidden = !stale;
    if (!stale) phone.check();
    drawSoon();
  },
});

const notes = keepNotes((call_id, text) => board.send("notes", { call_id, text }));
const now = () => board.now();
const theDesk = () => desk;
const { send } = commands({ board, desk: theDesk, before, drawSoon });
const codes = keepCodes((action, fields) => board.send(action, fields), theDesk, now);
const directory = keepDirectory(send, theDesk);
const keypad = keepKeypad(send, theDesk);
const help = offerHelp(drawSoon);
const phone = mountPhone({ send: (action, fields) => board.send(action, fields) });

// What was typed is stored before anything else is done with the call.
async function before() {
  await notes.flush();
  await codes.flush();
}

// All that comes at once is drawn once, by a message to ourselves: hidden pages, which may have to ring, have
// their timers slowed and their frames stopped.
const soon = new MessageChannel();
soon.port1.onmessage = () => {
  asked = false;
  desk = deskOf(entities, id, page);
  if (desk !== null) drawDesk();
};

function drawSoon() {
  if (asked) return;
  asked = true;
  soon.port2.postMessage(null);
}

function drawDesk() {
  const { card } = desk;
  at("elsewhere").hidden = !desk.elsewhere;
  at("state-panel").parentElement.dataset.phone = desk.agent.phone.registered ? desk.agent.phone.kind : "none";
  draw(at("state-panel"), statePanel(desk));
  draw(at("bar"), callBar(desk));
  draw(at("lines"), callRows(desk));
  draw(at("queues"), queueRows(desk));
  drawDay(dayFigures(desk));
  at("no-call").hidden = card !== null || desk.calls.length > 0;
  at("card").hidden = card === null;
  at("work").hidden = card === null || ringing(desk);
  at("call").classList.toggle("ringing", incoming(desk) !== null);
  at("work").classList.toggle("after", wrappingUp(desk));
  draw(at("caller"), card && caller(desk));
  draw(at("customer"), card && customerPanel(desk));
  draw(at("after"), afterCall(desk));
  drawKeys();
  phone.mute(desk.active?.muted ?? false);
  draw(at("call-backs"), callBacks(desk));
  draw(at("colleagues"), colleagues(desk));
  at("follow-up").disabled = at("code-search").disabled = desk.elsewhere;
  notes.show(desk.agent, desk.elsewhere);
  codes.show(desk);
  directory.refresh();
  keypad.refresh();
  help.refresh(desk);
  tick();
  alertAgent(desk);
}

function drawKeys() {
  for (const element of document.querySelectorAll("[data-key-of]")) element.textContent = shown(element.dataset.keyOf)?.keys ?? "";
}

function drawDay(figures) {
  at("day-card").hidden = figures === null;
  draw(at("day"), figures ?? []);
}

function tick() {
  updateTimers(document, board.now());
  mark(document, board.now());
}

// Only the page itself can answer by its own telephone.
opens("answer", () => phone.answer());
// The click that begins the shift.
document.addEventListener("click", (event) => event.target.closest("[data-do=sign_in]") && askToNotify());
keepTheme();
setInterval(tick, TICK);
