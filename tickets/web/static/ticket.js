// News for one ticket: says when somebody else changed it. Nothing is replaced under the fingers of
// a person who types; a form of an old version is refused by the server and shown again as typed.

import { connect } from "/static/cti/live.js";

const ticket = document.getElementById("ticket");
const changed = document.getElementById("changed");

function see(number, line) {
  if (number === ticket.dataset.number && line.version > Number(ticket.dataset.version)) {
    changed.hidden = false;
  }
}

connect("/tickets/live", {
  onSnapshot(lines) {
    for (const [number, line] of Object.entries(lines)) see(number, line);
  },
  onSet: see,
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});
