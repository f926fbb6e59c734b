// News for a department's desk: says when one of its orders changed. What is ticked stays ticked.

import { connect } from "/static/cti/live.js";

const changed = document.getElementById("changed");
const mine = `dept:${document.getElementById("piles").dataset.department}`;
const turns = new Map();
let first = true;

// A list's first count is no news: it is counted when somebody opens a page that shows it.
function see(key, { turn }) {
  if (!key.includes(mine)) return;
  if (turns.has(key) && turns.get(key) !== turn) changed.hidden = false;
  turns.set(key, turn);
}

connect("/tickets/live", {
  onSnapshot(entities) {
    for (const [key, value] of Object.entries(entities)) see(key, value);
    if (!first) changed.hidden = false; // what happened while the connection was away
    first = false;
  },
  onSet: see,
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});
