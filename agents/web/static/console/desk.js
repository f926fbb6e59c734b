// What the board's entities say, put together for drawing: the agent, their calls, what is beside them.

export function deskOf(entities, id, page) {
  const one = (kind) => entities.get(`${kind}/${id}`) ?? null;
  const all = (kind) => {
    const found = [...entities].filter(([key]) => key.startsWith(`${kind}/`));
    return found.map(([key, value]) => ({ ...value, id: key.slice(kind.length + 1) }));
  };
  const agent = one("agent");
  if (agent === null) return null;
  return {
    agent,
    can: agent.can,
    calls: agent.calls,
    active: agent.calls[0] ?? null,
    card: one("card"),
    customer: one("customer"),
    day: one("day"),
    wrapUp: one("wrap_up"),
    loan: one("loan"),
    supervisors: one("supervised") ?? [],
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

// The call that rings at the agent's telephone, from a queue or not.
export const incoming = (desk) => desk.calls.find((call) => call.incoming) ?? (ringing(desk) ? offered(desk) : null);

// One from a queue is told of as soon as it is offered, before the telephone rings.
function offered({ card }) {
  if (card === null) return null;
  const { call_id, queue_id, name, calling: number } = card;
  return { call_id, queue_id, name, number };
}
