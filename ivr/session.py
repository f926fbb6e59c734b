"""One call in a flow: performs what the interpreter asks for and tells it what happened.

Everything that happens to the call goes through `_handle`, one event after the other. Whatever
answers late (a sound, a service, a directory) is compared with what is wanted by then, so that
nothing old reaches the caller.
"""

from collections import deque
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.call.control import PlayEnd
from cti.call.model import Call
from cti.kernel.clock import DelayedCall, utc
from cti.kernel.errors import HotlineError, LocalError, Refused
from cti.kernel.identifiers import CallId, QueueId
from cti.kernel.in_time import in_time
from cti.kernel.ports import QueueRequest
from cti.kernel.vocabulary import MessageAbout, Verification
from customers.model import Customer
from ivr.bank.port import SignIn
from ivr.effects import (
    BeginMessage,
    CalendarChecked,
    CallerLeft,
    CallService,
    CheckCalendar,
    Choose,
    Disconnect,
    Effect,
    EndMessage,
    Entered,
    Event,
    GiveBack,
    HandOver,
    Hours,
    Key,
    Line,
    Mask,
    PassedOn,
    PassOn,
    Play,
    Played,
    ServiceDone,
    SetLanguage,
    SoundTone,
    Speaking,
    Started,
    StartTimer,
    StopPlaying,
    StopTimer,
    Timer,
    TimerFired,
)
from ivr.events import (
    ChoiceMade,
    FlowEntered,
    FlowLeft,
    MessageBegun,
    ServiceUsed,
    SignInAttempted,
    SignInOutcome,
)
from ivr.flow import (
    CONFIGURED,
    OPEN_TICKETS,
    UNAVAILABLE,
    Flow,
    Message,
    Passing,
    Values,
    transfer_fact,
)
from ivr.interpreter import language_chosen, step
from ivr.ports import Ports
from ivr.quiet import Quiet
from ivr.reply_services import ReplyServices
from ivr.services import SIGNATURES, SelfServices, Visit
from ivr.state import State
from ivr.taking import Taking
from ivr.ticket_services import OFFERED, TicketServices
from prompts.announcer import LIMIT, WHOLE

LOOK_UP_LIMIT = 0.3
"""Seconds the first prompt waits for the customer directory, and for the caller's tickets."""
SERVICE_LIMIT = 5.0
"""Seconds a caller waits for a self-service."""


