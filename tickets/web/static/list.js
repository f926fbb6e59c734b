// News for a list: when a ticket changes or falls overdue, the page fetches itself once more and
// puts the parts marked data-news in place. The server renders them, here and without scripts.

import { connect } from "/static/cti/live.js";

const SETTLE = 300; // milliseconds: a burst of changes is one fetch
const EVERY_MINUTE = 60000; // the words "overdue by 5 minutes" grow old too

let waiting = null;
let fetching = false;

function soon() {
  waiting ??= setTimeout(refresh, SETTLE);
}

async function refresh() {
  waiting = null;
  if (fetching) {
    soon();
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) {
      if (answer.redirected) location.reload(); // signed out
      return;
    }
    place(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the network is away; the stale bar says so
  } finally {
    fetching = false;
  }
}

function place(fresh) {
  const now = document.querySelectorAll("[data-news]");
  const then = fresh.querySelectorAll("[data-news]");
  const focused = document.activeElement?.getAttribute("href");
  now.forEach((part, index) => {
    if (part.innerHTML !== then[index].innerHTML) part.innerHTML = then[index].innerHTML;
  });
  if (focused && document.activeElement === document.body) {
    document.querySelector(`[data-news] a[href="${CSS.escape(focused)}"]`)?.focus();
  }
  speak();
}

// Screen readers hear how many are overdue when that changes, never the running times.
function speak() {
  const said = document.getElementById("said");
  const count = document.getElementById("overdue-title")?.textContent ?? "";
  if (said.textContent !== count) said.textContent = count;
}

let first = true;
connect("/tickets/live", {
  onSnapshot() {
    if (!first) soon();
    first = false;
  },
  onSet: soon,
  onDelete: soon,
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});
speak();
setInterval(soon, EVERY_MINUTE);
