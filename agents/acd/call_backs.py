"""Keeps the promises to call back: lines them up, calls when an agent is theirs, tries again.

What decides is `agents.acd.call_back`; here its states become places in the queues, calls, rows of
a table and events. An agent is reserved before the customer is called, and free again in the turn
in which the customer turns out not to answer. Where the queue has a `lead`, customers are called
so long before an agent very probably comes free, and keep their places meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from agents.acd.ahead import Ahead
from agents.acd.call_back import (
    OUT,
    AgentLost,
    Assigned,
    CallBack,
    Cancelled,
    Event,
    NotReached,
    Reached,
    RungAhead,
    State,
    TimePassed,
    step,
    wake,
)
from agents.acd.call_back_rules import CallBackRules
from agents.acd.deadlines import Deadlines
from agents.acd.explanation import Explanation
from agents.acd.leading import Due, Look
from agents.acd.matcher import Assignment
from agents.acd.queue import WaitingCall
from agents.events import CallBackAttempted, CallBackEnded, CallBackPromised, OfferOutcome
from agents.model import Queue
from cti.call.control import CallControl
from cti.call.events import CallCleared
from cti.call.model import Call, Cause, ConnectionState, Party
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, CustomerId, QueueId

RULES_GONE = CallBackRules()
"""By which promises of a queue are kept that makes none any more."""


class Lines(Protocol):
    """The queues (`agents.acd.engine`)."""

    def line_up(self, call: WaitingCall) -> None:
        """A call-back waits like a caller."""

    def take_out(self, waiting_id: CallId) -> None:
        """It waits no more; nothing if it does not."""

    def receive(self, call: WaitingCall, *, reserved: bool) -> None:
        """The customer is on the line; if no agent is reserved for them, they are next in line."""

    def rung_ahead(self, look: Look) -> Due:
        """Which call-backs go out though no agent is theirs yet."""


class Desk(Protocol):
    """The agents (`agents.service`)."""

    def reserve(
        self,
        agent_id: AgentId,
        call_id: CallId,
        queue_id: QueueId,
        why: Explanation,
        within: float,
    ) -> None:
        """Reserve the free agent for the call; their phone is rung within so many seconds."""

    def ring(self, agent_id: AgentId, call_id: CallId) -> None:
        """Ring the phone of the agent who is reserved for the call."""

    def leaving(self) -> frozenset[AgentId]:
        """Who serves callers, but takes no further call when they come free."""

    def still_free(self, agent_id: AgentId) -> None:
        """Nothing came of what was to be the agent's next call."""


class Store(Protocol):
    """Where promises are kept (`agents.acd.call_back_store`)."""

    def save(self, call_back: CallBack) -> None:
        """Keep it as it is now; returns at once."""

    def load(self) -> Deferred[list[CallBack]]:
        """Those that are not over."""


