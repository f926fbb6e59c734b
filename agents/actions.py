"""What an agent can do now, and why not what they cannot: one table for buttons and for the server.

The console draws its buttons by `possible`, and every command is checked by the same function, so
what a page shows and what the server refuses can never differ. A reason is the end of the key of a
text (``console.why.<reason>``) that says what to do about it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from agents.after_call import AfterCall
from agents.events import AgentState
from agents.lines import Line
from agents.state import Activity, Status
from cti.call.model import ConnectionState
from cti.kernel.errors import Refused
from cti.trunks.numbers import Reach


class Action(Enum):
    """Everything an agent can do from the console with their state and their calls."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    READY = "ready"
    NOT_READY = "not_ready"
    NEXT = "next"
    FINISH = "finish"
    EXTEND = "extend"
    ANSWER = "answer"
    REJECT = "reject"
    HANG_UP = "hang_up"
    HOLD = "hold"
    RETRIEVE = "retrieve"
    MUTE = "mute"
    KEYS = "keys"
    TRANSFER = "transfer"
    TRANSFER_QUEUE = "transfer_queue"
    CONSULT = "consult"
    COMPLETE = "complete"
    CONFERENCE = "conference"
    RECONNECT = "reconnect"
    ALTERNATE = "alternate"
    DROP = "drop"
    DIAL = "dial"
    CALL_BACK = "call_back"
    VERIFY = "verify"
    SELF_SERVICE = "self_service"
    TAKE_BACK = "take_back"


class WhyNot(Enum):
    """Why something is impossible now."""

    SIGNED_OFF = "signed_off"
    SIGNED_IN = "signed_in"
    NO_PHONE = "no_phone"
    IDLE = "idle"
    NO_AFTER_CALL = "no_after_call"
    NO_MORE_TIME = "no_more_time"
    NO_CODE = "no_code"
    NOTHING_RINGS = "nothing_rings"
    ANSWER_ON_PHONE = "answer_on_phone"
    RINGS = "rings"
    NO_CALL = "no_call"
    ON_HOLD = "on_hold"
    NOT_ON_HOLD = "not_on_hold"
    TALKING = "talking"
    ALONE = "alone"
    SECURE = "secure"
    NOT_SECURE = "not_secure"
    NO_CUSTOMER = "no_customer"
    CONSULTING = "consulting"
    NO_SECOND_CALL = "no_second_call"
    CONSULT_RINGS = "consult_rings"
    ONLY_TWO = "only_two"
    CONFERENCE = "in_conference"
    IN_CALL = "in_call"
    NO_RIGHT = "no_right"
    AWAY = "away"


class PhoneKind(Enum):
    """What the agent telephones with."""

    BROWSER = "browser"
    SIP = "sip"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Phone:
    """The agent's telephone at this moment."""

    kind: PhoneKind
    registered: bool


@dataclass(frozen=True, slots=True)
class Workplace:
    """All that decides what an agent can do; `lines` has the active call first."""

    status: Status
    lines: Sequence[Line]
    phone: Phone
    may_dial: frozenset[Reach]
    after_call: AfterCall | None = None
    uncoded: bool = False
    """Whether the call being wrapped up needs a code first."""

    @property
    def active(self) -> Line | None:
        """The call the agent is in."""
        return self.lines[0] if self.lines and self.lines[0].up else None

    @property
    def ring(self) -> Line | None:
        """The call that rings at the agent's telephone."""
        return next((each for each in self.lines if each.incoming), None)

    @property
    def held(self) -> Line | None:
        """The call held last, beside the active one."""
        return next((each for each in self.lines[1:] if each.up), None)

    def line(self, connection_id: str | None) -> Line | None:
        """The call of that connection, the active one when none is named."""
        if connection_id is None:
            return self.active
        return next((each for each in self.lines if each.connection_id == connection_id), None)


Rule = Callable[[Workplace], WhyNot | None]


def possible(place: Workplace) -> dict[Action, WhyNot | None]:
    """For every action why it is impossible now, None for what is possible."""
    return {action: RULES[action](place) for action in Action}


def require(action: Action, place: Workplace) -> None:
    """Refused, with the reason that the button shows, unless the action is possible now."""
    if (why := RULES[action](place)) is not None:
        raise Refused(f"console.why.{why.value}")


# --- state ----------------------------------------------------------------------------------------


def _signed_in(place: Workplace) -> WhyNot | None:
    off = place.status.presence.state is AgentState.LOGGED_OFF
    return WhyNot.SIGNED_OFF if off else None


def _coded(place: Workplace) -> WhyNot | None:
    """After-call work does not end before the call has the code it needs."""
    working = place.status.activity is Activity.WORKING_AFTER_CALL
    return WhyNot.NO_CODE if working and place.uncoded else None


def _sign_out(place: Workplace) -> WhyNot | None:
    return _signed_in(place) or _coded(place)


def _sign_in(place: Workplace) -> WhyNot | None:
    return WhyNot.SIGNED_IN if _signed_in(place) is None else None


def _ready(place: Workplace) -> WhyNot | None:
    phone = None if place.phone.registered else WhyNot.NO_PHONE
    return _signed_in(place) or phone or _coded(place)


def _next(place: Workplace) -> WhyNot | None:
    idle = place.status.activity is Activity.IDLE
    return _signed_in(place) or (WhyNot.IDLE if idle else None)


def _finish(place: Workplace) -> WhyNot | None:
    return _working(place) or _coded(place)


def _working(place: Workplace) -> WhyNot | None:
    working = place.status.activity is Activity.WORKING_AFTER_CALL
    return None if working else WhyNot.NO_AFTER_CALL


