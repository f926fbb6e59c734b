// What changes only because time passes: data-due="<instant>" makes data-late "near" so many seconds
// (data-near) before and "over" after it; a progress bar with data-due runs down to it.

export function mark(root, now) {
  for (const element of root.querySelectorAll("[data-due], [data-late]")) {
    if (element.dataset.due === undefined) {
      delete element.dataset.late;
      continue;
    }
    const left = (Date.parse(element.dataset.due) - now) / 1000;
    if (element.localName === "progress") element.value = Math.max(0, left);
    else setLate(element, left);
  }
}

function setLate(element, left) {
  const near = left < Number(element.dataset.near ?? 0);
  const late = left <= 0 ? "over" : near ? "near" : "";
  if ((element.dataset.late ?? "") !== late) element.dataset.late = late;
}
