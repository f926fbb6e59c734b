// A dialog that began with a request of the house (RFC 3261, 12.1.1).

import { parameter, token, uriOf } from "./message.js";

export class Dialog {
  constructor(invite) {
    this.tag = token();
    this.callId = invite.one("call-id");
    this.local = `${invite.one("to")};tag=${this.tag}`;
    this.remote = invite.one("from");
    this.remoteTag = parameter(this.remote, "tag");
    this.target = uriOf(invite.one("contact"));
    this.routes = invite.all("record-route");
    this.localSequence = 0;
    this.remoteSequence = sequenceOf(invite);
  }

  has(request) {
    return (
      request.one("call-id") === this.callId &&
      parameter(request.one("to"), "tag") === this.tag &&
      parameter(request.one("from"), "tag") === this.remoteTag
    );
  }

  // Takes a request in order; false for one that is late (12.2.2). A re-INVITE moves the target.
  takes(request) {
    const sequence = sequenceOf(request);
    if (sequence < this.remoteSequence) return false;
    this.remoteSequence = sequence;
    if (request.method === "INVITE" && request.one("contact")) this.target = uriOf(request.one("contact"));
    return true;
  }

  headers(method, contact) {
    this.localSequence += 1;
    return [
      ...this.routes.map((route) => ["Route", route]),
      ["From", this.local],
      ["To", this.remote],
      ["Call-ID", this.callId],
      ["CSeq", `${this.localSequence} ${method}`],
      ["Contact", `<${contact}>`],
    ];
  }
}

function sequenceOf(request) {
  return parseInt(request.one("cseq"), 10);
}
