// What the call was about: one code of the tree, found by typing, and when to come back to the customer.
// Chosen is sent at once, so that work that ends by itself loses nothing.

import { draw, h, refill } from "/static/agents/console/dom.js";
import { keepPicker } from "/static/agents/console/picker.js";
import { wordsOf } from "/static/agents/console/commands.js";
import { keepMoment } from "/static/agents/console/moment.js";
import { instantOf, localTime, named } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const at = (id) => document.getElementById(id);
const DEEPEST = 5;
const HOUR = 3600_000;

export function keepCodes(send, desk, now) {
  const [area, field] = [at("codes"), at("code-search")];
  const due = keepMoment(at("follow-up"), at("follow-up-picker"), at("follow-up-pick"));
  let callId = null;
  let chosen = null;
  let saved = "";

  const picker = keepPicker(field, at("code-list"), {
    options: (typed) => leaves(offered(desk()), typed).map((leaf) => option(leaf, chosen)),
    choose: (picked) => choose(picked.id),
  });

  function choose(code) {
    chosen = code;
    refill(field, "");
    show();
    store();
    at("code-change").focus();
  }

  // Nothing is sent that the house would refuse for what is still to be written.
  async function store() {
    const leaf = leafOf(chosen);
    if (callId === null || leaf === null || leaf.needs.some((need) => lacks(need))) return;
    if (due.wrong) {
      complain(t("console.follow_up_wrong"));
      return;
    }
    const follow_up = due.local ? instantOf(due.local) : null;
    const value = JSON.stringify([callId, chosen, follow_up]);
    if (value === saved) return;
    saved = value;
    const fields = { call_id: callId, code: chosen, note: at("notes").value, follow_up };
    await send("wrap_up", fields).then(() => complain(""), (error) => {
      saved = "";
      complain(wordsOf(error));
    });
  }

  const leafOf = (code) => leaves(desk()?.codes ?? [], "").find((each) => each.code === code) ?? null;
  const lacks = (need) => (need === "note" ? at("notes").value.trim() === "" : !due.local && !due.wrong);

  function complain(words) {
    at("code-error").textContent = words;
    at("code-error").hidden = words === "";
  }

  function show() {
    area.hidden = (desk()?.codes ?? null) === null;
    if (area.hidden) return;
    const leaf = leafOf(chosen);
    field.setAttribute("aria-required", String(desk().wrapUp?.required ?? false));
    at("code-chosen").hidden = leaf === null;
    at("code-choice").hidden = leaf !== null;
    draw(at("code-path"), leaf && [...leaf.above.map(named), named(leaf)].join(" › "));
    mustHave(leaf?.needs ?? []);
    picker.refresh();
  }

  // What the house has kept of this call, as after the page was loaded again.
  function keep({ code, follow_up }) {
    chosen = code;
    due.put(follow_up ? localTime(Date.parse(follow_up)) : "");
    saved = JSON.stringify([callId, code, due.local ? instantOf(due.local) : null]);
  }

  // What this code wants beside it stands out until it is there.
  function mustHave(needs) {
    for (const [name, element] of [["note", at("notes")], ["follow_up", at("follow-up")]]) {
      const wanted = needs.includes(name);
      element.setAttribute("aria-required", String(wanted));
      element.classList.toggle("wanted", wanted && lacks(name));
    }
  }

  at("code-change").addEventListener("click", () => {
    chosen = null;
    show();
    field.focus();
  });
  due.changed(() => {
    show();
    store();
  });
  at("notes").addEventListener("input", show);
  at("notes").addEventListener("change", store);
  area.addEventListener("click", (event) => {
    const { soon } = event.target.closest("[data-soon]")?.dataset ?? {};
    if (soon === undefined) return;
    due.put(soon ? localTime(now() + Number(soon) * HOUR) : "");
    show();
    store();
  });

  return {
    flush: store,
    show({ agent, wrapUp }) {
      const kept = wrapUp?.call_id === agent.call_id ? wrapUp : { code: null, follow_up: null };
      if (agent.call_id !== callId) {
        [callId, chosen] = [agent.call_id, null];
        refill(field, "");
        due.put("");
        complain("");
      }
      if (chosen === null && kept.code !== null && document.activeElement !== field) keep(kept);
      show();
    },
  };
}

// Codes for calls of this queue.
function offered(desk) {
  const queue = desk?.wrapUp?.queue_id;
  const fits = (code) => !code.queues?.length || code.queues.includes(queue);
  const below = (codes) => codes.filter(fits).map((code) => ({ ...code, children: below(code.children) }));
  return below(desk?.codes ?? []);
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
