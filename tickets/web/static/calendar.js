// Days of the year by the keys and the mouse: arrows walk through them, Enter or a click chooses a
// day, with Shift all days from the chosen one to there. Without it every day is a link.

const months = document.querySelector("[data-days]");
const links = months ? [...months.querySelectorAll("a[data-day]")] : [];
const from = document.querySelector('#days [name="from"]');
const to = document.querySelector('#days [name="to"]');
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

function walk(link, step) {
  const next = links[links.indexOf(link) + step];
  if (next) stand(next).focus();
}

// One day alone is reached by Tab, so that nobody has to go through 365.
function stand(link) {
  for (const each of links) each.tabIndex = each === link ? 0 : -1;
  return link;
}

function show() {
  const first = from.value;
  const last = to.value || first;
  for (const link of links) {
    const day = link.dataset.day;
    link.parentElement.classList.toggle("chosen", Boolean(first) && first <= day && day <= last);
  }
}

function choose(day, further) {
  const [first, last] = further && from.value ? [from.value, day].sort() : [day, ""];
  from.value = first;
  to.value = last === first ? "" : last;
  show();
}

if (links.length && from && to) {
  const first = links.find((each) => each.dataset.day === from.value);
  stand(first ?? links.find((each) => each.closest(".today")) ?? links[0]);
  months.addEventListener("keydown", (event) => {
    const link = event.target.closest("a[data-day]");
    if (!link || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in STEPS) walk(link, STEPS[event.key]);
    else if (event.key === "Enter" && event.shiftKey) choose(link.dataset.day, true);
    else return;
    event.preventDefault();
  });
  months.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-day]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stand(link);
    choose(link.dataset.day, event.shiftKey);
    const form = document.getElementById("days");
    if (!event.shiftKey && form.getBoundingClientRect().top > window.innerHeight) form.scrollIntoView();
  });
  for (const field of [from, to]) field.addEventListener("input", show);
  show();
}
