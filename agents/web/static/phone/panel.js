// The telephone's part of the page: the click that begins the shift, what the telephone says of
// itself, the level of the voice, the quality of the line, and the choice of devices.
//
//   const phone = mountPhone({ send: (action, fields) => board.send(action, fields) });
//   phone.answer()                       and so on, as `phone.js` has it

import { createPhone } from "./phone.js";
import { devices } from "./sound.js";
import { t } from "/static/cti/texts.js";

const BEGUN = "hotline.shift";
const LEVEL_EVERY = 150;
const REPORT_EVERY = 5000;
const TROUBLE = ["insecure", "refused", "no_microphone", "elsewhere"];
const OPEN = ["here", "muted"];

const at = (id) => document.getElementById(id);

export function mountPhone({ send, onState = () => {} }) {
  let line = null;
  let tried = false;
  const phone = createPhone({
    credentials: ({ takeover }) => send("phone_credentials", { takeover }),
    onState(state) {
      draw(state);
      onState(state);
    },
    onLink(quality) {
      line = quality;
      drawLine(quality);
    },
  });

  async function begin(options) {
    const place = await phone.start(options);
    if (!OPEN.includes(place)) return;
    sessionStorage.setItem(BEGUN, "yes");
    await listDevices();
  }

  // By a click: a tone tells that the headset is heard, the meter that the microphone hears.
  async function clicked(options = {}) {
    await begin(options);
    if (phone.state.place !== "here") return;
    tried = true;
    draw(phone.state);
    await phone.sound.test();
  }

  function draw(state) {
    const open = OPEN.includes(state.place);
    at("phone-start").hidden = open || state.place === "elsewhere" || state.place === "insecure";
    at("phone-take-over").hidden = state.place !== "elsewhere";
    at("phone-here").hidden = !open;
    const trouble = TROUBLE.includes(state.place);
    at("phone-trouble").hidden = !trouble;
    write("phone-trouble", trouble ? t(`console.phone.${state.place}`) : "");
    write("phone-said", said(state));
    at("phone-said").dataset.place = state.place;
    if (state.call?.state !== "talking") {
      line = null;
      at("phone-line").hidden = true;
    } else tried = false;
  }

  function said(state) {
    if (state.place === "off") return t("console.phone.start_hint");
    if (state.place === "muted") return t("console.phone.muted");
    if (state.place !== "here") return "";
    if (!state.registered) return t("console.phone.connecting");
    return tried && state.call === null ? t("console.phone.tried") : t("console.phone.here");
  }

  function drawLine(quality) {
    const { grade, rtt, loss } = quality;
    at("phone-line").hidden = false;
    at("phone-line").dataset.grade = grade;
    const figures = rtt === null ? "" : t("console.phone.figures", { rtt: Math.round(rtt), loss: loss ?? 0 });
    write("phone-line", [t(`console.phone.line_${grade}`), figures].filter(Boolean).join(" · "));
  }

  async function listDevices() {
    fill(at("phone-microphones"), await devices("audioinput"));
    fill(at("phone-speakers"), await devices("audiooutput"));
  }

  at("phone-start").addEventListener("click", () => clicked());
  at("phone-take-over").addEventListener("click", () => clicked({ takeover: true }));
  at("phone-tone").addEventListener("click", () => phone.sound.test());
  at("phone-stop").addEventListener("click", () => {
    sessionStorage.removeItem(BEGUN);
    phone.stop();
  });
  at("phone-microphones").addEventListener("change", ({ target }) => phone.chooseMicrophone(target.value));
  at("phone-speakers").addEventListener("change", ({ target }) => phone.chooseSpeaker(target.value));
  document.addEventListener("click", () => phone.state.place === "muted" && begin());

  setInterval(() => {
    if (OPEN.includes(phone.state.place)) at("phone-level").value = phone.sound.level();
  }, LEVEL_EVERY);
  setInterval(() => {
    if (line === null) return;
    const { rtt, loss, jitter, level } = line;
    send("phone_report", { rtt, loss, jitter, level }).catch(() => {});
  }, REPORT_EVERY);

  draw(phone.state);
  if (sessionStorage.getItem(BEGUN) !== null) begin();
  return phone;
}

function fill(select, found) {
  const options = found.map(({ id, label }) => new Option(label || t("console.phone.usual"), id));
  select.replaceChildren(...(options.length ? options : [new Option(t("console.phone.usual"), "")]));
  select.disabled = options.length < 2;
}

// Only what changed: screen readers say it then.
function write(id, words) {
  if (at(id).textContent !== words) at(id).textContent = words;
}
