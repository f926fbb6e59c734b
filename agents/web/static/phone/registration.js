// Registers the telephone, and again before the house forgets it (RFC 3261, 10.2; RFC 5626).

import { parameter, token } from "./message.js";

const WANTED = 300; // seconds
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 30000;

export class Registration {
  #timer = null;
  #sequence = 0;
  #retry = FIRST_RETRY;
  #callId = token();
  #tag = token();
  #round = 0;

  // `onRegistered(yes)`; `onRefused(status)`: the house does not know these credentials any more.
  // `onSilent()`: nobody is there.
  constructor(given) {
    Object.assign(this, given);
  }

  async start() {
    const round = ++this.#round;
    clearTimeout(this.#timer);
    const answer = await this.#register(WANTED);
    if (round !== this.#round) return;
    if (answer.status === 200) this.#accepted(answer);
    else if (answer.status === 401 || answer.status === 403) this.#refused(answer);
    else if (!answer.silent) this.#later();
    else if (answer.status === 408) this.onSilent();
  }

  // Nothing is sent any more; with `leaving` the house forgets the telephone at once.
  async stop({ leaving = false } = {}) {
    this.#round += 1;
    clearTimeout(this.#timer);
    if (leaving) await this.#register(0);
  }

  #accepted(answer) {
    this.digest.accepted(answer);
    this.#retry = FIRST_RETRY;
    const ours = answer.all("contact").find((each) => each.includes(this.contact));
    const granted = parseInt(parameter(ours ?? "", "expires"), 10) || 60;
    this.#timer = setTimeout(() => this.start(), 500 * granted);
    this.onRegistered(true);
  }

  #refused(answer) {
    this.onRegistered(false);
    const wait = parseInt(answer.one("retry-after"), 10) || 0;
    if (wait) this.#timer = setTimeout(() => this.start(), 1000 * wait);
    else this.onRefused(answer.status);
  }

  #later() {
    this.onRegistered(false);
    this.#timer = setTimeout(() => this.start(), this.#retry);
    this.#retry = Math.min(2 * this.#retry, LONGEST_RETRY);
  }

  async #register(expires) {
    const answer = await this.#ask(expires);
    if (answer.status !== 401 || !this.digest.challenged(answer)) return answer;
    return this.#ask(expires);
  }

  async #ask(expires) {
    const uri = this.address.replace(/^(sips?:)[^@]*@/, "$1");
    const proof = await this.digest.proof("REGISTER", uri);
    this.#sequence += 1;
    return this.transactions.request("REGISTER", uri, [
      ["From", `<${this.address}>;tag=${this.#tag}`],
      ["To", `<${this.address}>`],
      ["Call-ID", this.#callId],
      ["CSeq", `${this.#sequence} REGISTER`],
      ["Contact", `<${this.contact}>;+sip.instance="<${this.instance}>";reg-id=1;expires=${expires}`],
      ["Supported", "path, outbound"],
      ...proof,
    ]);
  }
}
