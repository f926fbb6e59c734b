// After the call: how much time is left, more of it, and the end.

import { h, timer } from "/static/agents/console/dom.js";
import { wrappingUp } from "/static/agents/console/desk.js";
import { wish } from "/static/agents/console/wish.js";
import { t } from "/static/cti/texts.js";

const NEAR_THE_END = 10;

export function afterCall(desk) {
  const { agent } = desk;
  if (!wrappingUp(desk) || agent.after_call === null) return null;
  const { mode, deadline, extensions_left: left } = agent.after_call;
  const running = deadline
    ? [h("span", { class: "soft" }, t("console.time_left")), timer({ until: deadline, id: "after-left", "data-due": deadline, "data-near": NEAR_THE_END })]
    : [h("span", { class: "soft" }, t("console.time_taken")), timer({ since: agent.since })];
  return h(
    "div",
    { class: "ending", key: "ending" },
    h("p", { class: "left" }, running),
    mode === "extendable" && wish(desk, "extend", { words: [t("console.do.extend"), h("small", null, t("console.extend_left", { count: left }))], id: "extend" }),
    wish(desk, "finish", { sign: "ready", look: "primary" }),
  );
}
