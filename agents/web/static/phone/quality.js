// How good the line is, from what the browser counts (W3C webrtc-stats).

export const LOOK_EVERY = 2000;

// What came since the look before: `{rtt, loss, jitter, heard}`, milliseconds and per cent; null for
// what is not known. `before` is the last result, whose counters this one goes on from.
export function measure(stats, before = null) {
  const of = (type, wanted = () => true) => [...stats.values()].find((each) => each.type === type && wanted(each));
  const inbound = of("inbound-rtp") ?? {};
  const told = of("remote-inbound-rtp") ?? {};
  const pair = of("candidate-pair", (each) => each.nominated && each.state === "succeeded") ?? {};
  const counted = { received: inbound.packetsReceived ?? 0, lost: Math.max(0, inbound.packetsLost ?? 0) };
  const received = counted.received - (before?.counted.received ?? 0);
  const lost = Math.max(0, counted.lost - (before?.counted.lost ?? 0));
  return {
    rtt: milliseconds(told.roundTripTime ?? pair.currentRoundTripTime),
    loss: received + lost > 0 ? round((100 * lost) / (received + lost)) : null,
    jitter: milliseconds(inbound.jitter),
    heard: received > 0,
    counted,
  };
}

// In words a person can act on: "good", "fair", "poor", or "none" without a line.
export function grade({ rtt, loss, heard }) {
  if (!heard) return "none";
  if (loss > 5 || rtt > 400) return "poor";
  return loss > 1 || rtt > 200 ? "fair" : "good";
}

function milliseconds(seconds) {
  return seconds === undefined ? null : round(1000 * seconds);
}

function round(value) {
  return Math.round(10 * value) / 10;
}
