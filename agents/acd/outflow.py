"""Where callers go who leave a queue unserved, and what the queues ask of the rest of the house."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from agents.acd.call_back_dialogue import MayCall, anybody
from agents.acd.overflow import Destination, ToFlow, ToGoodbye
from agents.acd.queue import Acquaintance
from agents.acd.rules import QueueRules
from agents.acd.waiting import Sounds
from cti.call.control import CallControl, PlayEnd
from cti.kernel.errors import LocalError, Refused
from cti.kernel.identifiers import CallId, CustomerId
from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement

TakeIntoFlow = Callable[[CallId, str], None]
"""Lets the flow of that name go on with an answered call; LocalError for a flow nobody wrote."""


class PreferencePort(Protocol):
    """Knows whom a customer had better talk to (the composition root asks history and tickets)."""

    def acquaintance(self, customer_id: CustomerId, rules: QueueRules) -> Deferred[Acquaintance]:
        """Who owns their open ticket, then who served them last, as far back as the rules ask.

        And whom they complained about.
        """


@dataclass(frozen=True, slots=True)
class WaitingPorts:
    """What queues ask of the house; `transfers` are the numbers behind names."""

    take_into_flow: TakeIntoFlow | None = None
    transfers: Mapping[str, str] = field(default_factory=dict)
    preferences: PreferencePort | None = None
    number: Callable[[str], str] = str
    """A calling number as it is dialled here."""
    may_call: MayCall = anybody
    zone: tzinfo = UTC
    """By whose clock customers are called."""


class Outflow:
    """Sends callers on."""

    log = Logger()

    def __init__(self, control: CallControl, sounds: Sounds, ports: WaitingPorts) -> None:
        self._control, self._sounds, self._ports = control, sounds, ports

    def send(self, call_id: CallId, language: Language, then: Destination) -> None:
        """To a flow, or to a last announcement and the end of the call."""
        match then:
            case ToFlow(flow) if (take := self._ports.take_into_flow) is not None:
                try:
                    take(call_id, flow)
                except LocalError as error:
                    self.log.error("{call_id} is let go: {why}", call_id=call_id, why=error)
                    self.farewell(call_id, language, [Announcement(ToGoodbye().prompt)])
            case ToGoodbye(prompt):
                self.farewell(call_id, language, [Announcement(prompt)])
            case _:
                self.farewell(call_id, language, [Announcement(ToGoodbye().prompt)])

    def pass_on(self, call_id: CallId, number: str) -> None:
        """Call the number, or the one behind that name, for the caller; Refused without a way."""
        call = self._control.get(call_id)
        if call is None or call.customer is None:
            return
        dialled = self._ports.transfers.get(number, number)
        if not dialled:
            raise Refused("call.no_route", number=number)
        self._control.single_step_transfer(call.customer.id, dialled)

    def farewell(self, call_id: CallId, language: Language, words: Sequence[Announcement]) -> None:
        """Say that to the caller, and end the call."""
        spoken = self._sounds.sounds(words, language)
        spoken.addCallback(self._say, call_id)
        spoken.addErrback(self._failed, call_id)

    def _say(self, paths: list[Path], call_id: CallId) -> Deferred[None] | None:
        if not paths:
            self._control.clear(call_id)
            return None
        return self._control.play(call_id, paths).addCallback(self._said, call_id, paths)

    def _said(self, end: PlayEnd, call_id: CallId, paths: list[Path]) -> None:
        self._sounds.release(paths)
        if end is PlayEnd.FINISHED:
            self._control.clear(call_id)

    def _failed(self, failure: Failure, call_id: CallId) -> None:
        self.log.failure("no farewell for {call_id}", failure, call_id=call_id)
        self._control.clear(call_id)
