// When a figure calls for attention (warning) or action (critical), without flickering on the edge.
//
//   level = nextLevel(level, value, {warning: 60, critical: 120, below: false, hysteresis: 0.1}, calls)

export const NONE = "";
export const WARNING = "warning";
export const CRITICAL = "critical";

function beyond(value, limit, threshold, held) {
  // Once held, a level is left only when the figure has come back past its limit by the hysteresis.
  const give = held ? Math.abs(limit) * threshold.hysteresis : 0;
  return threshold.below ? value < limit + give : value >= limit - give;
}

export function nextLevel(level, value, threshold, sample = Infinity) {
  if (value === null || value === undefined || sample < threshold.sample) return NONE;
  if (beyond(value, threshold.critical, threshold, level === CRITICAL)) return CRITICAL;
  if (beyond(value, threshold.warning, threshold, level !== NONE)) return WARNING;
  return NONE;
}