class Session:
    """A caller in a flow, from the answer to the end of the call."""

    _log = Logger()

    def __init__(self, call_id: CallId, flow: Flow, ports: Ports) -> None:
        self._call_id, self._flow, self._ports = call_id, flow, ports
        self._state = State()
        self._events: deque[Event] = deque()
        self._handling = False
        self._left = False
        self._passing = False
        """Whether somebody outside is called for the caller."""
        self._over = False
        self._timers: dict[Timer, DelayedCall] = {}
        self._sound = 0
        self._service = 0
        self._service_limit: DelayedCall | None = None
        self._looking: tuple[Deferred[Any], ...] = ()
        """What is looked up before the flow begins."""
        self._quiet: Quiet | None = None
        self._path: tuple[str, ...] = ()
        self._entered: dict[str, str] = {}
        self._verification = Verification.NONE
        tickets = TicketServices(ports.tickets, call_id, ports.calls.get)
        replies = ReplyServices(ports.replies, call_id)
        self._services = SelfServices(ports.bank, tickets, replies, self._signed_in)
        self._taking = Taking(call_id, ports)
        self._known: dict[str, str] = {}
        """Facts that the call brings along."""

    @property
    def visit(self) -> Visit:
        """What the call has learnt at the bank so far."""
        return self._services.visit

    def start(self) -> None:
        """Answer the call and let the flow begin, the caller looked up meanwhile."""
        self._publish(FlowEntered, flow=self._flow.name)
        Deferred.fromCoroutine(self._begin()).addErrback(self._broken)

    def go_on(self, call: Call) -> None:
        """Let the flow begin with a caller who was answered long ago, and of whom much is known."""
        self._remember(call)
        known = call.user_data
        self._known = {
            "language": known.language.value,
            "verification": known.verification.name.lower(),
            "level": known.service_level.name.lower(),
        }
        self.start()

    def start_again(self, call: Call) -> None:
        """Begin anew after a restart, but ask for no language again.

        What was being keyed in is gone. What is keyed on with is nothing for the menu, and hidden
        as it was before, until the caller has stopped.
        """
        self._remember(call)
        self._path = language_chosen(self._flow, self._path)
        self._ports.calls.attach(self._call_id, path=self._path)
        self._publish(FlowEntered, flow=self._flow.name)
        self._quiet = quiet = Quiet(self._ports.clock)
        self._ports.calls.collect(self._call_id, quiet.disturb)
        Deferred.fromCoroutine(self._begin_when(quiet)).addErrback(self._broken)

    def listen_on(self, call: Call, message: MessageBegun) -> None:
        """Hear the message to its end that the caller was speaking when the server went away.

        Where the flow asks for none there any more, what was said until now is the message.
        """
        self._taking.resume(message)
        if not isinstance(self._flow.nodes.get(message.node), Message):
            self._taking.end()
            self.start_again(call)
            return
        self._remember(call)
        self._ports.calls.collect(self._call_id, lambda key: self._handle(Key(key)))
        self._handle(Speaking(message.node, self._taking.seconds))

    def _remember(self, call: Call) -> None:
        known = call.user_data
        self._state = State(language=known.language)
        self._path = known.path
        self._verification, self._entered = known.verification, dict(known.entered)

    def caller_left(self, *, by_caller: bool) -> None:
        """The call is over: stop everything."""
        self._leave("hung_up" if by_caller else "failed")
        self._cease()

    def _cease(self) -> None:
        """Nothing that still comes matters any more."""
        self._over = True
        self._taking.end()
        self._state, _ = step(self._flow, self._state, CallerLeft())
        self._sound += 1
        self._service += 1
        for timer in (*self._timers.values(), self._service_limit):
            if timer and timer.active():
                timer.cancel()
        for looked_up in self._looking:
            looked_up.cancel()
        self._timers.clear()
        self._service_limit = None
        self._services.forget()
        if self._quiet:
            self._quiet.cancel()

    def passed_on(self, outcome: Passing) -> None:
        """Somebody who was called for the caller answered, or will not."""
        if not self._passing:
            return
        self._passing = False
        self._handle(PassedOn(outcome))
        if outcome is Passing.ANSWERED:
            self._ports.calls.collect(self._call_id, None)
            self._leave("passed_on")

    # --- beginning --------------------------------------------------------------------------

    async def _begin_when(self, quiet: Quiet) -> None:
        await quiet.reached
        self._ports.calls.mask(self._call_id, False)
        await self._begin()

    async def _begin(self) -> None:
        call = self._ports.calls.get(self._call_id)
        if call is None:
            return
        known, open_tickets = self._look_up(call.calling), self._open_tickets()
        self._looking = (known, open_tickets)
        if not await self._ports.calls.answer(self._call_id):
            return
        self._ports.calls.collect(self._call_id, lambda key: self._handle(Key(key)))
        customer, tickets = await known, await open_tickets
        if self._over:
            return
        numbers = self._ports.transfers.items()
        offered = {transfer_fact(name): CONFIGURED for name, number in numbers if number}
        chosen = "".join(language_chosen(self._flow, self._path))
        facts = {**_facts(customer), **tickets, **self._known, **offered}
        self._handle(Started(facts, chosen))

    def _open_tickets(self) -> Deferred[Values]:
        """What is known of the caller's tickets, nothing when that takes too long.

        Nobody is asked for what the flow does not want to know.
        """
        if not self._flow.asks(OPEN_TICKETS, OFFERED):
            return succeed({})

        def failed(failure: Failure) -> Values:
            self._log_failure("The caller's tickets could not be looked up", failure)
            return {}

        asked = Deferred.fromCoroutine(self._services.tickets.known()).addErrback(failed)
        return in_time(self._ports.clock, LOOK_UP_LIMIT, asked, {})

    def _look_up(self, number: str) -> Deferred[Customer | None]:
        """Who calls, None when that takes too long; found late, they are attached all the same."""

        def found(customer: Customer | None) -> Customer | None:
            if customer and self._verification is Verification.NONE:
                self._attach_customer(customer, Verification.RECOGNISED)
            return customer

        def failed(failure: Failure) -> None:
            self._log_failure("The caller could not be looked up", failure)

        asked = self._ports.customers.by_number(number).addCallbacks(found, failed)
        return in_time(self._ports.clock, LOOK_UP_LIMIT, asked, None)

    # --- the machine ------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        """Step through the event and all that follows from it at once."""
        self._events.append(event)
        if self._handling:
            return
        self._handling = True
        try:
            while self._events and not self._over:
                self._state, effects = step(self._flow, self._state, self._events.popleft())
                for effect in effects:
                    self._perform(effect)
        except Exception:  # noqa: BLE001  (whatever it is, this call is cleared and the house lives)
            self._broken(Failure())
        finally:
            self._handling = False

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Play():
                self._play(effect)
            case StopPlaying():
                self._sound += 1
                self._ports.calls.stop(self._call_id)
            case StartTimer() | StopTimer():
                self._set_timer(effect)
            case CallService():
                self._call_service(effect)
            case CheckCalendar():
                self._handle(CalendarChecked(self._hours(effect.calendar)))
            case Mask():
                self._ports.calls.mask(self._call_id, effect.masked)
            case SetLanguage() | Choose() | Entered():
                self._note(effect)
            case SoundTone() | BeginMessage() | EndMessage():
                self._take_message(effect)
            case HandOver() | PassOn() | Disconnect() | GiveBack():
                self._let_go(effect)

    def _note(self, effect: SetLanguage | Choose | Entered) -> None:
        calls = self._ports.calls
        match effect:
            case SetLanguage():
                calls.attach(self._call_id, language=effect.language)
            case Choose():
                self._publish(ChoiceMade, menu=effect.menu, choice=effect.choice)
                self._path = (*self._path, effect.choice)
                calls.attach(self._call_id, path=self._path)
            case Entered():
                self._entered[effect.field] = effect.value
                calls.attach(self._call_id, entered=dict(self._entered))

    def _set_timer(self, effect: StartTimer | StopTimer) -> None:
        running = self._timers.pop(effect.timer, None)
        if running:
            running.cancel()
        if isinstance(effect, StartTimer):
            self._timers[effect.timer] = self._ports.clock.callLater(
                effect.seconds, self._timer_fired, effect.timer
            )

    def _timer_fired(self, timer: Timer) -> None:
        del self._timers[timer]
        self._handle(TimerFired(timer))

    def _hours(self, name: str) -> Hours:
        calendar, now = self._ports.calendars[name], utc(self._ports.clock)
        if calendar.is_open(now):
            return Hours.OPEN
        return Hours.HOLIDAY if calendar.holiday(now) else Hours.CLOSED

    # --- sound ------------------------------------------------------------------------------

    def _play(self, effect: Play) -> None:
        self._sound += 1
        fetched = self._fetch(effect.lines, WHOLE if effect.whole else LIMIT)
        if effect.whole:
            fetched.addCallback(self._whole_ready, self._sound, effect)
        else:
            fetched.addCallback(self._sounds_ready, self._sound, effect.barge_in)
        fetched.addErrback(self._broken)

    def _fetch(self, lines: Sequence[Line], limit: float = LIMIT) -> Deferred[list[Path]]:
        """The sounds of the lines in their order; none when they cannot be made."""
        asked = [
            self._ports.announcer.sounds([line.announcement for line in group], language, limit)
            for language, group in groupby(lines, lambda line: line.language)
        ]
        return gatherResults(asked, consumeErrors=True).addCallbacks(_joined, self._no_sounds)

    def _whole_ready(self, paths: list[Path], wanted: int, effect: Play) -> None:
        if wanted == self._sound and len(paths) < len(effect.lines):
            self._ports.announcer.release(paths)
            self._handle(Played(whole=False))
        else:
            self._sounds_ready(paths, wanted, effect.barge_in)

    def _sounds_ready(self, paths: list[Path], wanted: int, barge_in: bool) -> None:
        if wanted != self._sound:
            self._ports.announcer.release(paths)
        elif not paths:
            self._handle(Played())
        else:
            playing = self._ports.calls.play(self._call_id, paths, barge_in=barge_in)
            playing.addCallback(self._play_ended, paths, wanted).addErrback(self._broken)

    def _no_sounds(self, failure: Failure) -> list[Path]:
        self._log_failure("An announcement could not be made", failure)
        return []

    def _play_ended(self, end: PlayEnd, paths: list[Path], wanted: int) -> None:
        self._ports.announcer.release(paths)
        # A key that interrupts is told by itself; whatever else interrupts has replaced the sound.
        if end is PlayEnd.FINISHED and wanted == self._sound:
            self._handle(Played())

    def _take_message(self, effect: SoundTone | BeginMessage | EndMessage) -> None:
        match effect:
            case SoundTone():
                self._sound += 1
                self._sounds_ready([self._ports.announcer.tone()], self._sound, barge_in=False)
            case BeginMessage():
                self._begin_message()
            case EndMessage():
                self._taking.end()

    def _begin_message(self) -> None:
        name = self._state.node
        node = self._flow.nodes[name]
        about = node.about if isinstance(node, Message) else MessageAbout.ANYTHING
        self._taking.begin(name, about, self._services.tickets.number)

    # --- services ---------------------------------------------------------------------------

    def _call_service(self, effect: CallService) -> None:
        self._service += 1
        wanted = self._service
        self._service_limit = self._ports.clock.callLater(
            SERVICE_LIMIT, self._service_late, effect.name, wanted
        )
        running = Deferred.fromCoroutine(self._services.run(effect.name, effect.arguments))
        running.addErrback(self._service_failed, effect.name)
        running.addCallback(self._service_done, effect.name, wanted)

    def _service_done(self, done: ServiceDone, name: str, wanted: int) -> None:
        if wanted != self._service:
            return
        self._service += 1
        if self._service_limit and self._service_limit.active():
            self._service_limit.cancel()
        if counts_as := SIGNATURES[name].counts_as:
            self._served(counts_as, succeeded=done.succeeded)
        self._handle(done)

    def _served(self, service: str, *, succeeded: bool) -> None:
        self._publish(ServiceUsed, service=service, succeeded=succeeded)

    def _service_failed(self, failure: Failure, name: str) -> ServiceDone:
        self._log_failure(f"Self-service {name} failed", failure)
        return ServiceDone(UNAVAILABLE, succeeded=False)

    def _service_late(self, name: str, wanted: int) -> None:
        # What runs is left to end by itself: a sign-in must still be counted, a loss reported.
        self._log.warn("Self-service {name} took too long", name=name, call_id=self._call_id)
        self._service_done(ServiceDone(UNAVAILABLE, succeeded=False), name, wanted)

    def _signed_in(self, answer: SignIn) -> None:
        if self._over:
            return
        self._publish(SignInAttempted, outcome=answer.outcome, customer_id=answer.customer_id)
        if answer.outcome is not SignInOutcome.VERIFIED or answer.customer_id is None:
            return
        self._verification = Verification.SIGNED_IN
        self._ports.calls.attach(
            self._call_id,
            customer_id=answer.customer_id,
            verification=Verification.SIGNED_IN,
            verified=utc(self._ports.clock),
        )
        found = self._ports.customers.by_id(answer.customer_id)
        found.addCallback(self._known_by_sign_in)
        found.addErrback(lambda failure: self._log_failure("A customer is not known", failure))

    def _known_by_sign_in(self, customer: Customer | None) -> None:
        if customer:
            self._attach_customer(customer, Verification.SIGNED_IN)

    def _attach_customer(self, customer: Customer, verification: Verification) -> None:
        if self._over:
            return
        self._verification = verification
        self._ports.calls.attach(
            self._call_id,
            customer_id=customer.customer_id,
            customer_name=customer.name(customer.language),
            service_level=customer.service_level,
            verification=verification,
        )

    # --- end --------------------------------------------------------------------------------

    def _let_go(self, effect: HandOver | PassOn | Disconnect | GiveBack) -> None:
        match effect:
            case HandOver():
                self._hand_over(effect)
            case PassOn():
                self._pass_on(effect)
            case Disconnect():
                self._leave("ended")
                self._ports.calls.clear(self._call_id)
            case GiveBack():
                raise LocalError(f"flow {self._flow.name} gives back a caller nobody lent")

    def _hand_over(self, effect: HandOver) -> None:
        self._sound += 1
        self._ports.calls.collect(self._call_id, None)
        fetched = self._fetch(effect.lines)
        fetched.addCallback(self._enqueue, effect).addErrback(self._broken)

    def _enqueue(self, greeting: list[Path], effect: HandOver) -> None:
        call = self._ports.calls.get(self._call_id)
        if call is None or self._over:
            self._ports.announcer.release(greeting)
            return
        request = QueueRequest(
            QueueId(effect.queue),
            self._state.language,
            call.user_data.service_level,
            effect.situation,
            tuple(greeting),
        )
        try:
            self._ports.queues.enqueue(self._call_id, request)
        except HotlineError:
            self._ports.announcer.release(greeting)
            raise
        self._leave("queued")

    def _pass_on(self, effect: PassOn) -> None:
        """Call the number for the caller, who hears music meanwhile."""
        number = effect.number or self._ports.transfers.get(effect.name, "")
        call = self._ports.calls.get(self._call_id)
        if call is None or call.caller is None:
            return
        self._passing = True
        try:
            if not number:
                raise Refused("call.no_route", number=effect.name)
            self._ports.calls.single_step_transfer(call.caller.id, number)
        except Refused as refused:
            self._log.warn("A caller cannot be passed on: {why}", why=refused, call=self._call_id)
            self.passed_on(Passing.UNREACHABLE)

    def _broken(self, failure: Failure) -> None:
        """Our own mistake: this call ends, the house goes on."""
        self._log.failure(
            "Flow {flow} failed", failure, flow=self._flow.name, call_id=self._call_id
        )
        self._leave("failed")
        self._ports.calls.clear(self._call_id)

    def _leave(self, outcome: str) -> None:
        if not self._left:
            self._left = True
            self._publish(FlowLeft, flow=self._flow.name, outcome=outcome)

    def _publish(self, kind: type, **fields: object) -> None:
        event = kind(at=utc(self._ports.clock), call_id=self._call_id, **fields)
        self._ports.bus.publish(event)

    def _log_failure(self, what: str, failure: Failure) -> None:
        if failure.check(HotlineError):
            self._log.warn("{what}: {error}", what=what, error=failure.value, call_id=self._call_id)
        else:
            self._log.failure("{what}", failure, what=what, call_id=self._call_id)


def _joined(found: list[list[Path]]) -> list[Path]:
    return [path for group in found for path in group]


def _facts(customer: Customer | None) -> dict[str, str]:
    if customer is None:
        return {"verification": Verification.NONE.name.lower()}
    return {
        "verification": Verification.RECOGNISED.name.lower(),
        "level": customer.service_level.name.lower(),
    }
