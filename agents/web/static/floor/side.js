// Alarms, queues with the worst first, and the last assignments with their reasons.

import { clockface } from "/static/cti/timers.js";
import { h, icon, timer } from "/static/agents/console/dom.js";
import { clock, named, percent, word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const nameOf = (floor, id) => floor.one("agent", id)?.name ?? id;
const late = (queue, now) => (queue.oldest === null ? -1 : (now - Date.parse(queue.oldest)) / 1000 / queue.threshold);

export const queueOptions = ({ queues }) => [
  h("option", { value: "", key: "every" }, t("floor.every_queue")),
  queues.map((queue) => h("option", { value: queue.id, key: queue.id }, named(queue.names))),
];

export function queueRows({ queues, now }) {
  const worst = [...queues].sort((one, other) => late(other, now) - late(one, now) || other.waiting - one.waiting || one.id.localeCompare(other.id));
  return worst.map((queue) => {
    const due = queue.oldest && new Date(Date.parse(queue.oldest) + queue.threshold * 1000).toISOString();
    return h(
      "tr",
      { key: queue.id, "data-queue": queue.id, "data-due": due },
      h("th", { scope: "row" }, named(queue.names)),
      h("td", { class: "number" }, String(queue.waiting)),
      h("td", { class: "number" }, queue.oldest ? timer({ since: queue.oldest }) : "–"),
      h("td", { class: queue.waiting > 0 && queue.free === 0 ? "number short" : "number" }, `${queue.free} / ${queue.staffed}`),
      h("td", { class: "number" }, queue.call_backs ? `${queue.call_backs} / ${queue.call_backs_out}` : "–"),
      h("td", { class: "number" }, queue.forecasts_kept ? queue.forecasts_kept.map(percent).join(" / ") : "–"),
    );
  });
}

export function alarmRows(floor, alarms) {
  const open = alarms.filter((alarm) => alarm.seen === null).sort((one, other) => other.at.localeCompare(one.at));
  const seen = alarms.filter((alarm) => alarm.seen !== null).sort((one, other) => other.at.localeCompare(one.at)).slice(0, 5);
  if (open.length + seen.length === 0) return h("li", { key: "none", class: "soft" }, t("floor.no_alarms"));
  return [...open, ...seen].map((alarm) => alarmRow(floor, alarm));
}

function alarmRow(floor, alarm) {
  const what = alarm.kind === "disagreement" ? t(`floor.healed.${alarm.what}`) : t(`floor.alarm.${alarm.kind}`, { reason: word("console.reason", alarm.what) });
  const who = alarm.agent_id ? nameOf(floor, alarm.agent_id) : "";
  return h(
    "li",
    { key: alarm.id, class: alarm.seen === null ? `alarm ${alarm.kind}` : "alarm seen" },
    h("time", { datetime: alarm.at }, clock(alarm.at)),
    h("span", { class: "what" }, who && h("strong", null, who), " ", what, alarm.over && alarm.kind !== "disagreement" ? ` · ${t("floor.over", { time: clock(alarm.over) })}` : "", alarm.call_id && h("a", { href: `/calls/${alarm.call_id}` }, t("floor.to_call"))),
    alarm.seen === null ? h("button", { type: "button", class: "small", "data-acknowledge": alarm.id, "aria-label": t("floor.acknowledge_of", { name: who || what }) }, t("floor.acknowledge")) : h("span", { class: "soft small" }, t("floor.seen_by", { name: alarm.seen_by })),
  );
}

export function assignedRows(floor, offers) {
  if (offers.length === 0) return h("li", { key: "none", class: "soft" }, t("floor.none_assigned"));
  return offers.sort((one, other) => other.at.localeCompare(one.at)).map((offer) => {
    const queue = floor.one("queue", offer.queue_id);
    return h(
      "li",
      { key: offer.id, "data-offer": offer.id },
      h("div", { class: "row" }, h("time", { datetime: offer.at }, clock(offer.at)), h("strong", null, nameOf(floor, offer.agent_id)), h("span", null, queue ? named(queue.names) : ""), offer.outcome && h("span", { class: offer.outcome === "accepted" ? "badge level-success" : "badge level-warning" }, t(`floor.outcome.${offer.outcome}`)), h("a", { href: `/calls/${offer.call_id}` }, t("floor.to_call"))),
      h("p", { class: "why-this small" }, icon("queue"), told(offer.why)),
    );
  });
}

const told = (parts) => parts.map(({ key, blanks }) => t(key, { ...blanks, time: clockface(blanks.time ?? 0) })).join(t("floor.and"));
