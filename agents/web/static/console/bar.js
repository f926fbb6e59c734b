// The call bar: one place for each thing that can be done with a call, always the same.

import { h } from "/static/agents/console/dom.js";
import { whyNot, wish } from "/static/agents/console/wish.js";
import { t } from "/static/cti/texts.js";

// Each place: what stands there, the first of them that is possible now.
const PLACES = [
  [["answer"], ["hang_up", "reject"]],
  [["hold", "retrieve"], ["mute"], ["keys"]],
  [["transfer"], ["consult"], ["alternate"], ["complete"], ["conference"], ["reconnect"]],
  [["verify", "take_back"], ["self_service"]],
  [["dial"]],
];
const LOOKS = { answer: "go", hang_up: "stop", reject: "stop", retrieve: "on", take_back: "on" };

export function callBar(desk) {
  return PLACES.map((places, index) => {
    const buttons = places.map((actions) => button(desk, actions)).filter((each) => each !== null);
    return buttons.length > 0 && h("div", { class: "group", key: `group-${index}`, role: "group", "aria-label": t(`console.group.${index}`) }, buttons);
  });
}

function button(desk, actions) {
  const known = actions.filter((action) => whyNot(desk, action) !== undefined);
  if (known.length === 0) return null;
  const action = known.find((each) => whyNot(desk, each) === "") ?? known[0];
  const place = { sign: action, at: `place-${actions[0]}`, look: LOOKS[action] ?? "" };
  if (action !== "mute") return wish(desk, action, place);
  const muted = desk.active?.muted ?? false;
  const words = t(muted ? "console.do.unmute" : "console.do.mute");
  return wish(desk, action, { ...place, sign: muted ? "unmute" : "mute", words, fields: { on: !muted }, look: muted ? "on" : "" });
}
