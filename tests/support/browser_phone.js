// A telephone in a page: SIP over a WebSocket (RFC 7118) beside the sound of `browser_call.js`.
// One call at a time; `phone.state` tells what it does, `phone.why` how the last call ended.
class BrowserPhone {
  constructor(user, secret, frequency) {
    Object.assign(this, { user, secret, frequency, state: "idle", why: "" });
    this.host = `${token()}.invalid`;
    this.contact = `<sip:${user}@${this.host};transport=ws>`;
    this.me = `<sip:${user}@${location.hostname}>`;
    this.waiting = new Map();
  }

  async connect() {
    this.socket = new WebSocket(`ws://${location.host}/sip`, "sip");
    this.socket.onmessage = ({ data }) => this.take(parse(data));
    await new Promise((opened, refused) => {
      Object.assign(this.socket, { onopen: opened, onclose: refused });
    });
  }

  // Registers, and tells how many contacts the house knows now.
  async register(expires = 600) {
    const contact = `${this.contact};expires=${expires}`;
    const target = `sip:${location.hostname}`;
    const dialog = newDialog(`${this.me};tag=${token()}`, this.me, target, contact);
    const { status, all } = await this.ask("REGISTER", dialog);
    if (status !== 200) throw new Error(`registering was answered ${status}`);
    return all("contact").length;
  }

  // A fresh connection; `phone.connections` are the states it came into.
  async begin() {
    await begin(this.frequency);
    this.connections = [];
    call.onconnectionstatechange = ({ target }) => this.connections.push(target.connectionState);
  }

  // Calls; `spoil` may change the offer before it is sent.
  async dial(number, spoil = (sdp) => sdp) {
    await this.begin();
    const to = `<sip:${number}@${location.hostname}>`;
    this.dialog = newDialog(`${this.me};tag=${token()}`, to, to.slice(1, -1), this.contact);
    this.state = "dialling";
    this.described = spoil(await offer());
    await this.offered(await this.ask("INVITE", this.dialog, this.described));
    return this.state;
  }

  async answer() {
    const sdp = await answer(this.invite.body);
    this.state = "talking";
    this.reply(this.invite, 200, sdp);
  }

  async hold(held) {
    const [transceiver] = call.getTransceivers();
    transceiver.direction = held ? "sendonly" : "sendrecv";
    await this.offered(await this.ask("INVITE", this.dialog, await offer()));
  }

  async hangUp() {
    if (this.state === "ringing") this.reply(this.invite, 603);
    else await this.ask("BYE", this.dialog);
    this.over("hung up");
  }

  // The answer to an offer of ours: acknowledged and taken, or the call is over.
  async offered(answered) {
    if (answered.status !== 200) return this.over(`refused with ${answered.status}`);
    this.dialog.to = answered.one("to");
    this.dialog.target = uri(answered.one("contact"));
    this.acknowledge(this.dialog, answered);
    this.state = "talking";
    await accept(answered.body);
  }

  take(message) {
    if (!message) return;
    if (message.status) this.answered(message);
    else if (message.method === "INVITE") this.invited(message);
    else if (message.method !== "ACK") this.requested(message);
  }

  answered(message) {
    const waiting = this.waiting.get(message.one("cseq"));
    if (!waiting || message.status < 200) return;
    this.waiting.delete(message.one("cseq"));
    waiting(message);
  }

  async invited(message) {
    this.invite = message;
    if (this.state === "talking") {
      this.reply(message, 200, await answer(message.body));
      return;
    }
    const to = `${message.one("to")};tag=${token()}`;
    message.headers.set("to", [to]);
    this.dialog = newDialog(to, message.one("from"), uri(message.one("contact")), this.contact);
    this.dialog.callId = message.one("call-id");
    await this.begin();
    this.state = "ringing";
    this.reply(message, 180);
  }

  requested(message) {
    this.reply(message, 200);
    if (message.method === "CANCEL") {
      this.reply(this.invite, 487);
      this.over("far side gave up");
    } else if (message.method === "BYE") this.over("far side hung up");
  }

  over(why) {
    Object.assign(this, { state: "ended", why });
    window.call.close();
  }

