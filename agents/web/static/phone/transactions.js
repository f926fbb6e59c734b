// Transactions over a connection that loses nothing (RFC 3261, 17): what is asked is answered once,
// or not in time, or the connection went; what came twice is answered as before.

import { composeRequest, composeResponse, parameter, parse, token } from "./message.js";

const PATIENCE = 32000; // milliseconds: timers B and F
const REMEMBERED = 64;

export class Transactions {
  #asked = new Map();
  #answered = new Map();

  // `send(text)`; `onRequest(request)` for what is new, ACK too; `host` is our name in Via.
  constructor({ send, onRequest, host, secure }) {
    Object.assign(this, { send, onRequest, host });
    this.protocol = secure ? "WSS" : "WS";
  }

  // The final answer; one with status 408 when none came in time, 503 when the connection went.
  request(method, uri, headers, body = "") {
    const branch = `z9hG4bK${token()}`;
    this.#transmit(method, uri, headers, body, branch);
    return new Promise((answer) => {
      const timer = setTimeout(() => this.#settle(branch, silent(method, 408)), PATIENCE);
      this.#asked.set(branch, { answer, timer, method });
    });
  }

  // ACK of a 2xx, which is a transaction of its own and has no answer.
  acknowledge(uri, headers) {
    this.#transmit("ACK", uri, headers, "", `z9hG4bK${token()}`);
  }

  respond(request, status, fields = {}) {
    const text = composeResponse(request, status, fields);
    this.#answered.set(keyOf(request), text);
    if (this.#answered.size > REMEMBERED) this.#answered.delete(this.#answered.keys().next().value);
    this.send(text);
  }

  receive(text) {
    const message = parse(text);
    if (message === null) return;
    if (message.status) {
      if (message.status >= 200) this.#settle(parameter(message.one("via"), "branch"), message);
      return;
    }
    const before = this.#answered.get(keyOf(message));
    if (before !== undefined && message.method !== "ACK") this.send(before);
    else this.onRequest(message);
  }

  // The connection is gone: nothing that was asked over it is answered any more.
  disconnected() {
    for (const [branch, { method }] of [...this.#asked]) this.#settle(branch, silent(method, 503));
  }

  #settle(branch, response) {
    const asked = this.#asked.get(branch);
    if (asked === undefined) return;
    this.#asked.delete(branch);
    clearTimeout(asked.timer);
    asked.answer(response);
  }

  #transmit(method, uri, headers, body, branch) {
    const via = [`Via`, `SIP/2.0/${this.protocol} ${this.host};branch=${branch}`];
    this.send(composeRequest(method, uri, [via, ["Max-Forwards", "70"], ...headers], body));
  }
}

function keyOf(request) {
  const via = request.one("via");
  return `${parameter(via, "branch")} ${request.one("cseq")} ${request.one("call-id")}`;
}

function silent(method, status) {
  const none = () => [];
  return { status, method, uri: "", body: "", all: none, one: () => "", silent: true };
}
