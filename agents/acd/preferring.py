"""Asks whom callers had better talk to, and whom not, before they are given to whoever is free."""

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.outflow import PreferencePort
from agents.acd.queue import Acquaintance
from agents.acd.rules import QueueRules
from agents.acd.stays import Stay
from cti.call.control import CallControl
from cti.kernel.clock import Clock
from cti.kernel.in_time import in_time

LIMIT = 0.3
"""Seconds for which the answer is waited for; what comes later counts as long as they wait."""

Learn = Callable[[Stay, Acquaintance], None]
"""What is done with what is found, whether the caller still waits or not."""


class Preferring:
    """One question for each customer who is recognised in a queue to whose rules it matters."""

    log = Logger()

    def __init__(
        self, clock: Clock, control: CallControl, port: PreferencePort | None, learn: Learn
    ) -> None:
        self._clock, self._control, self._port, self._learn = clock, control, port, learn
        self._asked: dict[Stay, Deferred[None]] = {}
        """Questions without an answer."""
        self._waiting: dict[Stay, Deferred[None]] = {}
        """Who is given to nobody before that is known, or `LIMIT` is over."""

    def first(self, stay: Stay, rules: QueueRules, then: Callable[[], None]) -> None:
        """Ask for the caller, and go on once that is known: within `LIMIT`, whatever happens."""
        self.ask(stay, rules)
        asked = self._asked.get(stay)
        if asked is None:
            then()
            return
        self._waiting[stay] = in_time(self._clock, LIMIT, asked, None)
        self._waiting[stay].addCallback(lambda _: self._go_on(stay, then))

    def ask(self, stay: Stay, rules: QueueRules) -> None:
        """Ask for the caller, where the queue's rules want to know; once for each customer."""
        call = self._control.get(stay.call_id)
        customer_id = call.user_data.customer_id if call is not None else None
        if self._port is None or customer_id is None or customer_id == stay.asked_for:
            return
        if rules.sticky is None and rules.owner is None and not rules.shun:
            return
        stay.asked_for = customer_id
        asked = self._port.acquaintance(customer_id, rules).addCallback(partial(self._learn, stay))
        self._asked[stay] = asked.addErrback(partial(self._unknown, stay))
        asked.addBoth(lambda _: self._answered(stay))

    def stop(self) -> None:
        """Whoever is still asked for waits on for the next server."""
        waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            each.cancel()

    def _answered(self, stay: Stay) -> None:
        del self._asked[stay]

    def _go_on(self, stay: Stay, then: Callable[[], None]) -> None:
        if self._waiting.pop(stay, None) is not None:
            then()

    def _unknown(self, stay: Stay, failure: Failure) -> None:
        self.log.failure("preferred agents of {call_id}", failure, call_id=stay.call_id)
