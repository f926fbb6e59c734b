// The telephone of a page: SIP over a WebSocket (RFC 7118), sound by WebRTC.
//
//   const phone = createPhone({
//     credentials,             // async ({takeover}) -> {user, password, realm, instance}; asked anew
//                              // for each connection, since the house forgets them with the sign-in
//     onState(state) {},       // {place, registered, call, why, muted, microphone}
//     onLink(quality) {},      // every 2 s of a call: {rtt, loss, jitter, level, grade}
//   });
//   await phone.start();       // by a click: unlocks sound and asks for the microphone
//   phone.answer(); phone.reject(); phone.hangUp(); phone.mute(true); phone.sendKeys("12#");
//
// `place` is "off", "insecure", "refused", "no_microphone", "elsewhere", "muted" (a click is needed)
// or "here"; `call` is null or {state: "ringing" | "talking", number, name}. Only "here" and "muted"
// have the microphone open, and only one page of all is there.

import { Call, ENDED, RINGING, TALKING } from "./call.js";
import { Digest } from "./digest.js";
import { Media } from "./media.js";
import { token } from "./message.js";
import { claim } from "./ownership.js";
import { grade, LOOK_EVERY, measure } from "./quality.js";
import { Registration } from "./registration.js";
import { openSocket } from "./socket.js";
import { Sound } from "./sound.js";
import { Transactions } from "./transactions.js";

const ELSEWHERE = ["phone.elsewhere", "agent.desk_elsewhere"];
const BUSY = 486;
const ASK_AGAIN = 1000;

export function createPhone(options) {
  return new Phone(options);
}

class Phone {
  #release = null;
  #socket = null;
  #registration = null;
  #call = null;
  #watch = null;
  #quality = null;
  #connections = 0;
  #given = null;

  constructor({ credentials, onState = () => {}, onLink = () => {}, sound = new Sound() }) {
    Object.assign(this, { credentials, onState, onLink, sound });
    this.host = `${token()}.invalid`;
    this.speakerId = "";
    this.state = { place: "off", registered: false, call: null, why: "", muted: false };
  }

  // Tells where the telephone is then; `takeover` takes it from another page, of another browser too.
  async start({ takeover = false, microphone = "" } = {}) {
    if (!globalThis.isSecureContext) return this.#tell({ place: "insecure" });
    if (this.#release === null) {
      this.#release = await claim(() => this.#lost(), { steal: takeover });
      if (this.#release === null) return this.#tell({ place: "elsewhere" });
    }
    // Whether a page in another browser has it, only the house knows: no microphone before that.
    if (this.#socket === null && !(await this.#ask(takeover))) return this.state.place;
    const opened = await this.#openSound(microphone);
    if (opened && this.#socket === null) this.#connect();
    return this.state.place;
  }

  // From now on, in the way another tab may go on with it.
  async stop() {
    this.#close();
    await this.#registration?.stop();
    this.#tell({ place: "off", registered: false });
  }

  answer() {
    return this.#call?.answer();
  }

  reject() {
    this.#call?.reject();
  }

  hangUp() {
    this.#call?.hangUp();
  }

  // Nothing of the microphone leaves the machine; its level is seen on.
  mute(on) {
    const media = this.#call?.media;
    if (!media || media.muted === on) return;
    media.mute(on);
    this.#tell({ muted: on });
  }

  sendKeys(keys) {
    this.#call?.media?.sendKeys(keys);
  }

  // What the call's far side says, as a stream; undefined without a call.
  get heard() {
    return this.#call?.media?.heard;
  }

  async chooseMicrophone(id) {
    const track = await this.sound.open(id);
    await this.#call?.media?.changeMicrophone(track);
  }

  async chooseSpeaker(id) {
    this.speakerId = id;
    await this.sound.speakBy(id);
    await this.#call?.media?.changeSpeaker(id);
  }

  // Another page has it now, as the house says.
  letGo() {
    if (this.#socket !== null) this.#lost();
  }

  // The house was out of reach and is back: so may be its knowledge of us.
  check() {
    if (this.state.registered) this.#registration?.start();
  }

  // --- being here ---------------------------------------------------------------------------

  async #openSound(microphone) {
    const unlocked = await this.sound.unlock();
    try {
      if (this.sound.microphone === null) await this.sound.open(microphone);
    } catch (error) {
      this.#giveBack();
      const absent = ["NotFoundError", "OverconstrainedError", "NotReadableError"].includes(error.name);
      this.#tell({ place: absent ? "no_microphone" : "refused" });
      return false;
    }
    this.#call?.media?.resume();
    this.#tell({ place: unlocked ? "here" : "muted" });
    return true;
  }

  #giveBack() {
    this.#release?.();
    this.#release = null;
  }

  // Another page has the telephone now, and the call with it.
  #lost() {
    this.#close();
    this.#tell({ place: "elsewhere", registered: false });
  }

  #close() {
    this.#connections += 1;
    this.#given = null;
    this.#socket?.close();
    this.#socket = null;
    this.#call?.forget("elsewhere");
    this.#giveBack();
    this.sound.close();
  }

