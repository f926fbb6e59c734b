// Asks once more before what should not be done without a thought.

const dialog = document.getElementById("confirm");

// True when it was said so, false for every other way out of the dialog.
export function confirmed(words) {
  document.getElementById("confirm-words").textContent = words;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
