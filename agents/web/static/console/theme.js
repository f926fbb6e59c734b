// Dark or light: as the machine says, until the switch chooses; the choice is kept in a cookie, so that the
// page comes from the server in its colours.

const DARK = window.matchMedia("(prefers-color-scheme: dark)");
const A_YEAR = 31536000;
const root = document.documentElement;
const button = document.getElementById("theme");

const dark = () => (root.dataset.theme === "auto" ? DARK.matches : root.dataset.theme === "dark");
const show = () => button.setAttribute("aria-pressed", String(dark()));

export function keepTheme() {
  show();
  DARK.addEventListener("change", show);
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    document.cookie = `hotline_theme=${root.dataset.theme}; path=/; max-age=${A_YEAR}; samesite=lax`;
    show();
  });
}
