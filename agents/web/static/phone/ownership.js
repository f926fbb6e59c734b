// One page of this browser has the telephone; the others know that it is elsewhere.

const NAME = "hotline-telephone";

// Resolves to a function that gives it back, or to null while another page has it. `steal` takes it
// from there. `onLost` is told when another page has taken it.
export function claim(onLost, { steal = false } = {}) {
  return new Promise((decided, failed) => {
    const options = steal ? { steal: true } : { ifAvailable: true };
    const held = navigator.locks.request(NAME, options, (lock) => {
      if (lock === null) {
        decided(null);
        return undefined;
      }
      return new Promise((release) => decided(release));
    });
    held.catch((error) => (error.name === "AbortError" ? onLost() : failed(error)));
  });
}
