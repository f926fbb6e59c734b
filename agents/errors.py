"""Every refusal an agent can meet; the texts stand in the catalogues of `agents.web`."""

from agents.events import AgentState
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, DeviceId, QueueId
from cti.trunks.numbers import Reach


def queue_unknown(queue_id: QueueId) -> Refused:
    """No such queue is configured."""
    return Refused("queue.unknown", queue=queue_id)


def agent_unknown(agent_id: AgentId) -> Refused:
    """Nobody of that id is an agent with a telephone."""
    return Refused("agent.unknown", agent=agent_id)


def not_now(state: AgentState, wish: str) -> Refused:
    """What the agent wishes cannot be done in this state."""
    return Refused("agent.not_now", state=state.value, wish=wish)


def phone_not_registered(extension: DeviceId) -> Refused:
    """The agent's telephone cannot be rung, so no call can be offered."""
    return Refused("agent.phone_not_registered", extension=extension)


def reason_unknown(reason: str) -> Refused:
    """That reason for not being ready is not in the list."""
    return Refused("agent.reason_unknown", reason=reason)


def no_more_time() -> Refused:
    """After-call work was extended as often as is allowed."""
    return Refused("agent.no_more_time")


def no_call() -> Refused:
    """The agent has no call to act on."""
    return Refused("agent.no_call")


def no_customer() -> Refused:
    """Nobody in the agent's call could be served by the IVR."""
    return Refused("loan.no_customer")


def no_loan() -> Refused:
    """The agent's caller is not with the IVR."""
    return Refused("loan.none")


def no_telephone() -> Refused:
    """The supervisor has no telephone that could be rung."""
    return Refused("supervision.no_telephone")


def supervises_self() -> Refused:
    """Nobody listens to themselves."""
    return Refused("supervision.self")


def not_supervising() -> Refused:
    """The supervisor is at no call."""
    return Refused("supervision.none")


def state_unknown(state: str) -> Refused:
    """Nobody can choose to be in such a state."""
    return Refused("agent.state_unknown", state=state)


def right_unknown(name: str, rights: tuple[str, ...]) -> Refused:
    """There is no such kind of numbers that staff could be allowed to dial."""
    return Refused("dial.right_unknown", name=name, rights=", ".join(rights))


def may_not_dial(number: str, reach: Reach) -> Refused:
    """Whoever dials has no right to dial numbers of that kind."""
    return Refused("dial.not_allowed", number=number, reach=reach.value)


def command_unknown(command: str) -> Refused:
    """The console sent a command that does not exist or lacks its fields."""
    return Refused("agent.command_unknown", command=command)


def phone_elsewhere() -> Refused:
    """The agent's telephone is in another page; the error_id is known to `phone/phone.js`."""
    return Refused("phone.elsewhere")


def desk_elsewhere() -> Refused:
    """The agent works at another of their pages; this one looks on."""
    return Refused("agent.desk_elsewhere")


def no_such_call() -> Refused:
    """The agent has no call by that connection any more."""
    return Refused("console.why.no_such_call")


def no_such_member() -> Refused:
    """Nobody by that connection is in the conference with the agent."""
    return Refused("console.why.no_such_member")


def not_in_queue() -> Refused:
    """A consultation needs one person to ask; a queue only takes callers."""
    return Refused("dial.no_queue")


def keys_unknown() -> Refused:
    """There are no such keys on a telephone."""
    return Refused("dial.keys_unknown")


def do_not_call() -> Refused:
    """The customer does not want to be called; to be confirmed by who dials all the same."""
    return Refused("dial.do_not_call")


def number_unknown() -> Refused:
    """That call of the past has no number to call back: it was withheld, or nobody knows it."""
    return Refused("dial.number_unknown")
