// One live board: snapshot, numbered changes, heartbeat, commands with answers.
//
//   const board = connect("/console/live", {
//     onSnapshot(entities) {}, onSet(key, value) {}, onDelete(key) {},
//     onStale(stale) {},            // true: nothing heard for three seconds; false: back again
//   });
//   await board.send("not_ready", {reason: "lunch"});    // rejects with {error, text}
//   board.now()                                           // the server's clock, milliseconds
//
// The connection comes back by itself, with a fresh snapshot; what was not answered by then is
// rejected as "live.disconnected", since it may or may not have been done.

const STALE_AFTER = 3000;
const FIRST_RETRY = 500;
const LONGEST_RETRY = 8000;
const SESSION_ENDED = 4401;

export class Disconnected extends Error {
  constructor() {
    super("live.disconnected");
    this.error = "live.disconnected";
    this.text = "";
  }
}

export class CommandRefused extends Error {
  constructor(error, text) {
    super(text || error);
    this.error = error;
    this.text = text;
  }
}

export function connect(url, handlers) {
  const address = new URL(url, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const waiting = new Map();
  let socket = null;
  let sequence = 0;
  let number = 0;
  let offset = 0;
  let heard = performance.now();
  let stale = false;
  let retry = FIRST_RETRY;
  let closed = false;

  function setStale(value) {
    if (stale !== value) {
      stale = value;
      handlers.onStale?.(value);
    }
  }

  function settle(message) {
    const promise = waiting.get(message.re);
    waiting.delete(message.re);
    if (promise === undefined) return;
    if ("error" in message) promise.reject(new CommandRefused(message.error, message.text));
    else promise.resolve(message.ok);
  }

  function take(message) {
    if ("now" in message) offset = Date.parse(message.now) - Date.now();
    if ("re" in message) {
      settle(message);
      return;
    }
    if ("snapshot" in message) {
      sequence = message.seq;
      handlers.onSnapshot?.(message.snapshot);
      return;
    }
    const isChange = "set" in message || "del" in message;
    if (message.seq !== sequence + (isChange ? 1 : 0)) {
      socket.close(); // a change was missed: start again from a snapshot
      return;
    }
    sequence = message.seq;
    for (const [key, value] of Object.entries(message.set ?? {})) handlers.onSet?.(key, value);
    for (const key of message.del ?? []) handlers.onDelete?.(key);
  }

  // A handshake that is refused does not say why: a page that is led elsewhere is signed out.
  async function leaveWhenSignedOut() {
    const options = { redirect: "manual", cache: "no-store" };
    const page = await fetch(location.href, options).catch(() => null);
    if (page?.type === "opaqueredirect") location.reload();
  }

  function open() {
    let spoke = false;
    socket = new WebSocket(address);
    socket.onmessage = (event) => {
      spoke = true;
      heard = performance.now();
      retry = FIRST_RETRY;
      take(JSON.parse(event.data));
      setStale(false);
    };
    socket.onclose = (event) => {
      for (const promise of waiting.values()) promise.reject(new Disconnected());
      waiting.clear();
      if (closed) return;
      if (event.code === SESSION_ENDED) {
        location.reload(); // the page leads to the sign-in
        return;
      }
      if (!spoke) leaveWhenSignedOut();
      setTimeout(open, retry * (0.75 + Math.random() / 2));
      retry = Math.min(retry * 2, LONGEST_RETRY);
    };
  }

  const watch = setInterval(() => {
    const silence = performance.now() - heard;
    if (silence > STALE_AFTER) setStale(true);
    if (silence > 3 * STALE_AFTER && socket.readyState === WebSocket.OPEN) {
      heard = performance.now();
      socket.close();
    }
  }, 250);

  open();
  return {
    send(what, fields = {}) {
      if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Disconnected());
      number += 1;
      socket.send(JSON.stringify({ ...fields, id: number, do: what }));
      return new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
    },
    now: () => Date.now() + offset,
    isStale: () => stale,
    close() {
      closed = true;
      clearInterval(watch);
      socket.close();
    },
  };
}
