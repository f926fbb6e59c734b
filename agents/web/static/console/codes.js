// What the call was about: one code of the tree, found by typing, and when to come back to the customer.
// Chosen is sent at once, so that work that ends by itself loses nothing.

import { draw, h } from "/static/agents/console/dom.js";
import { keepPicker } from "/static/agents/console/picker.js";
import { instantOf, localTime, named } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const at = (id) => document.getElementById(id);
const DEEPEST = 5;
const HOUR = 3600_000;

export function keepCodes(send, desk, now) {
  const [area, field, due] = [at("codes"), at("code-search"), at("follow-up")];
  let callId = null;
  let chosen = null;
  let saved = "";

  const picker = keepPicker(field, at("code-list"), {
    options: (typed) => leaves(desk()?.codes ?? [], typed).map((leaf) => option(leaf, chosen)),
    choose: (picked) => choose(picked.id),
  });

  function choose(code) {
    chosen = code;
    field.value = "";
    show();
    store();
    at("code-change").focus();
  }

  async function store() {
    const follow_up = due.value ? instantOf(due.value) : null;
    const value = JSON.stringify([callId, chosen, follow_up]);
    if (callId === null || chosen === null || value === saved) return;
    const note = at("notes").value;
    await send("wrap_up", { call_id: callId, code: chosen, note, follow_up }).then(() => (saved = value), () => {});
  }

  function show() {
    const codes = desk()?.codes ?? null;
    area.hidden = codes === null;
    if (codes === null) return;
    const leaf = leaves(codes, "").find((each) => each.code === chosen) ?? null;
    at("code-chosen").hidden = leaf === null;
    at("code-choice").hidden = leaf !== null;
    draw(at("code-path"), leaf && [...leaf.above.map(named), named(leaf)].join(" › "));
    mustHave(leaf?.needs ?? []);
    picker.refresh();
  }

  // What this code wants beside it stands out until it is there.
  function mustHave(needs) {
    for (const [name, element] of [["note", at("notes")], ["follow_up", due]]) {
      const wanted = needs.includes(name);
      element.setAttribute("aria-required", String(wanted));
      element.classList.toggle("wanted", wanted && element.value.trim() === "");
    }
  }

  at("code-change").addEventListener("click", () => {
    chosen = null;
    show();
    field.focus();
  });
  due.addEventListener("change", () => {
    show();
    store();
  });
  at("notes").addEventListener("input", show);
  area.addEventListener("click", (event) => {
    const { soon } = event.target.closest("[data-soon]")?.dataset ?? {};
    if (soon === undefined) return;
    due.value = soon ? localTime(now() + Number(soon) * HOUR) : "";
    due.dispatchEvent(new Event("change"));
  });

  return {
    flush: store,
    show({ agent, card }) {
      if (agent.call_id !== callId) {
        callId = agent.call_id;
        const kept = card?.wrap_up ?? {};
        chosen = kept.code ?? null;
        due.value = kept.follow_up ? localTime(Date.parse(kept.follow_up)) : "";
        field.value = "";
      }
      show();
    },
  };
}

function leaves(codes, typed, above = []) {
  if (above.length > DEEPEST) return [];
  const asked = typed.toLowerCase();
  return codes.flatMap((code) => {
    if (code.children.length > 0) return leaves(code.children, typed, [...above, code]);
    const words = [...above, code].flatMap(({ code: id, zh, en }) => [id, zh, en]);
    return words.some((each) => each.toLowerCase().includes(asked)) ? [{ ...code, above }] : [];
  });
}

function option(leaf, chosen) {
  const parts = [h("span", { class: "main" }, named(leaf)), h("span", { class: "soft" }, leaf.needs.map((need) => t(`console.needs.${need}`)).join(" · "))];
  return { id: leaf.code, group: leaf.above.map(named).join(" › ") || t("console.codes"), selected: leaf.code === chosen, parts };
}
