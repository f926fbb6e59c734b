// SIP messages as text and back (RFC 3261, 7), as far as a telephone in a page needs them.

const LONG_NAMES = { c: "content-type", f: "from", i: "call-id", l: "content-length", m: "contact", t: "to", v: "via" };
const LISTS = new Set(["via", "record-route", "route", "contact"]);
const REASONS = {
  100: "Trying",
  180: "Ringing",
  200: "OK",
  400: "Bad Request",
  405: "Method Not Allowed",
  481: "Call/Transaction Does Not Exist",
  486: "Busy Here",
  487: "Request Terminated",
  488: "Not Acceptable Here",
  500: "Server Internal Error",
  603: "Decline",
};

// A message: `status` 0 for a request. Null for what is none, such as a keep-alive.
export function parse(text) {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [start, ...lines] = text.slice(0, end).split("\r\n");
  const [first, second] = start.split(" ");
  const status = first === "SIP/2.0" ? parseInt(second, 10) : 0;
  if (!second || Number.isNaN(status)) return null;
  const headers = readHeaders(lines);
  const all = (name) => headers.get(name) ?? [];
  const one = (name) => all(name)[0] ?? "";
  const body = text.slice(end + 4);
  return { status, method: status ? methodOf(one("cseq")) : first, uri: status ? "" : second, body, all, one };
}

export function composeRequest(method, uri, headers, body = "") {
  return compose(`${method} ${uri} SIP/2.0`, headers, body);
}

// The answer to a request; `tag` is ours where the request has none in To yet.
export function composeResponse(request, status, { tag = "", headers = [], body = "" } = {}) {
  const copied = ["via", "record-route", "from", "call-id", "cseq"].flatMap((name) =>
    request.all(name).map((value) => [name, value]),
  );
  const to = request.one("to");
  const ours = tag && !parameter(to, "tag") ? `${to};tag=${tag}` : to;
  return compose(`SIP/2.0 ${status} ${REASONS[status] ?? ""}`, [...copied, ["To", ours], ...headers], body);
}

// The URI of a name address: what stands in <>, else what comes before the parameters.
export function uriOf(address) {
  return address.match(/<([^>]*)>/)?.[1] ?? address.split(";")[0].trim();
}

// The user part of its URI, and the name shown before it.
export function personOf(address) {
  const number = uriOf(address).match(/^sips?:([^@;]*)@/)?.[1] ?? "";
  const name = address.match(/^\s*"((?:[^"\\]|\\.)*)"/)?.[1] ?? "";
  return { number: decodeURIComponent(number), name: name.replace(/\\(.)/g, "$1") };
}

// A parameter of the header, not of the URI inside <>.
export function parameter(value, name) {
  const outside = value.replace(/^[^<]*<[^>]*>/, "");
  return outside.match(new RegExp(`;\\s*${name}\\s*=\\s*([^;\\s]*)`, "i"))?.[1] ?? "";
}

export function token(octets = 8) {
  const bytes = crypto.getRandomValues(new Uint8Array(octets));
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

function compose(start, headers, body) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const kind = body ? ["Content-Type: application/sdp"] : [];
  const length = new TextEncoder().encode(body).length;
  return [start, ...lines, ...kind, `Content-Length: ${length}`, "", body].join("\r\n");
}

function readHeaders(lines) {
  const headers = new Map();
  for (const line of unfolded(lines)) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const written = line.slice(0, colon).trim().toLowerCase();
    const name = LONG_NAMES[written] ?? written;
    const value = line.slice(colon + 1).trim();
    headers.set(name, [...(headers.get(name) ?? []), ...(LISTS.has(name) ? split(value) : [value])]);
  }
  return headers;
}

function unfolded(lines) {
  const whole = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line) && whole.length) whole[whole.length - 1] += ` ${line.trim()}`;
    else whole.push(line);
  }
  return whole;
}

// At commas outside of quotes and <>.
function split(value) {
  return value.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g)?.map((each) => each.trim()) ?? [];
}

function methodOf(cseq) {
  return cseq.split(/\s+/)[1] ?? "";
}
