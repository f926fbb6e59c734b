// What this page calls itself to the server: the same after a reload, another in every other tab.
// A duplicated tab copies the storage of its original, so only a reload may take the name from it.

const KEY = "hotline.page";

export function pageName() {
  const [navigation] = performance.getEntriesByType("navigation");
  const kept = navigation?.type === "reload" ? sessionStorage.getItem(KEY) : null;
  const name = kept ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
  sessionStorage.setItem(KEY, name);
  return name;
}
