// A new ticket asks for what its kind needs: another kind is another form, with what was typed kept.

import "/static/tickets/typed.js";

const form = document.getElementById("new-ticket");
const change = document.getElementById("change-kind");

change.hidden = true;
form.addEventListener("change", (event) => {
  if (event.target.name === "kind") form.requestSubmit(change);
});
