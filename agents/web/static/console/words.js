// Words for values: states, reasons, instants at the bank's own time, spans of time.

import { t } from "/static/cti/texts.js";

const language = document.documentElement.lang;
const zone = document.querySelector("[data-zone]").dataset.zone;
const format = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
const minute = format({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const hour = format({ hour: "2-digit", minute: "2-digit" });
const dayOfYear = format({ month: "short", day: "numeric" });
const date = format({ year: "numeric", month: "short", day: "numeric" });
const MIDNIGHT = "00:00";

export const when = (instant) => minute.format(Date.parse(instant));
export const day = (instant) => date.format(Date.parse(instant));
export const clock = (instant) => hour.format(Date.parse(instant));

// A deadline at midnight is the end of the day before, 24:00.
export function deadline(instant) {
  const words = when(instant);
  return words.endsWith(MIDNIGHT) ? `${dayOfYear.format(Date.parse(instant) - 1000)} 24:00` : words;
}

// The word for a value, or the value itself, where a bank added one without a word.
export function word(prefix, value) {
  const key = `${prefix}.${value}`;
  const found = t(key);
  return found === key ? String(value) : found;
}

// What has a name in each language: queues, wrap-up codes.
export const named = (names) => names[language.slice(0, 2)] ?? Object.values(names)[0] ?? "";

// Long spans: hours and minutes, as people say them.
export function span(seconds) {
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return t("console.minutes", { minutes });
  return rest ? t("console.hours_minutes", { hours, minutes: rest }) : t("console.hours", { hours });
}

export const percent = (share) => `${Math.round(share * 100)}%`;

// What stands in a field for date and time is the bank's own time, whatever this computer's is.
const field = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });

// The same as it is typed and shown: year, month, day, hour and minute in the order everybody reads.
const MOMENT = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T](\d{1,2}):(\d{2})$/;

export const typedTime = (local) => local.replace("T", " ");

// What was typed as a field for date and time has it; null for what is no instant.
export function localOf(typed) {
  const found = MOMENT.exec(typed.trim());
  if (found === null) return null;
  const [year, month, day, hour, minute] = found.slice(1).map((part) => part.padStart(2, "0"));
  const local = `${year}-${month}-${day}T${hour}:${minute}`;
  const there = new Date(`${local}Z`);
  return !Number.isNaN(there.getTime()) && there.toISOString().startsWith(local) ? local : null;
}

export const localTime = (milliseconds) => field.format(milliseconds).replace(" ", "T");

export function instantOf(local) {
  const asUtc = Date.parse(`${local}Z`);
  const ahead = Date.parse(`${localTime(asUtc)}Z`) - asUtc;
  return new Date(asUtc - ahead).toISOString();
}
