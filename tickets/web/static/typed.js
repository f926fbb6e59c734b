// What was typed and not sent yet outlives a reload, a refusal of another form, a lost connection and
// a new sign-in. It is kept in this tab alone, for the person who typed it, until the server says by a
// cookie that the form was done. A form is kept so where `data-keep` says whose it is and which.
//
// What was sent and got no answer may be done all the same: the text keeps its request's id, by which
// the server knows it again and gives the first answer instead of doing it twice. Whoever changes what
// they sent asks for something else, by the page's own id. Where the server does not know requests by
// their ids, the form says so by `data-repeats`.

import { t } from "/static/cti/texts.js";

const PREFIX = "hotline.typed/";
const DONE = "hotline_done";
const OLDEST = 12 * 3600 * 1000; // milliseconds: longer than any shift
const OTHERS = ["hidden", "file", "submit", "button", "password"];

const forms = [...document.querySelectorAll("form[data-keep]")];
const place = (form) => `${PREFIX}${form.dataset.keep}${form.getAttribute("action")}`;
const fields = (form) => [...form.elements].filter((each) => each.name && !OTHERS.includes(each.type));
const ticks = (field) => ["checkbox", "radio"].includes(field.type);
const values = (options) => options.map((each) => each.value).join(" ");
const told = (field) => (ticks(field) ? field.checked : field.selectedOptions && field.multiple ? values([...field.selectedOptions]) : field.value);
const name = (field) => (ticks(field) ? `${field.name}=${field.value}` : field.name);
const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? '{ "typed": {} }');

function given(field) {
  if (ticks(field)) return field.defaultChecked;
  if (!field.options) return field.defaultValue;
  if (field.multiple) return values([...field.options].filter((each) => each.defaultSelected));
  return ([...field.options].find((each) => each.defaultSelected) ?? field.options[0])?.value;
}

function keep(form, sent = false) {
  const known = read(place(form)).typed;
  const typed = fields(form).filter((each) => name(each) in known || told(each) !== given(each));
  if (typed.every((each) => told(each) === given(each)) && !form.hasAttribute("data-filled")) {
    sessionStorage.removeItem(place(form));
    return;
  }
  const entry = { at: Date.now(), request: form.elements.request?.value, sent, typed: Object.fromEntries(typed.map((each) => [name(each), told(each)])) };
  sessionStorage.setItem(place(form), JSON.stringify(entry));
}

function put(field, value) {
  if (told(field) === value) return false;
  if (ticks(field)) field.checked = value;
  else if (field.multiple && field.options) for (const each of field.options) each.selected = value.split(" ").includes(each.value);
  else field.value = value;
  return told(field) === value;
}

// The id of what was sent without an answer, until what was sent is changed.
function askAgain(form, request) {
  const field = form.elements.request;
  if (!field || !request || form.hasAttribute("data-repeats")) return false;
  const own = field.value;
  field.value = request;
  form.addEventListener("input", () => (field.value = own), { once: true, capture: true });
  return true;
}

function restore(form) {
  if (form.hasAttribute("data-filled")) keep(form); // refused: that is an answer
  const { typed, request, sent } = read(place(form));
  const back = fields(form).filter((each) => name(each) in typed && put(each, typed[name(each)]));
  if (back.length === 0) return;
  const unanswered = sent && askAgain(form, request);
  const details = form.closest("details");
  if (details) details.open = true;
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: t("ticket.typed.drop") });
  const said = Object.assign(document.createElement("p"), { className: "message warning row typed", textContent: t(unanswered ? "ticket.typed.unanswered" : "ticket.typed.restored") });
  said.setAttribute("role", "status");
  said.append(" ", drop);
  form.prepend(said);
  drop.addEventListener("click", () => {
    for (const each of fields(form)) put(each, given(each));
    form.dispatchEvent(new Event("input"));
    sessionStorage.removeItem(place(form));
    said.remove();
    fields(form)[0]?.focus();
  });
}

// The request that the page before this one asked for and that was done; empty where there is none.
function answered() {
  const cookie = document.cookie.split("; ").find((each) => each.startsWith(`${DONE}=`));
  document.cookie = `${DONE}=; path=/; max-age=0`;
  return cookie?.slice(DONE.length + 1) ?? "";
}

export const done = answered();

const mine = forms.length > 0 ? `${PREFIX}${forms[0].dataset.keep.split("/")[0]}/` : PREFIX;
for (const key of Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX))) {
  const { at, request } = read(key);
  if (!key.startsWith(mine) || Date.now() - at > OLDEST || (done && request === done)) sessionStorage.removeItem(key);
}
forms.forEach(restore);

for (const kind of ["input", "change", "submit"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) keep(form, kind === "submit");
  });
}
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => {
  for (const key of Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX))) sessionStorage.removeItem(key);
});