  // --- being reachable ----------------------------------------------------------------------

  // What to register with, from the house; false where another page has the telephone.
  async #ask(takeover) {
    try {
      this.#given = await this.credentials({ takeover });
      return true;
    } catch (error) {
      if (!ELSEWHERE.includes(error.error)) return true;
      this.#lost();
      return false;
    }
  }

  #connect() {
    const url = new URL("/sip", location.href);
    const secure = location.protocol === "https:";
    url.protocol = secure ? "wss:" : "ws:";
    const transactions = new Transactions({
      send: (text) => this.#socket.send(text),
      onRequest: (request) => this.#take(request),
      host: this.host,
      secure,
    });
    this.transactions = transactions;
    this.#socket = openSocket(url, {
      onOpen: () => this.#register(transactions),
      onMessage: (text) => transactions.receive(text),
      onClosed: () => {
        transactions.disconnected();
        this.#registration?.stop();
        this.#tell({ registered: false });
      },
    });
  }

  // By what the house has given just now, or else asks it anew: it forgets with the connection.
  async #register(transactions) {
    const connection = ++this.#connections;
    if (this.#given === null && !(await this.#ask(false))) return;
    if (connection !== this.#connections) return;
    const given = this.#given;
    this.#given = null;
    if (given === null) {
      setTimeout(() => connection === this.#connections && this.#socket.renew(), ASK_AGAIN);
      return;
    }
    this.contact = `sip:${given.user}@${this.host};transport=ws`;
    this.#registration = new Registration({
      transactions,
      digest: new Digest(given),
      address: `sip:${given.user}@${location.hostname}`,
      contact: this.contact,
      instance: given.instance,
      onRegistered: (yes) => this.#registered(yes),
      onRefused: () => this.#socket.renew(),
      onSilent: () => this.#socket.renew(),
    });
    await this.#registration.start();
  }

  #registered(yes) {
    const before = this.state.registered;
    this.#tell({ registered: yes });
    if (yes && !before) this.#call?.reached();
  }

  // --- calls --------------------------------------------------------------------------------

  #take(request) {
    const call = this.#call;
    if (call && (call.dialog.has(request) || call.isCancelledBy(request))) call.take(request);
    else if (request.method === "INVITE") this.#invited(request);
    else if (request.method === "OPTIONS") this.transactions.respond(request, 200, { tag: token() });
    else if (request.method !== "ACK") this.transactions.respond(request, 481, { tag: token() });
  }

  #invited(invite) {
    const call = new Call(invite, {
      transactions: this.transactions,
      contact: this.contact,
      makeMedia: () => this.#makeMedia(),
      onChange: (changed) => this.#changed(changed),
    });
    const before = this.#call;
    // A call of ours that comes back takes the place of what is left of it here.
    if (call.answersItself) before?.forget("replaced");
    else if (before !== null && before.state !== ENDED) {
      call.reject(BUSY);
      return;
    }
    this.#call = call;
    if (call.answersItself) call.answer();
    else this.sound.ring();
    this.#changed(call);
  }

  #makeMedia() {
    return new Media({
      microphone: this.sound.microphone,
      speakerId: this.speakerId,
      onLost: () => this.onLink({ rtt: null, loss: null, jitter: null, level: null, grade: "none" }),
    });
  }

  #changed(call) {
    if (call !== this.#call) return;
    if (call.state !== RINGING) this.sound.stopRinging();
    if (call.state === TALKING) this.#watchLine();
    if (call.state === ENDED) {
      clearInterval(this.#watch);
      this.#call = null;
      this.#tell({ call: null, why: call.why, muted: false });
      return;
    }
    this.#tell({ call: { state: call.state, ...call.from }, why: "" });
  }

  #watchLine() {
    clearInterval(this.#watch);
    this.#quality = null;
    this.#watch = setInterval(async () => {
      const media = this.#call?.media;
      if (!media) return;
      this.#quality = measure(await media.stats(), this.#quality);
      const { counted: _, ...quality } = this.#quality;
      this.onLink({ ...quality, level: Math.round(this.sound.level()), grade: grade(quality) });
    }, LOOK_EVERY);
  }

  #tell(changes) {
    this.state = { ...this.state, ...changes };
    this.onState(this.state);
    return this.state.place;
  }
}
