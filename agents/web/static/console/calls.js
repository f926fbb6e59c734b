// The agent's calls, the active one first: with whom, how long, who else is in them, who is in the IVR.

import { h, icon, timer } from "/static/agents/console/dom.js";
import { whyNot, wish } from "/static/agents/console/wish.js";
import { clock, word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const SIGNS = { alerting: "reserved", initiated: "dial", connected: "busy", hold: "hold" };
const STATES = { alerting: "reserved", initiated: "reserved", connected: "busy", hold: "hold" };
const SHOWN_ALONE = 2;

// A call that is offered is told of by its card.
export function callRows(desk) {
  const offered = (call) => call.incoming && call.call_id === desk.card?.call_id;
  return desk.calls.map((call, index) => !offered(call) && row(desk, call, index === 0));
}

const partner = (call) => call.name || call.number || t("console.withheld");

function row(desk, call, active) {
  const look = ["line", `state-${STATES[call.state] ?? "busy"}`, active && "active", call.secure && "lent"].filter(Boolean).join(" ");
  return h(
    "li",
    { key: call.connection_id ?? call.call_id, class: look, "aria-current": active ? "true" : null },
    icon(SIGNS[call.state] ?? "busy"),
    h("div", { class: "who" }, h("strong", null, partner(call)), h("span", { class: "soft small" }, subtitle(call))),
    h("div", { class: "badges" }, badges(desk, call), active && desk.supervisors.map(supervisor)),
    timer({ since: call.answered ?? call.since, class: "clock" }),
    !active && swap(desk, call),
    members(desk, call),
  );
}

function subtitle(call) {
  if (call.secure) return t("console.secure_hint");
  const parts = [word("console.kind", call.kind), t(`console.line.${call.state}`)];
  if (call.name && call.number) parts.push(call.number);
  return parts.join(" · ");
}

function badges(desk, call) {
  return [
    call.muted && h("span", { class: "badge level-warning", key: "muted" }, icon("mute"), t("console.muted")),
    call.away && h("span", { class: "badge level-danger", key: "away" }, t("console.away")),
    call.secure && secure(call.secure),
    !call.secure && desk.loan?.call_id === call.call_id && desk.loan.result && returned(desk.loan),
  ];
}

function secure({ purpose, since }) {
  return h("span", { class: "badge secure", key: "secure" }, icon("verify"), t(`console.secure.${purpose}`), " ", timer({ since }));
}

// Only where the house lets agents know.
const supervisor = ({ name, mode }) => h("span", { class: "badge", key: `supervisor-${name}` }, `${name} · ${t(`console.supervised.${mode}`)}`);

const GOOD = ["verified", "served"];
const BAD = ["failed", "locked"];

// What came of the customer's last stay in the IVR: a word and never a digit.
export const outcomeWords = ({ result, ended }) => `${t(`console.loan.${result}`)} ${clock(ended)}`;

function returned(loan) {
  const { result } = loan;
  const look = GOOD.includes(result) ? "level-success" : BAD.includes(result) ? "level-danger" : "level-warning";
  return h("span", { class: `badge ${look}`, key: "returned" }, icon("verify"), outcomeWords(loan));
}

// Another call is taken by its row: swapped with the active one, or simply talked to.
function swap(desk, call) {
  const action = whyNot(desk, "alternate") === "" || whyNot(desk, "retrieve") === undefined ? "alternate" : "retrieve";
  const fields = action === "retrieve" ? { connection_id: call.connection_id } : {};
  return wish(desk, action, { words: t("console.talk_to"), at: `talk-${call.connection_id}`, fields, keys: false, look: "small" });
}

function members(desk, call) {
  const shown = call.members;
  if (shown.length <= SHOWN_ALONE) return null;
  return h("ul", { class: "members", "aria-label": t("console.members") }, shown.map((each) => member(desk, each)));
}

function member(desk, each) {
  const name = each.name || each.device_id;
  const words = [h("span", { class: "visually-hidden" }, t("console.drop_member", { name })), icon("close")];
  const own = each.device_id === desk.agent.extension;
  return h(
    "li",
    { key: each.connection_id, class: `badge state-${STATES[each.state] ?? "busy"}` },
    name,
    h("span", { class: "soft" }, own ? t("console.yourself") : word("console.party", each.party)),
    !own && each.party !== "supervisor" && wish(desk, "drop", { words, at: `drop-${each.connection_id}`, fields: { connection_id: each.connection_id }, keys: false, look: "drop" }),
  );
}
