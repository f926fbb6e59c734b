"""The one bus: whoever owns a fact publishes frozen events, everybody else listens.

Delivery is synchronous and in order of subscription, so a free agent meets a waiting caller in
the same reactor turn. An event published by a listener waits until every listener has seen the
one before it: all see the same order. A listener's error is logged and stops nobody else.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from cti.kernel.events import Event

E = TypeVar("E", bound=Event)
Unsubscribe = Callable[[], None]
OnError = Callable[[Event, BaseException], None]


class Bus:
    """Carries events from their owners to those who asked for them."""

    def __init__(self, on_error: OnError) -> None:
        self._listeners: list[tuple[type[Event], Callable[[Any], object]]] = []
        self._pending: deque[Event] = deque()
        self._delivering = False
        self._on_error = on_error

    def subscribe(self, kind: type[E], listener: Callable[[E], object]) -> Unsubscribe:
        """Call `listener` with every event of that class or of a class derived from it."""
        entry = (kind, listener)
        self._listeners.append(entry)
        return lambda: self._listeners.remove(entry) if entry in self._listeners else None

    def publish(self, event: Event) -> None:
        """Hand the event to every listener, after those published before it."""
        self._pending.append(event)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._pending:
                self._deliver(self._pending.popleft())
        finally:
            self._delivering = False

    def _deliver(self, event: Event) -> None:
        for kind, listener in tuple(self._listeners):
            if isinstance(event, kind):
                try:
                    listener(event)
                except Exception as error:  # noqa: BLE001  (no listener may stop the next)
                    self._on_error(event, error)
