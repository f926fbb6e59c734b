// The customer beside the call. Nothing about accounts comes to this page before they are verified.

import { h, icon } from "/static/agents/console/dom.js";
import { callLine, contactLine, letterLine, listOf, noteLine, ticketLine } from "/static/agents/console/lists.js";
import { whyNot, wish } from "/static/agents/console/wish.js";
import { day, named, word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const LONGEST_NOTE = 2000;

export function customerPanel(desk) {
  const { customer, card } = desk;
  return [
    customer !== null && alerts(customer),
    customer !== null && matches(customer),
    h("div", { class: "lists", key: "lists" }, products(desk), tickets(card, customer), contacts(desk), letters(customer), customer !== null && customer.customer_id !== null && notes(customer)),
  ];
}

function alerts(customer) {
  const said = (customer.alerts ?? []).map((alert) => h("li", { class: "badge level-danger" }, icon("warning"), named(alert)));
  const since = customer.since && h("li", { class: "badge" }, t("console.customer_since", { when: day(customer.since) }));
  const hints = [said, consents(customer), since].flat().filter(Boolean);
  return hints.length > 0 && h("ul", { class: "alerts", key: "alerts", "aria-label": t("console.customer_hints") }, hints);
}

// Several customers have this number: the agent asks who it is, and says so here.
function matches(customer) {
  const found = customer.matches ?? [];
  if (found.length === 0) return null;
  const buttons = found.map((each) =>
    h("button", { type: "button", key: each.customer_id, "data-do": "card_identify", "data-fields": JSON.stringify({ customer_id: each.customer_id }) }, named(each.names), h("span", { class: `badge level-${each.level}` }, t(`console.level.${each.level}`))),
  );
  return h("div", { class: "matches", key: "matches", role: "group", "aria-labelledby": "matches-title" }, h("span", { id: "matches-title" }, t("console.who_is_it")), buttons);
}

// Only what an agent must heed has a word.
function consents(customer) {
  const keys = Object.entries(customer.consents ?? {}).map(([name, value]) => `console.consent.${name}.${value ? "yes" : "no"}`);
  return keys.filter((key) => t(key) !== key).map((key) => h("li", { class: "badge level-warning" }, t(key)));
}

function section(name, title, ...content) {
  return h("section", { key: name, class: name, "aria-labelledby": `${name}-title` }, title, content);
}

const title = (name, words, ...beside) => h("div", { class: "heading" }, h("h3", { id: `${name}-title` }, words), beside);

function products(desk) {
  const { customer } = desk;
  if (customer === null || customer.customer_id === null) return null;
  const head = title("products", t("console.products"));
  if (customer.gate !== "open") return section("products", head, gate(desk, customer));
  return section("products", head, listOf("products", customer.products, customer.unavailable, product));
}

function gate(desk, customer) {
  const reason = word("console.gate", customer.gate_reason || "not_verified");
  const verify = whyNot(desk, "verify") === "" ? wish(desk, "verify", { at: "gate-verify", sign: "verify", keys: false, look: "small" }) : null;
  return h("div", { class: "gate", key: "gate" }, icon("lock"), h("p", null, reason), verify);
}

function product(each) {
  return [
    h("span", { class: "main" }, each.name || word("console.product", each.kind)),
    h("span", { class: "masked" }, each.number_masked),
    h("span", { class: "soft wide" }, each.facts.map(named).join(" · ")),
  ];
}

function tickets(card, customer) {
  const link = h(
    "a",
    { class: "button small", id: "complaint", target: "_blank", rel: "noopener", href: `/tickets/new?${new URLSearchParams({ call: card.call_id, type: "complaint" })}` },
    icon("complaint"),
    t("console.complaint"),
  );
  const lines = customer?.tickets ?? card.tickets;
  return section("tickets", title("tickets", t("console.tickets"), whole(customer), link), listOf("tickets", lines, card.unavailable, (ticket) => ticketLine(ticket, card.call_id)));
}

function contacts(desk) {
  const { card, customer } = desk;
  const line = (draw) => (each) => draw(desk, each);
  const head = title("last_calls", t("console.last_calls"));
  if (customer?.contacts) return section("contacts", head, listOf("last_calls", customer.contacts, customer.unavailable, line(contactLine)));
  return section("contacts", head, listOf("last_calls", card.last_calls, card.unavailable, line(callLine)));
}

// Most customers never write: without a letter there is no heading either.
function letters(customer) {
  if (customer === null || customer.customer_id === null) return null;
  if ((customer.letters ?? []).length === 0 && ![...customer.unavailable].includes("letters")) return null;
  return section("letters", title("letters", t("console.letters")), listOf("letters", customer.letters, customer.unavailable, letterLine));
}

// All that the bank has of the customer, on a page of its own.
const whole = (customer) =>
  customer?.customer_id &&
  h("a", { class: "button small", target: "_blank", rel: "noopener", href: `/tickets/customers/${encodeURIComponent(customer.customer_id)}` }, t("console.whole_customer"));

// An important note stands among the alerts of whoever talks to the customer next.
const important = () => h("label", { class: "small" }, h("input", { type: "checkbox", name: "important" }), t("console.customer_note_important"));

function notes(customer) {
  const field = { name: "text", maxlength: LONGEST_NOTE, required: true, autocomplete: "off", "aria-label": t("console.customer_note_new"), placeholder: t("console.customer_note_new") };
  const form = h("form", { class: "new-note", "data-do": "customer_note", key: customer.call_id }, h("input", field), important(), h("button", { class: "small" }, t("console.customer_note_add")));
  const lines = listOf("customer_notes", customer.notes, customer.unavailable, noteLine);
  return section("notes-of", title("customer_notes", t("console.customer_notes")), lines, form);
}
