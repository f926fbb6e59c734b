"""Asks whom waiting callers had better talk to; they wait meanwhile like anybody else."""

from collections.abc import Callable
from functools import partial

from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.outflow import PreferencePort
from agents.acd.queue import Preferred
from agents.acd.rules import QueueRules
from agents.acd.stays import Stay
from cti.call.control import CallControl

Learn = Callable[[Stay, tuple[Preferred, ...]], None]
"""What is done with agents found, whether the caller still waits or not."""


class Preferring:
    """One question for each customer who is recognised in a queue that prefers agents."""

    log = Logger()

    def __init__(self, control: CallControl, port: PreferencePort | None, learn: Learn) -> None:
        self._control, self._port, self._learn = control, port, learn

    def ask(self, stay: Stay, rules: QueueRules) -> None:
        """Ask for the caller, where the queue's rules want to know; once for each customer."""
        call = self._control.get(stay.call_id)
        customer_id = call.user_data.customer_id if call is not None else None
        if self._port is None or customer_id is None or customer_id == stay.asked_for:
            return
        if rules.sticky is None and rules.owner is None:
            return
        stay.asked_for = customer_id
        found = self._port.preferred(customer_id, rules)
        found.addCallback(partial(self._found, stay))
        found.addErrback(partial(self._unknown, stay))

    def _found(self, stay: Stay, preferred: tuple[Preferred, ...]) -> None:
        if preferred:
            self._learn(stay, preferred)

    def _unknown(self, stay: Stay, failure: Failure) -> None:
        self.log.failure("preferred agents of {call_id}", failure, call_id=stay.call_id)
