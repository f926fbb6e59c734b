// One call of the house to this telephone: rung, answered, changed, over; each step once.

import { Dialog } from "./dialog.js";
import { parameter, personOf } from "./message.js";

export const RINGING = "ringing";
export const TALKING = "talking";
export const ENDED = "ended";
const HARMLESS = ["OPTIONS", "INFO", "UPDATE", "NOTIFY"];

export class Call {
  #invite;
  #offered = false;

  // `makeMedia()` gives the sound, and is asked only once the call is answered.
  constructor(invite, { transactions, contact, makeMedia, onChange }) {
    this.#invite = invite;
    this.dialog = new Dialog(invite);
    Object.assign(this, { transactions, contact, makeMedia, onChange });
    this.state = RINGING;
    this.why = "";
    this.media = null;
    this.from = personOf(invite.one("from"));
    this.#respond(invite, 180);
  }

  // Whether the house asks to be answered at once: it is the agent's own call, coming back.
  get answersItself() {
    return this.#invite.all("call-info").some((each) => parameter(each, "answer-after") === "0");
  }

  async answer() {
    if (this.state !== RINGING || this.#offered) return;
    this.#offered = true;
    this.media = this.makeMedia();
    const invite = this.#invite;
    try {
      const sdp = await this.media.answer(invite.body);
      if (this.state !== RINGING) return;
      this.#change(TALKING);
      this.#respond(invite, 200, sdp);
    } catch (error) {
      if (this.state !== RINGING) return;
      this.#respond(invite, 488);
      this.#over("not_acceptable");
      throw error;
    }
  }

  reject(status = 603) {
    if (this.state !== RINGING) return;
    this.#respond(this.#invite, status);
    this.#over("rejected");
  }

  hangUp() {
    if (this.state === RINGING) this.reject();
    if (this.state !== TALKING) return;
    const headers = this.dialog.headers("BYE", this.contact);
    this.transactions.request("BYE", this.dialog.target, headers);
    this.#over("hung_up");
  }

  // Takes a request of this dialog, or the CANCEL of the INVITE that began it.
  async take(request) {
    if (request.method === "CANCEL") this.#cancelled(request);
    else if (request.method === "ACK") await this.#acknowledged(request);
    else if (!this.dialog.takes(request)) this.#respond(request, 500);
    else if (request.method === "BYE") this.#left(request);
    else if (request.method === "INVITE") await this.#reoffered(request);
    else if (request.method === "UPDATE" && request.body) await this.#reoffered(request);
    else if (HARMLESS.includes(request.method)) this.#respond(request, 200);
    else this.#respond(request, 405);
  }

  isCancelledBy(request) {
    const branch = (message) => parameter(message.one("via"), "branch");
    return request.method === "CANCEL" && branch(request) === branch(this.#invite);
  }

  // The connection to the house is another one now: the dialog goes on by it.
  async reached() {
    if (this.state !== TALKING) return;
    const headers = this.dialog.headers("OPTIONS", this.contact);
    const { status, silent } = await this.transactions.request("OPTIONS", this.dialog.target, headers);
    if (status === 481 && !silent && this.state === TALKING) this.#over("gone");
  }

  // What it was to us, without a word to the house.
  forget(why) {
    if (this.state !== ENDED) this.#over(why);
  }

  #cancelled(cancel) {
    this.#respond(cancel, 200);
    if (this.state !== RINGING) return;
    this.#respond(this.#invite, 487);
    this.#over("cancelled");
  }

  #left(bye) {
    this.#respond(bye, 200);
    if (this.state === RINGING) this.#respond(this.#invite, 487);
    this.forget("left");
  }

  async #reoffered(invite) {
    if (this.state !== TALKING) {
      this.#respond(invite, 500);
      return;
    }
    try {
      const sdp = invite.body ? await this.media.answer(invite.body) : await this.media.offer();
      this.#respond(invite, 200, sdp);
    } catch {
      this.#respond(invite, 488);
    }
  }

  // However late it comes; it carries the answer where our 200 carried the offer.
  async #acknowledged(ack) {
    if (ack.body && this.state === TALKING) await this.media.answered(ack.body);
  }

  #respond(request, status, body = "") {
    const headers = [["Contact", `<${this.contact}>`]];
    this.transactions.respond(request, status, { tag: this.dialog.tag, headers, body });
  }

  #change(state, why = "") {
    this.state = state;
    this.why = why;
    this.onChange(this);
  }

  #over(why) {
    this.media?.close();
    this.#change(ENDED, why);
  }
}