def _extend(place: Workplace) -> WhyNot | None:
    if (why := _working(place)) is not None:
        return why
    work = place.after_call
    return None if work is not None and work.extensions_left else WhyNot.NO_MORE_TIME


# --- one call -------------------------------------------------------------------------------------


def _answer(place: Workplace) -> WhyNot | None:
    if place.ring is None:
        return WhyNot.NOTHING_RINGS
    return None if place.phone.kind is PhoneKind.BROWSER else WhyNot.ANSWER_ON_PHONE


def _reject(place: Workplace) -> WhyNot | None:
    return None if place.ring is not None else WhyNot.NOTHING_RINGS


def _hang_up(place: Workplace) -> WhyNot | None:
    if place.active is not None or any(not each.incoming for each in place.lines):
        return None
    return WhyNot.RINGS if place.ring is not None else WhyNot.NO_CALL


def _up(place: Workplace) -> WhyNot | None:
    """There is a call that the agent is in, by a telephone that is there."""
    if place.active is None:
        return WhyNot.NO_CALL
    return WhyNot.AWAY if place.active.away else None


def _open(place: Workplace) -> WhyNot | None:
    """Somebody is in the call with the agent, and not alone with the IVR."""
    if (why := _up(place)) is not None:
        return why
    assert place.active is not None
    if place.active.secure is not None:
        return WhyNot.SECURE
    return None if place.active.others else WhyNot.ALONE


def _hold(place: Workplace) -> WhyNot | None:
    if (why := _open(place)) is not None:
        return why
    assert place.active is not None
    return WhyNot.ON_HOLD if place.active.state is ConnectionState.HOLD else None


def _retrieve(place: Workplace) -> WhyNot | None:
    if (why := _up(place)) is not None:
        return why
    assert place.active is not None
    if place.active.state is ConnectionState.HOLD:
        return None
    return WhyNot.TALKING if place.held is not None else WhyNot.NOT_ON_HOLD


def _keys(place: Workplace) -> WhyNot | None:
    return _hold(place)


def _single(place: Workplace) -> WhyNot | None:
    """One call, that can be handed on."""
    if (why := _open(place)) is not None:
        return why
    return WhyNot.CONSULTING if place.held is not None else None


def _transfer(place: Workplace) -> WhyNot | None:
    if (why := _single(place)) is not None:
        return why
    assert place.active is not None
    return WhyNot.CONFERENCE if place.active.others > 1 else None


def _transfer_queue(place: Workplace) -> WhyNot | None:
    if (why := _transfer(place)) is not None:
        return why
    assert place.active is not None
    return None if place.active.customer else WhyNot.NO_CUSTOMER


def _drop(place: Workplace) -> WhyNot | None:
    if (why := _open(place)) is not None:
        return why
    assert place.active is not None
    return WhyNot.ONLY_TWO if len(place.active.members) < 3 else None


# --- two calls ------------------------------------------------------------------------------------


def _pair(place: Workplace) -> WhyNot | None:
    """One call is held beside the active one, and its party not with the IVR."""
    if (why := _up(place)) is not None:
        return why
    if place.held is None:
        return WhyNot.NO_SECOND_CALL
    return WhyNot.SECURE if place.held.secure is not None else None


def _conference(place: Workplace) -> WhyNot | None:
    if (why := _pair(place)) is not None:
        return why
    assert place.active is not None
    return None if place.active.others else WhyNot.CONSULT_RINGS


# --- calls of one's own ---------------------------------------------------------------------------


def _dial(place: Workplace) -> WhyNot | None:
    if (why := _ready(place)) is not None:
        return why
    if place.lines or place.status.activity is Activity.RESERVED:
        return WhyNot.IN_CALL
    return None


def _call_back(place: Workplace) -> WhyNot | None:
    if (why := _dial(place)) is not None:
        return why
    return None if place.may_dial else WhyNot.NO_RIGHT


# --- the IVR --------------------------------------------------------------------------------------


def _lend(place: Workplace) -> WhyNot | None:
    if (why := _up(place)) is not None:
        return why
    assert place.active is not None
    if place.active.secure is not None:
        return WhyNot.SECURE
    return None if place.active.customer else WhyNot.NO_CUSTOMER


def _take_back(place: Workplace) -> WhyNot | None:
    secure = place.active is not None and place.active.secure is not None
    return _up(place) or (None if secure else WhyNot.NOT_SECURE)


RULES: Mapping[Action, Rule] = {
    Action.SIGN_IN: _sign_in,
    Action.SIGN_OUT: _sign_out,
    Action.READY: _ready,
    Action.NOT_READY: _signed_in,
    Action.NEXT: _next,
    Action.FINISH: _finish,
    Action.EXTEND: _extend,
    Action.ANSWER: _answer,
    Action.REJECT: _reject,
    Action.HANG_UP: _hang_up,
    Action.HOLD: _hold,
    Action.RETRIEVE: _retrieve,
    Action.MUTE: _up,
    Action.KEYS: _keys,
    Action.TRANSFER: _transfer,
    Action.TRANSFER_QUEUE: _transfer_queue,
    Action.CONSULT: _single,
    Action.COMPLETE: _pair,
    Action.CONFERENCE: _conference,
    Action.RECONNECT: _pair,
    Action.ALTERNATE: _pair,
    Action.DROP: _drop,
    Action.DIAL: _dial,
    Action.CALL_BACK: _call_back,
    Action.VERIFY: _lend,
    Action.SELF_SERVICE: _lend,
    Action.TAKE_BACK: _take_back,
}
"""Why each action is impossible, the first reason that holds."""
