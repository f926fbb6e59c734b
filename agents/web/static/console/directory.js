// The directory: colleagues and queues as they are this moment, and any number, to transfer to, to consult,
// or to call.

import { h, icon, refill, timer } from "/static/agents/console/dom.js";
import { keepPicker } from "/static/agents/console/picker.js";
import { opens, wordsOf } from "/static/agents/console/commands.js";
import { whyNot } from "/static/agents/console/wish.js";
import { named, word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const NUMBER = /^[+*#\d][\d\s().*#-]*$/;
const WAYS = { transfer: ["consult", "transfer"], consult: ["transfer", "consult"], dial: ["dial"] };
const ORDER = ["ready", "working_after_call", "busy", "hold", "reserved", "not_ready", "logged_off"];

const at = (id) => document.getElementById(id);

export function keepDirectory(send, desk) {
  const dialog = at("directory");
  const field = at("directory-search");
  let way = "transfer";
  let busy = false;

  const star = at("directory-star");

  const picker = keepPicker(field, at("directory-list"), {
    moved: (option) => {
      star.disabled = option === null;
      star.setAttribute("aria-pressed", String(option?.favourite ?? false));
    },
    options: (typed) => destinations(desk(), typed, way),
    choose: (_option, how) => how !== "click" && go(way),
  });

  async function go(action) {
    const option = picker.active();
    if (option === null || busy) return;
    busy = true;
    complain("");
    try {
      await send(action, { number: option.number });
      dialog.close();
    } catch (error) {
      complain(wordsOf(error));
    } finally {
      busy = false;
    }
  }

  function complain(words) {
    at("directory-error").textContent = words;
    at("directory-error").hidden = words === "";
  }

  function open(action) {
    way = action;
    at("directory-title").textContent = t(`console.do.${action}`);
    for (const button of dialog.querySelectorAll("[data-way]")) {
      button.hidden = !WAYS[action].includes(button.dataset.way);
      button.classList.toggle("primary", button.dataset.way === action);
    }
    refill(field, "");
    complain("");
    refresh();
    dialog.showModal();
    field.focus();
  }

  function refresh() {
    picker.refresh();
    for (const button of dialog.querySelectorAll("[data-way]")) button.disabled = whyNot(desk(), button.dataset.way) !== "";
  }

  async function keepFavourite() {
    const { kind, target, favourite } = picker.active();
    await send("favourite", { kind, target, on: !favourite }).catch((error) => complain(wordsOf(error)));
    field.focus();
  }

  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-way]");
    if (button !== null) go(button.dataset.way);
  });
  // At once: a search field would take the first Escape for its own, to be emptied.
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    dialog.close();
  });
  star.addEventListener("click", keepFavourite);
  for (const action of Object.keys(WAYS)) opens(action, () => open(action));
  // The call is over, or one rings: nothing may lie before that.
  const pointless = () => WAYS[way].every((each) => desk().can[each] !== "");
  return { refresh: () => dialog.open && (pointless() ? dialog.close() : refresh()) };
}

function destinations(desk, typed, way) {
  const asked = typed.toLowerCase();
  const matches = (...words) => words.some((each) => String(each).toLowerCase().includes(asked));
  const queues = desk.destinations.filter((each) => way === "transfer" && matches(named(each.names), each.id)).map(queue);
  const people = desk.colleagues.filter((each) => each.id !== desk.agent.agent_id && matches(each.name, each.extension));
  people.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name));
  const numbers = desk.favourites.filter((each) => each.kind === "number" && matches(each.target)).map((each) => outside(each.target));
  const found = [...numbers, ...queues, ...people.map(colleague)].map((option) => marked(desk, option));
  found.sort((a, b) => Number(b.favourite) - Number(a.favourite));
  const known = found.some((option) => option.number === typed);
  return NUMBER.test(typed) && typed.length > 2 && !known ? [...found, outside(typed)] : found;
}

function marked(desk, option) {
  const favourite = desk.favourites.some((each) => each.kind === option.kind && each.target === option.target);
  return favourite ? { ...option, favourite, group: t("console.favourites") } : { ...option, favourite };
}

function colleague(each) {
  return {
    id: `agent/${each.id}`,
    number: each.extension,
    kind: "agent",
    target: each.id,
    group: t("console.colleagues"),
    parts: [
      h("span", { class: `mark state-${each.state}` }, icon(each.state)),
      h("span", { class: "main" }, each.name, h("span", { class: "soft" }, ` ${each.extension}`)),
      h("span", { class: `badge state-${each.state}` }, word("console.state", each.state), " ", timer({ since: each.since })),
    ],
  };
}

function queue(each) {
  return {
    id: `queue/${each.id}`,
    number: `queue:${each.id}`,
    kind: "queue",
    target: each.id,
    group: t("console.queues_to"),
    parts: [
      h("span", { class: "mark" }, icon("queue")),
      h("span", { class: "main" }, named(each.names)),
      h("span", { class: "soft" }, t("console.queue_now", { waiting: each.waiting, ready: each.ready }), each.oldest && [" · ", timer({ since: each.oldest })]),
    ],
  };
}

function outside(number) {
  return {
    id: `number/${number}`,
    number,
    kind: "number",
    target: number,
    group: t("console.outside"),
    favourite: false,
    parts: [h("span", { class: "mark" }, icon("dial")), h("span", { class: "main" }, number), h("span", { class: "soft" }, t("console.this_number"))],
  };
}
