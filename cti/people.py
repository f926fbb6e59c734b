"""People at telephones: one who dials and keys, one who answers and speaks.

Both listen to a `Telephone` and act on it after the times they were given; what happens is told
to `say`, a line at a time. `hotline call`, `hotline phone` and `hotline demo` are made of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from twisted.internet.defer import Deferred

from cti.kernel.clock import Clock
from cti.kernel.deferreds import fork
from cti.kernel.errors import HotlineError
from cti.keying import Stroke
from cti.sip.events import Endpoint
from cti.telephone import NOBODY_ANSWERS, REQUEST_TIMEOUT, PhoneCall, PhoneState, Telephone

Say = Callable[[str], None]
UNWANTED = (401, 403, 404, 407)
"""How a registrar refuses telephones it does not know, or that know the wrong password."""


class RegistrationError(HotlineError):
    """The server does not want the telephone, or is not there."""


@dataclass(frozen=True, slots=True)
class Dialling:
    """What a caller does: dial, key, stay on the line so many seconds, hang up."""

    number: str
    strokes: Sequence[Stroke] = ()
    stay: float = 20.0
    save: Path | None = None
    sounds: Sequence[Path] = ()


class Caller:
    """Somebody who calls once."""

    def __init__(self, clock: Clock, say: Say) -> None:
        self._clock, self._say = clock, say
        self._dialling: Dialling
        self._telephone: Telephone
        self._call: PhoneCall
        self._answered = False
        self._over: Deferred[PhoneCall] = Deferred()

    def call(
        self, telephone: Telephone, server: Endpoint, dialling: Dialling
    ) -> Deferred[PhoneCall]:
        """Place the call; fires with it when it is over."""
        self._telephone, self._dialling = telephone, dialling
        self._call = telephone.place(
            dialling.number, server, save=dialling.save, sounds=dialling.sounds
        )
        return fork(self._over)

    def leave(self) -> Deferred[PhoneCall]:
        """Hang up before it is time; fires with the call when it is over."""
        self._telephone.hang_up(self._call)
        return fork(self._over)

    @property
    def answered(self) -> bool:
        """Whether somebody took the call."""
        return self._answered

    def changed(self, call: PhoneCall, what: str) -> None:
        """Begin to key when answered; be done when ended."""
        self._say(what)
        match call.state:
            case PhoneState.TALKING if not self._answered:
                self._answered = True
                self._key(call, list(self._dialling.strokes))
            case PhoneState.ENDED:
                self._over.callback(call)

    def registered(self, expires: int) -> None:
        """A caller does not register."""

    def registration_failed(self, status: int) -> None:
        """A caller does not register."""

    def _key(self, call: PhoneCall, strokes: list[Stroke]) -> None:
        if not strokes:
            self._clock.callLater(self._dialling.stay, self._telephone.hang_up, call)
            return
        stroke, *rest = strokes
        self._clock.callLater(stroke.pause, self._press, call, stroke, rest)

    def _press(self, call: PhoneCall, stroke: Stroke, rest: list[Stroke]) -> None:
        if call.state is PhoneState.TALKING:
            self._say(f"keyed {stroke.keys}")
            self._telephone.press(call, stroke.keys)
            self._key(call, rest)


@dataclass(frozen=True, slots=True)
class Answering:
    """What somebody at an extension does; times in seconds, None for never."""

    answer_after: float | None = 2.0
    talk_for: float | None = None
    hold_after: float | None = None
    hold_for: float = 5.0
    sounds: Sequence[Path] = ()


class Answerer:
    """Somebody who takes every call of a registered telephone."""

    def __init__(
        self,
        clock: Clock,
        say: Say,
        plan: Callable[[], Answering],
        over: Callable[[PhoneCall], None] = lambda _: None,
    ) -> None:
        """`over` is told when a call that was answered has ended."""
        self._clock, self._say, self._plan, self._over = clock, say, plan, over
        self._telephone: Telephone
        self._server: Endpoint
        self.lost: Deferred[None] = Deferred()
        """Fails with RegistrationError when the telephone loses its registration."""
        self._registered: Deferred[None] = Deferred()

    def register(
        self, telephone: Telephone, server: Endpoint, secret: str, expires: int = 120
    ) -> Deferred[None]:
        """Register and keep registered; RegistrationError."""
        self._telephone, self._server = telephone, server
        telephone.register(server, secret, expires)
        return self._registered

    def changed(self, call: PhoneCall, what: str) -> None:
        """Answer when it rings, hold and hang up when it is time."""
        self._say(what)
        plan = self._plan()
        match call.state:
            case PhoneState.RINGING if plan.answer_after is not None:
                self._clock.callLater(plan.answer_after, self.answer, call, plan)
            case PhoneState.TALKING if not call.greeted:
                call.greeted = True
                self._converse(call, plan)
            case PhoneState.ENDED if call.greeted:
                self._over(call)

    def answer(self, call: PhoneCall, plan: Answering | None = None) -> None:
        """Take the call now."""
        call.sounds = tuple((plan or self._plan()).sounds)
        self._telephone.answer(call)

    def registered(self, expires: int) -> None:
        """The server knows the telephone."""
        if not self._registered.called:
            self._say(f"registered for {expires} s")
            self._registered.callback(None)

    def registration_failed(self, status: int) -> None:
        """The server does not want the telephone, or is not there."""
        why = f"refused with {status}"
        if status == REQUEST_TIMEOUT:
            why = f"{NOBODY_ANSWERS}; is the hotline running?"
        elif status in UNWANTED:
            why += "; is that telephone known, and its SIP password right?"
        waiting = self.lost if self._registered.called else self._registered
        if not waiting.called:
            waiting.errback(RegistrationError(f"cannot register at {self._server}: {why}"))

    def _converse(self, call: PhoneCall, plan: Answering) -> None:
        later, telephone = self._clock.callLater, self._telephone
        if plan.hold_after is not None:
            later(plan.hold_after, telephone.hold, call, held=True)
            later(plan.hold_after + plan.hold_for, telephone.hold, call, held=False)
        if plan.talk_for is not None:
            later(plan.talk_for, telephone.hang_up, call)
