// What the board's entities say, put together for drawing: the agent, their calls, what is beside them.

export function deskOf(entities, id, page) {
  const one = (kind) => entities.get(`${kind}/${id}`) ?? null;
  const all = (kind) => {
    const found = [...entities].filter(([key]) => key.startsWith(`${kind}/`));
    return found.map(([key, value]) => ({ ...value, id: key.slice(kind.length + 1) }));
  };
  const agent = one("agent");
  if (agent === null) return null;
  const calls = agent.calls ?? theCall(agent, one("card"));
  return {
    agent,
    can: agent.can ?? fromState(agent),
    calls,
    active: calls[0] ?? null,
    card: one("card"),
    loan: one("loan"),
    customer: one("customer"),
    day: one("day"),
    wrapUp: one("wrap_up"),
    loan: one("loan"),
    favourites: one("favourites") ?? [],
    queues: all("queue").sort((a, b) => a.id.localeCompare(b.id)),
    colleagues: all("directory/agent"),
    destinations: all("directory/queue"),
    codes: entities.get("codes") ?? null,
    elsewhere: (one("desk")?.page ?? page) !== page,
  };
}

export const ringing = (desk) => desk.agent.state === "reserved";
export const wrappingUp = (desk) => desk.agent.state === "working_after_call";
export const occupied = (desk) => ["reserved", "busy", "hold", "working_after_call"].includes(desk.agent.state);

// A house that does not say what is possible: told from the state alone.
const POSSIBLE = {
  sign_in: ["logged_off"],
  sign_out: ["not_ready", "ready", "reserved", "busy", "hold", "working_after_call"],
  ready: ["not_ready", "ready", "reserved", "busy", "hold", "working_after_call"],
  not_ready: ["not_ready", "ready", "reserved", "busy", "hold", "working_after_call"],
  hold: ["busy"],
  retrieve: ["hold"],
  hang_up: ["busy", "hold"],
  finish: ["working_after_call"],
  extend: ["working_after_call"],
};

function fromState({ state, extensions_left, phone }) {
  const able = (action, states) => states.includes(state) && !(action === "extend" && extensions_left === 0);
  const can = Object.fromEntries(Object.entries(POSSIBLE).map(([action, states]) => [action, able(action, states) ? "" : "not_now"]));
  return phone?.kind === "browser" ? { ...can, answer: state === "reserved" ? "" : "not_now" } : can;
}

function theCall(agent, card) {
  if (!["busy", "hold"].includes(agent.state) || card === null) return [];
  const { call_id, since, answered } = agent;
  const state = agent.state === "hold" ? "hold" : "connected";
  return [{ call_id, connection_id: null, kind: "inbound", state, since, answered, number: card.calling, name: card.name }];
}
