// Pages of tickets that show nothing live but the numbers of what waits.

import { connect } from "/static/cti/live.js";
import { showCount } from "/static/tickets/counts.js";

connect("/tickets/live", {
  onSnapshot(entities) {
    for (const [key, value] of Object.entries(entities)) if (key.includes("/")) showCount(key, value);
  },
  onSet(key, value) {
    if (key.includes("/")) showCount(key, value);
  },
});
