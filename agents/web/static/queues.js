// The queues this agent serves: who waits, and how long the one who came first.

import { t } from "/static/cti/texts.js";

export function drawQueues(body, entities) {
  const language = document.documentElement.lang.slice(0, 2);
  const queues = [...entities].filter(([key]) => key.startsWith("queue/"));
  queues.sort(([a], [b]) => a.localeCompare(b));
  body.replaceChildren(...queues.map(([, queue]) => row(queue, queue.names[language])));
}

// Rows whose first caller has waited longer than the service level allows stand out.
export function markLate(body, now) {
  for (const line of body.rows) {
    const { oldest, threshold } = line.dataset;
    line.classList.toggle("late", oldest !== "" && (now - Date.parse(oldest)) / 1000 > Number(threshold));
  }
}

function row(queue, name) {
  const line = document.createElement("tr");
  line.dataset.oldest = queue.oldest ?? "";
  line.dataset.threshold = queue.threshold;
  const title = document.createElement("td");
  title.textContent = name;
  const waiting = document.createElement("td");
  waiting.className = "number";
  waiting.textContent = queue.waiting;
  const longest = document.createElement("td");
  longest.className = "number";
  if (queue.oldest === null) {
    longest.textContent = t("console.nobody_waits");
    longest.classList.add("soft");
  } else {
    const time = document.createElement("time");
    time.dataset.since = queue.oldest;
    longest.append(time);
  }
  line.append(title, waiting, longest);
  return line;
}
