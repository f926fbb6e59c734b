// Notes about the call: what is typed is on the server a moment later, and back after a reload.

import { refill } from "/static/agents/console/dom.js";
import { t } from "/static/cti/texts.js";

const PAUSE = 300;
const RETRY = 2000;

export function keepNotes(save) {
  const field = document.getElementById("notes");
  const label = document.getElementById("notes-saved");
  let callId = null;
  let saved = "";
  let timer = null;
  let running = Promise.resolve();

  function later(delay) {
    clearTimeout(timer);
    timer = setTimeout(flush, delay);
  }

  async function store(forCall, value) {
    if (value === saved || forCall !== callId) return;
    label.textContent = t("console.notes_saving");
    try {
      await save(forCall, value);
      if (forCall !== callId) return;
      saved = value;
      label.textContent = t("console.notes_saved");
    } catch {
      if (forCall !== callId) return;
      label.textContent = t("console.notes_lost");
      later(RETRY);
    }
  }

  // One after the other, so that an older text never arrives after a newer one.
  function flush() {
    clearTimeout(timer);
    const [forCall, value] = [callId, field.value];
    if (forCall !== null) running = running.then(() => store(forCall, value));
    return running;
  }

  // After-call work that ends by itself must not lose the words being typed.
  function keepLast(forCall, value) {
    if (forCall === null || value === saved) return;
    running = running.then(() => save(forCall, value)).catch(() => {});
  }

  field.addEventListener("input", () => later(PAUSE));

  return {
    flush,
    // A new call brings its own notes; for the same call the field is what counts, but a page that only
    // looks on shows what is written elsewhere.
    show(agent, looksOn) {
      field.readOnly = looksOn;
      if (agent.call_id === callId && !looksOn) return;
      if (agent.call_id === callId) {
        saved = agent.notes;
        if (field.value !== saved) field.value = saved;
        return;
      }
      clearTimeout(timer);
      keepLast(callId, field.value);
      callId = agent.call_id;
      saved = agent.notes;
      refill(field, callId === null ? "" : agent.notes);
      label.textContent = t("console.notes_hint");
    },
  };
}
