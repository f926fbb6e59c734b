// Digest authentication by SHA-256 (RFC 7616, RFC 8760): answers challenges, and keeps answering by
// the same nonce for as long as the server takes it.

import { token } from "./message.js";

export class Digest {
  #challenge = null;
  #count = 0;

  constructor({ user, password, realm }) {
    Object.assign(this, { user, password, realm });
  }

  // Takes the challenge of a 401 that is for us; false when there is none that we can answer.
  challenged(response) {
    const ours = response
      .all("www-authenticate")
      .map(readParameters)
      .find((each) => each.realm === this.realm && each.algorithm === "SHA-256");
    if (!ours) return false;
    this.#challenge = ours;
    this.#count = 0;
    return true;
  }

  // What a right answer may bring: the nonce to use from now on (RFC 7616, 3.5).
  accepted(response) {
    const { nextnonce } = readParameters(`Digest ${response.one("authentication-info")}`);
    if (!nextnonce || !this.#challenge) return;
    this.#challenge = { ...this.#challenge, nonce: nextnonce };
    this.#count = 0;
  }

  // The Authorization header for a request, none before the first challenge.
  async proof(method, uri) {
    if (!this.#challenge) return [];
    const { realm, nonce } = this.#challenge;
    this.#count += 1;
    const count = this.#count.toString(16).padStart(8, "0");
    const cnonce = token();
    const secret = await sha256(`${this.user}:${realm}:${this.password}`);
    const asked = await sha256(`${method}:${uri}`);
    const response = await sha256(`${secret}:${nonce}:${count}:${cnonce}:auth:${asked}`);
    const quoted = Object.entries({ username: this.user, realm, nonce, uri, response, cnonce });
    const fields = quoted.map(([name, value]) => `${name}="${value}"`).join(", ");
    return [["Authorization", `Digest ${fields}, algorithm=SHA-256, qop=auth, nc=${count}`]];
  }
}

export async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (octet) => octet.toString(16).padStart(2, "0")).join("");
}

function readParameters(value) {
  const found = {};
  for (const [, name, quoted, plain] of value.matchAll(/([A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    found[name.toLowerCase()] = quoted ?? plain;
  }
  return found;
}
