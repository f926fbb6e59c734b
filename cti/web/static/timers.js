// Running times from instants: <time data-since="2026-01-05T09:00:00+00:00"> counts up,
// data-until counts down to zero. Minutes and seconds, hours when there are any.
//
//   startTimers(() => board.now());     // the server's clock, so a wrong PC clock does no harm

export function clockface(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function updateTimers(root, now) {
  for (const element of root.querySelectorAll("[data-since], [data-until]")) {
    const { since, until } = element.dataset;
    const seconds = since ? (now - Date.parse(since)) / 1000 : Math.ceil((Date.parse(until) - now) / 1000);
    const text = Number.isFinite(seconds) ? clockface(seconds) : "";
    if (element.textContent !== text) element.textContent = text;
  }
}

export function startTimers(now = Date.now, root = document) {
  updateTimers(root, now());
  return setInterval(() => updateTimers(root, now()), 250);
}
