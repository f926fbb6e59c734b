// The keys of a page, listed on "?": never while somebody types, never with Ctrl, Alt or Meta. Escape
// closes what lies open around the focus and gives the focus back to what opened it.

const TYPING = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]";
const PRESSED = "summary, button, a[href]";
const dialog = document.getElementById("keys");
const opener = document.getElementById("show-keys");

export function offerKeys(keys) {
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (event.key === "Escape") return leave(event);
    if (event.target.closest(TYPING) || (event.key === "Enter" && event.target.closest(PRESSED))) return;
    const act = event.key === "?" ? () => dialog.showModal() : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function leave(event) {
  const open = event.target.closest("details.panel[open], details.act[open], details.unmask[open], details.take-off[open]");
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
}
