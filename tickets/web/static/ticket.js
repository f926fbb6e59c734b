// News for one ticket: who else is here, and that somebody changed it. Clocks, orders and time line
// are put in place as the server renders them; nothing is replaced under the fingers of a person who
// types: a form of an old version is refused by the server and shown again as typed.

import { connect } from "/static/cti/live.js";
import { released } from "/static/cti/press.js";
import { t } from "/static/cti/texts.js";
import { showCount } from "/static/tickets/counts.js";
import { offerKeys } from "/static/tickets/keys.js";
import { done } from "/static/tickets/typed.js";

const SPEAK_EVERY = 15000; // milliseconds; the server forgets a page after 45 seconds
const SETTLE = 300;

const ticket = document.getElementById("ticket");
const changed = document.getElementById("changed");
const also = document.getElementById("also");
const number = ticket.dataset.number;
const others = new Map();
let waiting = null;

function see(key, news) {
  if (key.includes("/")) showCount(key, news);
  if (key !== number || news.version <= Number(ticket.dataset.version)) return;
  changed.hidden = false;
  waiting ??= setTimeout(refresh, SETTLE);
}

async function refresh() {
  waiting = null;
  const answer = await fetch(`/tickets/${number}`, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  await released();
  const then = fresh.querySelectorAll("[data-news]");
  const now = document.querySelectorAll("[data-news]");
  if (now.length === then.length) now.forEach((part, at) => part.replaceChildren(...then[at].childNodes));
}

connect("/tickets/live", {
  onSnapshot(lines) {
    for (const [key, news] of Object.entries(lines)) see(key, news);
  },
  onSet: see,
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});

// --- who else is here -----------------------------------------------------------------------

function showOthers() {
  const said = [...others.values()].map(({ name, doing }) =>
    doing ? t("ticket.also.writing", { who: name, act: t(`ticket.act.${doing}`) }) : name,
  );
  also.hidden = said.length === 0;
  const text = t("ticket.also.here", { who: said.join(t("ticket.also.and")) });
  if (also.textContent !== text) also.textContent = text;
}

function isHere(key, here) {
  if (!key.startsWith(`${number}/`) || here.staff_id === own) return;
  others.set(here.staff_id, here);
  showOthers();
}

function isGone(key) {
  if (others.delete(key.slice(number.length + 1))) showOthers();
}

const own = ticket.dataset.self;
const presence = connect("/tickets/here", {
  onSnapshot(entities) {
    others.clear();
    for (const [key, here] of Object.entries(entities)) isHere(key, here);
    showOthers();
    speak();
  },
  onSet: isHere,
  onDelete: isGone,
});

let doing = "";

function speak() {
  presence
    .send("here", { number, doing })
    .then((there) => {
      others.clear();
      for (const here of there) others.set(here.staff_id, here);
      showOthers();
    })
    .catch(() => {}); // disconnected: said again when it is back
}

document.addEventListener("input", (event) => {
  const act = event.target.closest("form[data-act]")?.dataset.act ?? "";
  if (act && act !== doing) {
    doing = act;
    speak();
  }
});
addEventListener("pagehide", () => presence.send("gone", { number }).catch(() => {}));
setInterval(speak, SPEAK_EVERY);

// --- a call that joined just now ------------------------------------------------------------

const joined = document.getElementById("joined");
if (joined) setTimeout(() => joined.remove(), 1000 * Number(joined.dataset.seconds));

// --- files ----------------------------------------------------------------------------------

const file = document.getElementById("file");
file?.addEventListener("change", () => {
  const largest = Number(ticket.dataset.largest);
  const tooLarge = [...file.files].find((each) => each.size > largest);
  const said = tooLarge ? t("ticket.also.too_large", { file: tooLarge.name, limit: Math.floor(largest / 1048576) }) : "";
  file.setCustomValidity(said);
  file.setAttribute("aria-invalid", String(Boolean(tooLarge)));
  document.getElementById("too-large").textContent = said;
});

// --- why a clock is due when it is: fetched when it is opened -----------------------------------

async function tellWhy(details) {
  const link = details.querySelector("a");
  const answer = await fetch(link.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // the link stays
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = page.getElementById("why");
  if (told) link.parentElement.replaceWith(...told.childNodes);
}

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.matches("details.why[open]") && target.querySelector("a")) tellWhy(target);
  },
  true, // it does not bubble
);

// --- keys, and where the focus is -------------------------------------------------------------

const LIST = "hotline.list"; // where this tab's list was, see list.js
const back = document.getElementById("back");
back.href = sessionStorage.getItem(LIST) ?? back.href;
sessionStorage.setItem("hotline.ticket", number);

function begin(details) {
  if (!details) return;
  details.open = true;
  const field = details.querySelector("[type=radio]:checked") ?? details.querySelector("input:not([type=hidden]), select, textarea, button");
  field.focus();
  details.scrollIntoView({ block: "nearest" });
}

offerKeys({
  a: () => begin(document.querySelector(".acts details.act")),
  n: () => begin(document.querySelector('form[data-act="note"]')?.closest("details")),
  h: () => document.getElementById("history").focus(),
  u: () => back.click(),
});

if (done) {
  document.getElementById("acts").focus({ preventScroll: true });
  document.getElementById("done").textContent = t("ticket.typed.done");
} else if (!document.querySelector("[aria-invalid]")) {
  document.getElementById("refusal")?.focus();
}