  // Sends a request; the final answer to it, the second one where a challenge came first.
  async ask(method, dialog, body = "") {
    let answered = await this.request(method, dialog, body);
    if (answered.status !== 401 && answered.status !== 407) return answered;
    if (method === "INVITE") this.acknowledge({ ...dialog, to: answered.one("to") }, answered);
    const extra = await this.proof(method, dialog.target, answered);
    return this.request(method, dialog, body, extra);
  }

  request(method, dialog, body, extra = []) {
    const number = `${++dialog.sequence} ${method}`;
    dialog.branch = this.send(method, dialog, number, body, extra);
    return new Promise((answered) => this.waiting.set(number, answered));
  }

  // ACK of a refusal belongs to the transaction of the INVITE (RFC 3261, 17.1.1.3).
  acknowledge(dialog, answered) {
    const branch = answered.status === 200 ? undefined : dialog.branch;
    this.send("ACK", dialog, `${parseInt(answered.one("cseq"))} ACK`, "", [], branch);
  }

  send(method, dialog, cseq, body, extra, branch = `z9hG4bK${token()}`) {
    const lines = [
      `${method} ${dialog.target} SIP/2.0`,
      `Via: SIP/2.0/WS ${this.host};branch=${branch}`,
      `From: ${dialog.from}`,
      `To: ${dialog.to}`,
      `Call-ID: ${dialog.callId}`,
      `CSeq: ${cseq}`,
      `Contact: ${dialog.contact}`,
      "Max-Forwards: 70",
      ...extra,
    ];
    this.socket.send(compose(lines, body));
    return branch;
  }

  reply(request, status, body = "") {
    const words = { 180: "Ringing", 200: "OK", 487: "Request Terminated", 603: "Decline" };
    const copied = ["via", "from", "to", "call-id", "cseq"].flatMap((name) =>
      request.all(name).map((value) => `${name}: ${value}`),
    );
    const lines = [`SIP/2.0 ${status} ${words[status]}`, ...copied, `Contact: ${this.contact}`];
    this.socket.send(compose(lines, body));
  }

  // The answer to a challenge by SHA-256 (RFC 7616, RFC 8760).
  async proof(method, target, { status, all }) {
    const [asked, answer] =
      status === 401
        ? ["www-authenticate", "Authorization"]
        : ["proxy-authenticate", "Proxy-Authorization"];
    const challenge = all(asked).find((each) => each.includes("SHA-256"));
    const value = (name) => challenge.match(new RegExp(`${name}="?([^",]*)`))[1];
    const [realm, nonce] = [value("realm"), value("nonce")];
    const secret = await sha256(`${this.user}:${realm}:${this.secret}`);
    const asks = await sha256(`${method}:${target}`);
    const response = await sha256(`${secret}:${nonce}:00000001:page:auth:${asks}`);
    const fields = { username: this.user, realm, nonce, uri: target, response, cnonce: "page" };
    const quoted = Object.entries(fields).map(([name, text]) => `${name}="${text}"`);
    return [`${answer}: Digest ${quoted.join(", ")}, algorithm=SHA-256, qop=auth, nc=00000001`];
  }
}

function newDialog(from, to, target, contact) {
  return { from, to, target, contact, callId: token(), sequence: 0 };
}

function parse(text) {
  const [head, body] = text.split("\r\n\r\n");
  const [start, ...lines] = head.split("\r\n");
  if (!start) return null;
  const headers = new Map();
  for (const line of lines) {
    const [name, ...rest] = line.split(":");
    const values = headers.get(name.toLowerCase()) ?? [];
    headers.set(name.toLowerCase(), [...values, rest.join(":").trim()]);
  }
  const all = (name) => headers.get(name) ?? [];
  const status = start.startsWith("SIP/") ? parseInt(start.split(" ")[1]) : 0;
  return { status, method: start.split(" ")[0], headers, body, all, one: (name) => all(name)[0] };
}

function compose(lines, body) {
  const kind = body ? ["Content-Type: application/sdp"] : [];
  return [...lines, ...kind, `Content-Length: ${body.length}`, "", body].join("\r\n");
}

function uri(address) {
  return address.match(/<([^>]*)>/)?.[1] ?? address.split(";")[0];
}

function token() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), hex).join("");
}

async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), hex).join("");
}

function hex(octet) {
  return octet.toString(16).padStart(2, "0");
}

// A script that is there before the page is has a scope of its own.
Object.assign(window, { BrowserPhone, press, report });
