// The page's words for scripts. In the template:
//   <script type="application/json" id="texts">{{ texts("console.") | tojson }}</script>
// and here: import { t } from "/static/cti/texts.js"; t("console.waiting", { count: 3 })

let words = null;
let rules = null;

export function t(key, blanks = {}) {
  words ??= JSON.parse(document.getElementById("texts").textContent);
  const text = form(words[key] ?? key, blanks);
  return text.replace(/\{(\w+)\}/g, (whole, name) => blanks[name] ?? whole);
}

// A number may choose between two forms: { by: "count", one: "{count} call", other: "{count} calls" }.
function form(text, blanks) {
  if (typeof text === "string") return text;
  rules ??= new Intl.PluralRules(document.documentElement.lang);
  return rules.select(Number(blanks[text.by])) === "one" ? text.one : text.other;
}
