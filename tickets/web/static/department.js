// News for a department's desk: says when one of its orders changed. What is ticked stays ticked.

import { connect } from "/static/cti/live.js";

const changed = document.getElementById("changed");
let first = true;

connect("/tickets/live", {
  onSnapshot() {
    if (!first) changed.hidden = false;
    first = false;
  },
  onSet() {
    changed.hidden = false;
  },
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
});
