// Plays a recording in the bar below the list instead of leaving the page, and shows on a time
// line what is missing from it and whether it is what was recorded.

const player = document.getElementById("player");
const audio = document.getElementById("audio");
const unplayable = document.getElementById("unplayable");
const sign = document.getElementById("sign");
const notes = document.getElementById("notes");
const line = document.getElementById("time-line");
const head = document.getElementById("play-head");
const SVG = "http://www.w3.org/2000/svg";
const LANES = { 0: [2, 16], 1: [20, 16], null: [2, 34] }; // top and height by track
let asked = 0; // only the newest answer is shown
let total = 0; // seconds on the line

for (const link of document.querySelectorAll("a.play")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
    link.closest("tr").setAttribute("aria-current", "true");
    document.getElementById("playing").textContent = link.dataset.title;
    player.hidden = false;
    open(link.href);
    audio.play().catch(() => {}); // the error event below says it to the person
  });
}

for (const button of document.querySelectorAll("button[data-at]")) {
  button.addEventListener("click", () => {
    audio.currentTime = Number(button.dataset.at); // before it is loaded: where it will begin
    audio.play().catch(() => {});
  });
}

if (audio.dataset.sound) open(audio.dataset.sound);

audio.addEventListener("error", () => {
  unplayable.hidden = false;
});

audio.addEventListener("timeupdate", () => {
  const share = total ? Math.min(1, audio.currentTime / total) : 0;
  head.setAttribute("x1", `${share * 100}%`);
  head.setAttribute("x2", `${share * 100}%`);
});

line.addEventListener("click", (event) => {
  const box = line.getBoundingClientRect();
  if (total) audio.currentTime = (total * (event.clientX - box.left)) / box.width;
});

function open(href) {
  unplayable.hidden = true;
  audio.src = href;
  show(href.replace(/audio$/, "verdict"));
}

async function show(address) {
  const mine = (asked += 1);
  sign.hidden = true;
  hide(line, true); // an SVG has no property for it
  notes.textContent = "";
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok || mine !== asked) return;
  const verdict = await answer.json();
  if (mine !== asked) return;
  sign.textContent = verdict.sign;
  sign.className = `badge ${verdict.mood}`;
  notes.textContent = verdict.notes.join(" · ");
  const ends = verdict.marks.map((mark) => mark.start + mark.length);
  total = Math.max(verdict.seconds, ...ends, 0);
  line.dataset.mood = verdict.mood;
  sign.hidden = false;
  hide(line, !total);
  draw(verdict);
}

function hide(picture, hidden) {
  picture.toggleAttribute("hidden", hidden);
}

function draw(verdict) {
  for (const old of line.querySelectorAll(".mark")) old.remove();
  for (const mark of verdict.marks) line.insertBefore(picture(mark), head);
  const sealed = line.querySelector(".sealed");
  sealed.setAttribute("width", total ? `${(verdict.seconds / total) * 100}%` : "0");
}

function picture(mark) {
  const [top, height] = LANES[mark.track];
  const shape = document.createElementNS(SVG, "rect");
  const instant = mark.length === 0;
  shape.setAttribute("class", `mark mark-${mark.kind}`);
  shape.setAttribute("x", `${(mark.start / total) * 100}%`);
  shape.setAttribute("y", instant ? 0 : top);
  shape.style.width = instant ? "3px" : `max(2px, ${(mark.length / total) * 100}%)`;
  shape.setAttribute("height", instant ? 38 : height);
  const title = document.createElementNS(SVG, "title");
  title.textContent = mark.title;
  shape.append(title);
  return shape;
}
