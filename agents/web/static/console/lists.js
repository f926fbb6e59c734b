// Lines of the lists beside a call: tickets, calls, contacts, notes. None is long; each says when.

import { h } from "/static/agents/console/dom.js";
import { wish } from "/static/agents/console/wish.js";
import { deadline, named, when, word } from "/static/agents/console/words.js";
import { clockface } from "/static/cti/timers.js";
import { t } from "/static/cti/texts.js";

// null is a list that is still looked for, or could not be had.
export function listOf(name, lines, unavailable, line) {
  if (lines !== null && lines !== undefined && lines.length > 0) {
    return h("ul", { id: name.replace("_", "-") }, lines.map((each) => h("li", null, line(each))));
  }
  const missing = [...(unavailable ?? [])].includes(name) ? "console.unavailable" : "console.loading";
  const words = t(lines === null || lines === undefined ? missing : `console.no_${name}`);
  return h("ul", { id: name.replace("_", "-") }, h("li", { class: "empty" }, words));
}

const path = (choices) => choices.map((choice) => word("choice", choice)).join(" › ");
const joined = (...parts) => parts.filter(Boolean).join(" · ");
const main = (words) => h("span", { class: "main" }, words);
const soft = (words, look = "soft") => h("span", { class: look }, words);

// One click lets the call belong to the ticket, whose page opens and offers to undo it.
function joining(path, callId) {
  const csrf = h("input", { type: "hidden", name: "csrf", value: document.querySelector(".desk").dataset.csrf });
  const call = h("input", { type: "hidden", name: "call", value: callId });
  return h("form", { class: "acts", method: "post", action: `${path}/join`, target: "_blank", rel: "noopener" }, csrf, call, h("button", { class: "small", title: t("console.join_ticket_hint") }, t("console.join_ticket")));
}

// Opened from a call, a ticket offers to take that call in.
export function ticketLine(ticket, callId) {
  const path = `/tickets/${encodeURIComponent(ticket.number)}`;
  const href = `${path}?${new URLSearchParams({ call: callId })}`;
  const words = joined(word("console.ticket", ticket.kind), ticket.title);
  return [
    h("a", { class: "main", href, title: words, target: "_blank", rel: "noopener" }, words),
    joining(path, callId),
    h(
      "span",
      { class: "wide" },
      soft(joined(word("console.ticket_state", ticket.state), ticket.number)),
      ticket.overdue ? soft(t("console.overdue"), "badge level-danger") : ticket.due && soft(t("console.due", { when: deadline(ticket.due) })),
    ),
  ];
}

// Calls whoever was in that call of the past; their number stays with the server.
export const callBack = (desk, call, more = {}) =>
  wish(desk, "call_back", { at: `call_back-${call.call_id}`, sign: "dial", fields: { call_id: call.call_id }, look: "small", keys: false, more });

const acts = (desk, call) => h("span", { class: "acts" }, callBack(desk, call, { title: t("console.do.call_back") }));

export function callLine(desk, call) {
  return [
    main(when(call.started)),
    soft(word("console.outcome", call.outcome), ""),
    soft(joined(call.agent_name, path(call.path))),
    soft(clockface(call.seconds)),
    acts(desk, call),
  ];
}

export function contactLine(desk, contact) {
  const about = contact.codes.map(named).join(" · ") || path(contact.path);
  return [
    main(contact.summary || about || word("console.contact", contact.kind)),
    soft(word("console.outcome", contact.outcome), ""),
    soft(joined(when(contact.at), contact.agent, contact.summary && about)),
    soft(clockface(contact.seconds)),
    acts(desk, contact),
  ];
}

export function letterLine(letter) {
  const subject = letter.subject || t("console.letter_untitled");
  const words = letter.number ? h("a", { class: "main", href: `/tickets/${encodeURIComponent(letter.number)}#history`, title: subject, target: "_blank", rel: "noopener" }, subject) : main(subject);
  return [words, soft(t(letter.incoming ? "console.letter_in" : "console.letter_out"), ""), soft(joined(when(letter.at), letter.number), "soft wide")];
}

export function noteLine(note) {
  const flag = note.important && h("span", { class: "badge level-danger" }, t("console.customer_note_important"));
  return [h("span", { class: "main wide text" }, flag, flag && " ", note.text), soft(joined(when(note.at), note.by), "soft wide")];
}
