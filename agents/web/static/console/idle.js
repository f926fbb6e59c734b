// Between calls: whom this agent has promised to call, and how the colleagues are.

import { h, icon, timer } from "/static/agents/console/dom.js";
import { callBack } from "/static/agents/console/lists.js";
import { when, word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const NEAR = 600;

export function callBacks(desk) {
  const due = desk.day?.call_backs ?? [];
  return due.length ? due.map((each) => promised(desk, each)) : h("li", { class: "empty" }, t("console.no_call_backs"));
}

function promised(desk, each) {
  return h(
    "li",
    { key: each.call_id, "data-due": each.at, "data-near": NEAR },
    h("span", { class: "main" }, each.name || each.number, each.name && h("span", { class: "soft" }, ` ${each.number ?? ""}`)),
    h("time", { datetime: each.at }, when(each.at)),
    h("span", { class: "soft" }, each.note),
    h("span", { class: "acts" }, done(each), callBack(desk, each)),
  );
}

const done = (each) =>
  h("button", { type: "button", class: "small", "data-do": "follow_up_done", "data-fields": JSON.stringify({ call_id: each.call_id }) }, icon("ready"), t("console.follow_up_done"));

export function colleagues(desk) {
  const others = desk.colleagues.filter((each) => each.id !== desk.agent.agent_id && each.state !== "logged_off");
  others.sort((a, b) => a.name.localeCompare(b.name));
  return others.length ? others.map(colleague) : h("li", { class: "empty" }, t("console.no_colleagues"));
}

function colleague(each) {
  return h(
    "li",
    { key: each.id },
    h("span", { class: "main" }, each.name, h("span", { class: "soft" }, ` ${each.extension}`)),
    h("span", { class: `badge state-${each.state}` }, icon(each.state), word("console.state", each.state), " ", timer({ since: each.since })),
  );
}
