// A list that is searched by typing and walked by the arrow keys, while the focus stays in the field
// (WAI-ARIA combobox with a list box that is always there).
//
//   const picker = keepPicker(field, list, {
//     options: (typed) => [{ id, group, selected, parts: [h("span", null, "...")] }],
//     choose: (option, how) => {},      // how: "key" by Enter, "click", "double" by a double click
//     moved: (option) => {},            // the keys are there now, or nowhere (null)
//   });
//   picker.refresh();                     // what is to choose has changed
//   picker.active();                      // the option the keys are at, or null

import { draw, h } from "/static/agents/console/dom.js";
import { t } from "/static/cti/texts.js";

const PAGE = 8;
const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };

export function keepPicker(field, list, { options, choose, moved = () => {} }) {
  let shown = [];
  let at = null;

  const idOf = (option) => `${list.id}-${option.id.replace(/[^\w-]/g, "_")}`;
  const active = () => shown.find((option) => option.id === at) ?? null;

  function refresh() {
    shown = options(field.value.trim());
    if (active() === null) at = shown[0]?.id ?? null;
    draw(list, shown.length ? grouped() : h("p", { class: "empty soft" }, t("console.nothing_found")));
    const chosen = active();
    if (chosen === null) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", idOf(chosen));
    moved(chosen);
  }

  function grouped() {
    const groups = [...new Set(shown.map((option) => option.group))];
    return groups.map((group) =>
      h("div", { key: `group-${group}`, role: "group", "aria-label": group }, h("div", { class: "group-title", "aria-hidden": "true" }, group), shown.filter((option) => option.group === group).map(line)),
    );
  }

  function line(option) {
    const here = option.id === at;
    return h("div", { key: option.id, id: idOf(option), role: "option", "data-option": option.id, "aria-selected": String(option.selected ?? here), class: here ? "option here" : "option" }, option.parts);
  }

  function move(to) {
    at = shown[Math.max(0, Math.min(shown.length - 1, to))]?.id ?? null;
    refresh();
    list.querySelector(".here")?.scrollIntoView({ block: "nearest" });
  }

  field.addEventListener("input", () => {
    at = null;
    refresh();
    list.scrollTop = 0;
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in MOVES) move(shown.findIndex((option) => option.id === at) + MOVES[event.key]);
    else if (event.key === "Enter" && active() !== null) choose(active(), "key");
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const line = event.target.closest("[data-option]");
    if (line === null) return;
    at = line.dataset.option;
    refresh();
    choose(active(), event.detail > 1 ? "double" : "click");
  });

  return { refresh, active };
}
