// The page's words for scripts. In the template:
//   <script type="application/json" id="texts">{{ texts("console.") | tojson }}</script>
// and here: import { t } from "/static/cti/texts.js"; t("console.waiting", { count: 3 })

let words = null;

export function t(key, blanks = {}) {
  words ??= JSON.parse(document.getElementById("texts").textContent);
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => blanks[name] ?? whole);
}
