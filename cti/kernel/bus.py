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
Listener = Callable[[Any], object]
Unsubscribe = Callable[[], None]
OnError = Callable[[Event, BaseException], None]


class Bus:
    """Carries events from their owners to those who asked for them."""

    def __init__(self, on_error: OnError) -> None:
        self._listeners: list[tuple[type[Event], Listener]] = []
        self._of: dict[type[Event], tuple[Listener, ...]] = {}
        """Who hears events of exactly that class, as far as there were some since it changed."""
        self._pending: deque[Event] = deque()
        self._delivering = False
        self._on_error = on_error

    def subscribe(self, kind: type[E], listener: Callable[[E], object]) -> Unsubscribe:
        """Call `listener` with every event of that class or of a class derived from it."""
        entry = (kind, listener)
        self._listeners.append(entry)
        self._of.clear()

        def unsubscribe() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)
                self._of.clear()

        return unsubscribe

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
        for listener in self._hearing(type(event)):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001  (no listener may stop the next)
                self._on_error(event, error)

    def _hearing(self, kind: type[Event]) -> tuple[Listener, ...]:
        found = self._of.get(kind)
        if found is None:
            of = (listener for wanted, listener in self._listeners if issubclass(kind, wanted))
            found = self._of[kind] = tuple(of)
        return found
