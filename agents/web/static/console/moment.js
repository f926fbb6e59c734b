// A field for date and time, typed as 2026-03-05 10:30 whatever the browser's language, or picked from the
// browser's own calendar.

import { localOf, typedTime } from "/static/agents/console/words.js";

export function keepMoment(field, picker, opener) {
  let tell = () => {};

  function put(local) {
    field.value = typedTime(local);
    look();
  }

  const local = () => localOf(field.value) ?? "";
  const wrong = () => field.value.trim() !== "" && local() === "";
  const look = () => field.setAttribute("aria-invalid", String(wrong()));

  field.addEventListener("change", () => {
    if (wrong()) look();
    else put(local());
    tell();
  });
  picker.addEventListener("change", () => {
    put(picker.value);
    tell();
  });
  opener.addEventListener("click", () => {
    picker.value = local();
    picker.showPicker();
  });

  return {
    put,
    changed: (told) => (tell = told),
    // What stands there as "2026-03-05T10:30", empty without an instant.
    get local() {
      return local();
    },
    get wrong() {
      return wrong();
    },
  };
}
