// A click is one only where the button went down and up on the same node: what lies under a pressed
// button must not be replaced before it is let go.
//
//   await released();    // at once, unless a button is pressed; else once its click was told

let pressed = false;
const waiting = [];

function release() {
  if (!pressed) return;
  pressed = false;
  setTimeout(() => {
    for (const go of waiting.splice(0)) go();
  });
}

addEventListener("pointerdown", () => (pressed = true), true);
addEventListener("pointerup", release, true);
addEventListener("pointercancel", release, true);
addEventListener("pointermove", (event) => event.buttons || release(), true); // let go elsewhere

export async function released() {
  while (pressed) await new Promise((go) => waiting.push(go));
}
