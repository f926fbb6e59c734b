// The queues this agent serves: who waits, and how long the one who came first.

import { t } from "/static/cti/texts.js";

export function drawQueues(body, entities) {
  const language = document.documentElement.lang.slice(0, 2);
  const queues = [...entities].filter(([key]) => key.startsWith("queue/"));
  queues.sort(([a], [b]) => a.localeCompare(b));
  body.replaceChildren(...queues.map(([, queue]) => row(queue, queue.names[language])));
}

function row(queue, name) {
  const line = document.createElement("tr");
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
