// Plays a recording in the bar below the list instead of leaving the page.

const player = document.getElementById("player");
const audio = document.getElementById("audio");
const unplayable = document.getElementById("unplayable");

for (const link of document.querySelectorAll("a.play")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
    link.closest("tr").setAttribute("aria-current", "true");
    document.getElementById("playing").textContent = link.dataset.title;
    unplayable.hidden = true;
    player.hidden = false;
    audio.src = link.href;
    audio.play().catch(() => {}); // the error event below says it to the person
  });
}

audio.addEventListener("error", () => {
  unplayable.hidden = false;
});
