"""Listens to sockets, call control and the bus, and writes what it hears into the ring."""

from collections.abc import Callable
from typing import Protocol

from twisted.logger import Logger

from cti.call.events import (
    CallCleared,
    CallEvent,
    CallResumed,
    ConnectionCleared,
    ConnectionEvent,
    Failed,
    MediaReported,
)
from cti.call.model import Connection
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock
from cti.sip.events import Endpoint, SessionId
from cti.trace.records import Direction, Fact, Leg, Message, Record, encode
from cti.trace.stripping import strip

_SHOWN = (ConnectionEvent, CallResumed, CallCleared)


class Sink(Protocol):
    """Takes records as bytes."""

    def append(self, content: bytes) -> None: ...


class Recorder:
    """Writes every message without its secrets, every leg and what becomes of it.

    A mistake in here costs a record, never a call; `lost` counts them, and the first is logged.
    """

    log = Logger()

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self.lost = 0
        self._sink, self._clock = sink, clock

    def message(self, direction: Direction, local: Endpoint, remote: Endpoint, data: bytes) -> None:
        """A message came or goes; keep-alives are left out."""
        if data.strip(b"\r\n\0 \t"):
            self._write(
                lambda: Message(self._clock.seconds(), direction, local, remote, strip(data))
            )

    def carrying(self, call_id_of: Callable[[SessionId], str]) -> Callable[..., None]:
        """What to tell which session carries which connection; `call_id_of` is the user agent's."""

        def carried(connection: Connection, session: SessionId) -> None:
            self._write(
                lambda: Leg(
                    self._clock.seconds(),
                    connection.call_id,
                    connection.id,
                    connection.party.value,
                    connection.device.id,
                    call_id_of(session),
                )
            )

        return carried

    def listen(self, bus: Bus) -> None:
        """Write down from now on what happens to connections; no event holds a key press."""
        bus.subscribe(CallEvent, self._happened)

    def _happened(self, event: CallEvent) -> None:
        if isinstance(event, _SHOWN):
            self._write(lambda: _fact(event, self._clock.seconds()))

    def _write(self, record: Callable[[], Record]) -> None:
        try:
            self._sink.append(encode(record()))
        except Exception:  # noqa: BLE001  (our bug: the call goes on untraced)
            self.lost += 1
            if self.lost == 1:
                self.log.failure("something could not be traced")


def _fact(event: CallEvent, at: float) -> Fact:
    connection = event.connection_id if isinstance(event, ConnectionEvent) else ""
    return Fact(at, event.call_id, connection, event.kind.partition(".")[2], _detail(event))


def _detail(event: CallEvent) -> str:
    match event:
        case ConnectionCleared() | Failed() | CallCleared():
            return event.cause.value
        case CallResumed():
            return f"{event.away:.1f} s"
        case MediaReported():
            return f"{event.packets_sent}/{event.packets_received}/{event.packets_lost}"
    return ""
