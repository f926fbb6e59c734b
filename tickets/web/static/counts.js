// The numbers on a page that the board of tickets keeps: of lists, of letters, of what is unread.

const MOST = 999; // as the board counts

export function showCount(key, { count }) {
  for (const shown of document.querySelectorAll(`[data-count="${CSS.escape(key)}"]`)) {
    shown.textContent = count > MOST ? `${MOST}+` : String(count);
    shown.classList.toggle("late", key.startsWith("late/") && count > 0);
    shown.classList.toggle("some", count > 0);
  }
}
