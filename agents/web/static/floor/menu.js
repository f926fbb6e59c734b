// One menu for whichever agent it is opened at: by click, or Enter on their button and the arrow keys
// (WAI-ARIA menu button). What is impossible can be focused and says why. The arrow keys walk from one
// agent's button to the next while the menu is closed.

import { draw, h } from "/static/agents/console/dom.js";
import { word } from "/static/agents/console/words.js";
import { t } from "/static/cti/texts.js";

const MODES = ["listen", "whisper", "barge", "intercept"];
const reasons = JSON.parse(document.getElementById("reasons").textContent);

export function keepMenu(place, floor, send) {
  let opener = null;
  const items = () => [...place.querySelectorAll("[role=menuitem]")];
  const agentId = () => opener?.dataset.menu ?? null;

  function refresh() {
    const agent = opener && floor().one("agent", agentId());
    if (!agent) return;
    place.setAttribute("aria-label", t("floor.actions_for", { name: agent.name }));
    draw(place, contents(floor(), agent));
  }

  function open(button) {
    opener = button;
    refresh();
    button.setAttribute("aria-expanded", "true");
    place.showPopover();
    const { bottom, top, right } = button.getBoundingClientRect();
    const { offsetHeight: height, offsetWidth: width } = place;
    const above = bottom + height > innerHeight && top > height;
    place.style.left = `${Math.max(4, right - width)}px`;
    place.style.top = `${above ? top - height : Math.max(4, Math.min(bottom, innerHeight - height - 4))}px`;
    // Always the first, possible or not: a key pressed twice must not force anybody.
    items()[0]?.focus();
  }

  function close() {
    if (opener === null) return;
    const back = document.querySelector(`[data-menu="${CSS.escape(agentId())}"]`);
    const inside = place.contains(document.activeElement);
    opener.removeAttribute("aria-expanded");
    opener = null;
    if (place.matches(":popover-open")) place.hidePopover();
    if (inside) back?.focus();
  }

  function press(item) {
    if (item.getAttribute("aria-disabled") === "true") return;
    const { do: action, fields } = item.dataset;
    const words = item.querySelector(".label").textContent;
    send(action, JSON.parse(fields), words);
    close();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-menu]");
    const item = event.target.closest("#menu [role=menuitem]");
    if (item !== null) press(item);
    else if (button !== null && button !== opener) open(button);
    else if (!place.contains(event.target)) close();
  });
  place.addEventListener("toggle", (event) => event.newState === "closed" && close());
  place.addEventListener("keydown", (event) => {
    const all = items();
    const here = all.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[to % all.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const button = event.target.closest?.("[data-menu]");
    if (step === undefined || !button) return;
    const all = [...document.querySelectorAll("[data-menu]")];
    all[all.indexOf(button) + step]?.focus();
    event.preventDefault();
  });

  return { refresh };

  function contents({ me, stale }, agent) {
    const of = { agent_id: agentId() };
    const mine = agent.supervisors.find((each) => each.staff_id === me.staff_id);
    const cannot = (name) => {
      if (stale) return "stale";
      if (MODES.includes(name) && me.staff_id === agentId()) return "self";
      if (MODES.includes(name) && !me.extension) return "no_telephone";
      return name === mine?.mode ? "at_it" : (agent.can[name] ?? "");
    };
    return [
      h("p", { key: "who", class: "who", "aria-hidden": "true" }, `${agent.name} ${agent.extension}`),
      group("supervise", [...MODES.map((mode) => item(mode, of, t(`floor.do.${mode}`), cannot(mode))), item("stop_supervising", {}, t("floor.do.stop"), stale ? "stale" : mine ? "" : "not_there")]),
      group("force", [
        item("force", { ...of, state: "ready" }, t("floor.do.ready"), cannot("ready"), "ready"),
        reasons.map((reason) => item("force", { ...of, state: "not_ready", reason }, t("floor.do.not_ready", { reason: word("console.reason", reason) }), cannot("not_ready"), `not_ready-${reason}`)),
        item("force", { ...of, state: "logged_off" }, t("floor.do.sign_out"), cannot("sign_out"), "sign_out"),
        item("force", { ...of, state: "logged_off", at_once: true }, t("floor.do.sign_out_now"), cannot("sign_out"), "sign_out_now"),
      ]),
    ];
  }
}

const group = (name, children) => h("div", { key: name, role: "group", "aria-label": t(`floor.group.${name}`) }, children);

function item(action, fields, words, why, at = action) {
  return h(
    "button",
    { key: at, type: "button", role: "menuitem", tabindex: "-1", "data-do": action, "data-at": at, "data-fields": JSON.stringify(fields), "aria-disabled": why ? "true" : null },
    h("span", { class: "label" }, words),
    why && h("span", { class: "soft small because" }, t(`floor.why.${why}`)),
  );
}
