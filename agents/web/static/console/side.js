// Beside the call all day: the agent's queues, and what their day has been so far.

import { h, timer } from "/static/agents/console/dom.js";
import { named, percent, span } from "/static/agents/console/words.js";
import { clockface } from "/static/cti/timers.js";
import { t } from "/static/cti/texts.js";

// Who waits, and how long the one who came first: red when longer than the service level allows.
export function queueRows(desk) {
  return desk.queues.map((queue) => {
    const due = queue.oldest && new Date(Date.parse(queue.oldest) + queue.threshold * 1000).toISOString();
    return h(
      "tr",
      { key: queue.id, "data-due": due, class: queue.waiting ? "waiting" : "" },
      h("th", { scope: "row" }, named(queue.names)),
      h("td", { class: "number" }, queue.waiting),
      h("td", { class: "number" }, queue.oldest ? timer({ since: queue.oldest }) : h("span", { class: "soft" }, t("console.nobody_waits"))),
      h("td", { class: "number level" }, queue.service_level === undefined || queue.service_level === null ? "–" : percent(queue.service_level)),
    );
  });
}

export function dayFigures(desk) {
  const { day } = desk;
  if (day === null) return null;
  const figures = [
    ["handled", day.handled],
    ["missed", day.missed],
    ["average", day.average_handling === null ? "–" : clockface(day.average_handling)],
    ["occupancy", day.occupancy === null ? "–" : percent(day.occupancy)],
    ["talk", span(day.talk_seconds)],
    ["after_call", span(day.after_call_seconds)],
  ];
  return figures.map(([name, value]) => h("div", { key: name }, h("dt", null, t(`console.day.${name}`)), h("dd", null, value)));
}