class CallBacks:
    """Every promise that is not over."""

    log = Logger()

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        store: Store,
        lines: Lines,
        desk: Desk,
        queues: Callable[[], Mapping[QueueId, Queue]],
        zone: tzinfo,
    ) -> None:
        self._clock, self._bus, self._control = clock, bus, control
        self._store, self._lines, self._desk = store, lines, desk
        self._queues, self._zone = queues, zone
        self._open: dict[CallId, CallBack] = {}
        """By what the queues call them."""
        self._by_name: dict[str, CallId] = {}
        """The latest promise to each customer, and to each number."""
        self._attempts: dict[CallId, CallId] = {}
        """The calls by which customers are being called, and what for."""
        self._made: dict[CallId, CallBack] = {}
        """Call-backs that were reached, by the call that is up still."""
        self._counts: Counter[QueueId] = Counter()
        self._stopped = False
        self._due = Deadlines(clock, self._time_passed)
        self._rings = Deadlines(clock, self._not_answered)
        self._ahead = Ahead(clock, lines.rung_ahead, desk.leaving, self._ring_ahead)

    # --- promises ---------------------------------------------------------------------------

    def promise(self, waiting: WaitingCall, call: Call, number: str) -> None:
        """Promise the caller, who has waited like that, to call them at the number."""
        known, now = call.user_data, utc(self._clock)
        call_back = CallBack(
            call_id=call.id,
            queue_id=waiting.queue_id,
            number=number,
            language=waiting.language,
            service_level=waiting.service_level,
            situation=waiting.situation,
            verification=waiting.verification,
            arrived=datetime.fromtimestamp(waiting.arrived, UTC),
            promised=now,
            customer_id=known.customer_id,
            customer_name=known.customer_name,
        )
        self._bus.publish(
            CallBackPromised(
                at=now,
                call_id=call.id,
                queue_id=call_back.queue_id,
                number=number,
                customer_id=call_back.customer_id,
                arrived=call_back.arrived,
            )
        )
        self._admit(call_back, TimePassed(now))

    def cancel(self, waiting_id: CallId) -> None:
        """The customer needs it no more; nothing if it is over."""
        self._happened(waiting_id, Cancelled())

    def promised_to(self, customer_id: CustomerId | None, number: str) -> CallBack | None:
        """The open promise to that customer, or to who calls from that number."""
        for name in (customer_id, number):
            if name and (waiting_id := self._by_name.get(name)) is not None:
                return self._open[waiting_id]
        return None

    def of(self, call_id: CallId) -> CallBack | None:
        """What that call is made for, None for a call that keeps no promise."""
        waiting_id = self._attempts.get(call_id)
        return self._open[waiting_id] if waiting_id is not None else self._made.get(call_id)

    def count(self, queue_id: QueueId) -> int:
        """How many promises of that queue are open."""
        return self._counts[queue_id]

    def out(self, queue_id: QueueId) -> int:
        """How many customers of that queue are being called back."""
        return sum(1 for each in self._attempts.values() if self._open[each].queue_id == queue_id)

    # --- keeping them -----------------------------------------------------------------------

    def take_up(self) -> None:
        """Go on with those that the server before us left."""
        self._store.load().addCallback(self._loaded).addErrback(
            lambda failure: self.log.failure("call-backs cannot be read", failure)
        )

    def stop(self) -> None:
        """Wait for nothing more, and call nobody; the promises are kept in the table."""
        self._stopped = True
        self._due.stop()
        self._rings.stop()
        self._ahead.stop()

    def stir(self) -> None:
        """Somebody came, went or was taken: it may be a customer's turn to be rung ahead."""
        self._ahead.stir()

    def assigned(self, pair: Assignment) -> bool:
        """Whether it is a call-back's turn, which is made then."""
        call_back = self._open.get(pair.call.call_id)
        if call_back is None:
            return False
        if call_back.state is State.AHEAD and call_back.attempt is not None:
            attempt = call_back.attempt
            self._happened(call_back.waiting_id, Assigned(pair.agent_id, attempt))
        elif (made := self._call(call_back, pair.agent_id)) is not None:
            attempt = made
        else:
            self._desk.still_free(pair.agent_id)
            return True
        ring = self._rules(call_back).ring
        try:
            self._desk.reserve(pair.agent_id, attempt, call_back.queue_id, pair.why, ring)
        except Refused:
            self._let_be(attempt)
            self._happened(call_back.waiting_id, AgentLost(utc(self._clock)))
            raise
        return True

    def _ring_ahead(self, waiting_id: CallId) -> None:
        """Call the customer for whom an agent is about to be free."""
        call_back = self._open.get(waiting_id)
        if call_back is not None and call_back.state is State.WAITING:
            self._call(call_back, None)

    def _call(self, call_back: CallBack, agent_id: AgentId | None) -> CallId | None:
        """Call the customer; None where no line led to them, which is an attempt all the same."""
        waiting_id, attempt = call_back.waiting_id, CallId("")
        try:
            attempt = self._control.originate(call_back.number, partial(self._answered, waiting_id))
        except Refused as refused:
            self.log.warn("{call_id}: {why}", call_id=call_back.call_id, why=refused)
        begun = RungAhead(attempt) if agent_id is None else Assigned(agent_id, attempt)
        if not attempt or self._control.get(attempt) is None:
            self._happened(waiting_id, begun)
            self._happened(waiting_id, NotReached(utc(self._clock)))
            return None
        self._know_customer(attempt, call_back)
        self._attempts[attempt] = waiting_id
        self._happened(waiting_id, begun)
        self._bus.publish(
            CallBackAttempted(
                at=utc(self._clock),
                call_id=attempt,
                queue_id=call_back.queue_id,
                promised_on=call_back.call_id,
                promised=call_back.promised,
                agent_id=agent_id,
                attempt=call_back.attempts + 1,
            )
        )
        self._rings.set(attempt, self._clock.seconds() + self._rules(call_back).ring)
        return attempt

    def offer_ended(self, call_id: CallId, outcome: OfferOutcome) -> None:
        """The agent reserved for that call is so no more; without one the customer is let be."""
        waiting_id = self._attempts.get(call_id)
        if waiting_id is not None and outcome is not OfferOutcome.CALLER_LEFT:
            self._let_be(call_id)
            self._happened(waiting_id, AgentLost(utc(self._clock)))

    def call_cleared(self, event: CallCleared) -> None:
        """A call is over; if it was to call back, the customer did not answer."""
        self._made.pop(event.call_id, None)
        waiting_id = self._forget_attempt(event.call_id)
        if waiting_id is not None:
            self._happened(waiting_id, NotReached(event.at))

    # --- inside -----------------------------------------------------------------------------

    def _answered(self, waiting_id: CallId, attempt: CallId) -> None:
        """The customer answered: their call takes the place, and the agent's phone rings.

        Who was rung ahead, and has no agent yet, is the next in line.
        """
        call_back = self._open.get(waiting_id)
        if self._forget_attempt(attempt) is None or call_back is None:
            return
        self._happened(waiting_id, Reached())
        self._made[attempt] = call_back
        agent_id, call = call_back.agent_id, replace(_waiting(call_back), call_id=attempt)
        self._lines.receive(call, reserved=agent_id is not None)
        if agent_id is not None:
            self._desk.ring(agent_id, attempt)

    def _not_answered(self, attempt: CallId) -> None:
        self._control.clear(attempt, Party.SYSTEM, Cause.NO_ANSWER)

    def _let_be(self, attempt: CallId) -> None:
        if self._forget_attempt(attempt) is not None:
            self._control.clear(attempt, Party.SYSTEM, Cause.CANCELLED)

    def _forget_attempt(self, attempt: CallId) -> CallId | None:
        self._rings.drop(attempt)
        return self._attempts.pop(attempt, None)

    def _know_customer(self, attempt: CallId, call_back: CallBack) -> None:
        self._control.attach(
            attempt,
            customer_id=call_back.customer_id,
            customer_name=call_back.customer_name,
            service_level=call_back.service_level,
            language=call_back.language,
            queue_id=call_back.queue_id,
        )

    def _time_passed(self, waiting_id: CallId) -> None:
        self._happened(waiting_id, TimePassed(utc(self._clock)))

    def _loaded(self, found: Iterable[CallBack]) -> None:
        now = utc(self._clock)
        for call_back in found:
            if call_back.queue_id not in self._queues():
                self.log.error(
                    "Promise of {call_id} waits for queue {queue_id}, which is gone",
                    call_id=call_back.call_id,
                    queue_id=call_back.queue_id,
                )
                continue
            if call_back.waiting_id in self._open:
                continue  # promised since we started
            event: Event = TimePassed(now)
            if call_back.state in OUT and call_back.attempt is not None:
                event = Reached() if self._is_up(call_back.attempt) else AgentLost(now)
                if isinstance(event, AgentLost):
                    self._control.clear(call_back.attempt, Party.SYSTEM, Cause.INTERRUPTED)
            elif call_back.state is State.WAITING:
                call_back = replace(call_back, state=State.PAUSED)
            self._admit(call_back, event)

    def _is_up(self, call_id: CallId) -> bool:
        call = self._control.get(call_id)
        customer = call.customer if call is not None else None
        return customer is not None and customer.state is ConnectionState.CONNECTED

    def _admit(self, call_back: CallBack, event: Event) -> None:
        self._open[call_back.waiting_id] = call_back
        self._counts[call_back.queue_id] += 1
        for name in filter(None, (call_back.customer_id, call_back.number)):
            self._by_name[name] = call_back.waiting_id
        self._happened(call_back.waiting_id, event)

    def _happened(self, waiting_id: CallId, event: Event) -> None:
        """Let the call-back be what it is after the event, with all that follows of it."""
        before = self._open.get(waiting_id)
        if before is None:
            return
        rules = self._rules(before)
        after = step(before, event, rules, self._zone)
        self._open[waiting_id] = after
        self._store.save(after)
        instant = wake(after, rules, self._zone)
        if instant is None:
            self._due.drop(waiting_id)
        else:
            self._due.set(waiting_id, instant.timestamp())
        if before.state is not after.state:
            self._moved(before, after)

    def _moved(self, before: CallBack, after: CallBack) -> None:
        lead = self._rules(after).lead
        self._ahead.moved(after.waiting_id, after.queue_id, after.state, lead)
        if after.state not in OUT:
            self._lines.take_out(after.waiting_id)
        if after.state is State.WAITING and not self._stopped:
            self._lines.line_up(_waiting(after))
        elif after.state is State.ENDED:
            self._end(before, after)

    def _end(self, before: CallBack, after: CallBack) -> None:
        del self._open[after.waiting_id]
        self._counts[after.queue_id] -= 1
        for name in filter(None, (after.customer_id, after.number)):
            if self._by_name.get(name) == after.waiting_id:
                del self._by_name[name]
        assert after.outcome is not None
        self._bus.publish(
            CallBackEnded(
                at=utc(self._clock),
                call_id=after.attempt or after.call_id,
                queue_id=after.queue_id,
                promised_on=after.call_id,
                outcome=after.outcome,
                attempts=after.attempts,
            )
        )
        if before.state in OUT and before.attempt in self._attempts:
            self._let_be(before.attempt)

    def _rules(self, call_back: CallBack) -> CallBackRules:
        queue = self._queues().get(call_back.queue_id)
        return (queue.waiting.call_back if queue is not None else None) or RULES_GONE


def _waiting(call_back: CallBack) -> WaitingCall:
    return WaitingCall(
        call_back.waiting_id,
        call_back.queue_id,
        call_back.language,
        call_back.service_level,
        call_back.situation,
        call_back.arrived.timestamp(),
        call_back.verification,
    )
