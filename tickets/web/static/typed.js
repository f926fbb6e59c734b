// What was typed and not sent yet outlives a reload, a refusal of another form, a lost connection and
// a new sign-in. It is kept in this tab alone, for the person who typed it, until the server says by a
// cookie that the form was done. A form is kept so where `data-keep` says whose it is and which.

import { t } from "/static/cti/texts.js";

const PREFIX = "hotline.typed/";
const DONE = "hotline_done";
const OLDEST = 12 * 3600 * 1000; // milliseconds: longer than any shift
const OTHERS = ["hidden", "file", "submit", "button", "password"];

const forms = [...document.querySelectorAll("form[data-keep]")];
const place = (form) => `${PREFIX}${form.dataset.keep}${form.getAttribute("action")}`;
const fields = (form) => [...form.elements].filter((each) => each.name && !OTHERS.includes(each.type));
const ticks = (field) => ["checkbox", "radio"].includes(field.type);
const told = (field) => (ticks(field) ? field.checked : field.value);
const name = (field) => (ticks(field) ? `${field.name}=${field.value}` : field.name);
const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? '{ "typed": {} }');

function given(field) {
  if (ticks(field)) return field.defaultChecked;
  if (!field.options) return field.defaultValue;
  return ([...field.options].find((each) => each.defaultSelected) ?? field.options[0])?.value;
}

function keep(form) {
  const known = read(place(form)).typed;
  const typed = fields(form).filter((each) => name(each) in known || told(each) !== given(each));
  if (typed.every((each) => told(each) === given(each)) && !form.hasAttribute("data-filled")) {
    sessionStorage.removeItem(place(form));
    return;
  }
  const entry = { at: Date.now(), request: form.elements.request?.value, typed: Object.fromEntries(typed.map((each) => [name(each), told(each)])) };
  sessionStorage.setItem(place(form), JSON.stringify(entry));
}

function put(field, value) {
  if (told(field) === value) return false;
  if (ticks(field)) field.checked = value;
  else field.value = value;
  return told(field) === value;
}

function restore(form) {
  const { typed } = read(place(form));
  const back = fields(form).filter((each) => name(each) in typed && put(each, typed[name(each)]));
  if (back.length === 0) return;
  const details = form.closest("details");
  if (details) details.open = true;
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: t("ticket.typed.drop") });
  const said = Object.assign(document.createElement("p"), { className: "message warning row typed", textContent: t("ticket.typed.restored") });
  said.setAttribute("role", "status");
  said.append(" ", drop);
  form.prepend(said);
  drop.addEventListener("click", () => {
    for (const each of fields(form)) put(each, given(each));
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
    if (form) keep(form);
  });
}
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => {
  for (const key of Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX))) sessionStorage.removeItem(key);
});
