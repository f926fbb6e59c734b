"""Makes a ticket of each message that was left, however often that fails at first.

The journal has the message before the ticket is asked for, and a ticket asked for twice is one, so
a server that dies in between loses nothing and makes nothing twice.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.errors import HotlineError
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.ports import MessagePort, SpokenMessage
from ivr.events import MessageFiled, MessageLeft
from ivr.messages import Key, cut_short, unfiled
from ivr.ports import CustomerFinder

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds before a ticket that could not be written is tried again, twice as long each time."""


class Filing:
    """Files every `MessageLeft` that it hears of."""

    _log = Logger()

    def __init__(
        self, tickets: MessagePort, customers: CustomerFinder, bus: Bus, clock: Clock
    ) -> None:
        self._tickets, self._customers = tickets, customers
        self._bus, self._clock = bus, clock
        self._again: dict[Key, DelayedCall] = {}
        self._underway: set[Key] = set()
        self._stopped = False
        bus.subscribe(MessageLeft, self._left)

    def take_up(self, history: Collection[Event], is_up: Callable[[CallId], bool]) -> None:
        """File what the server before had no time for, by what the journal tells of messages."""
        for message in unfiled(history):
            self._left(message)
        for end in cut_short(history, is_up):
            self._bus.publish(end)

    def stop(self) -> None:
        """Try nothing again; the next server does."""
        self._stopped = True
        for timer in self._again.values():
            timer.cancel()
        self._again.clear()

    def _left(self, message: MessageLeft) -> None:
        key = message.call_id, message.begun
        if key not in self._underway:
            self._underway.add(key)
            self._file(message, FIRST_PAUSE)

    def _file(self, message: MessageLeft, pause: float) -> None:
        self._again.pop((message.call_id, message.begun), None)
        filing = Deferred.fromCoroutine(self._write(message))
        filing.addCallbacks(
            self._filed, self._failed, callbackArgs=(message,), errbackArgs=(message, pause)
        )

    async def _write(self, message: MessageLeft) -> TicketNumber:
        spoken = SpokenMessage(
            call_id=message.call_id,
            begun=message.begun,
            seconds=message.seconds,
            calling=message.calling,
            language=message.language,
            queue_id=message.queue_id,
            about=message.about,
            number=message.number,
        )
        if message.customer_id is not None:
            customer = await self._customers.by_id(message.customer_id)
            if customer is not None:
                spoken = replace(
                    spoken,
                    customer_id=customer.customer_id,
                    name=customer.name(message.language),
                    service_level=customer.service_level,
                )
        return await self._tickets.take_message(spoken)

    def _filed(self, number: TicketNumber, message: MessageLeft) -> None:
        call_id, begun = message.call_id, message.begun
        self._underway.discard((call_id, begun))
        self._bus.publish(
            MessageFiled(at=utc(self._clock), call_id=call_id, begun=begun, number=number)
        )

    def _failed(self, failure: Failure, message: MessageLeft, pause: float) -> None:
        told = failure.value if failure.check(HotlineError) else failure.getErrorMessage()
        self._log.error(
            "The message of {call_id} has no ticket yet: {why}", call_id=message.call_id, why=told
        )
        if not self._stopped:
            self._again[message.call_id, message.begun] = self._clock.callLater(
                pause, self._file, message, min(2 * pause, LONGEST_PAUSE)
            )
