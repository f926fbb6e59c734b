"""New calls on their way in: each is taken when there is time for it, or refused, or not heard.

A turn of the reactor reads what came by the sockets and does what that asks for. New calls have
turns of their own, after the media worker's answers to that: an agent who hangs up has the next
caller before another is asked in. While a turn leaves messages unread, new calls wait on. They are
taken for a few milliseconds, and what they ask for (of the media worker, of the database) comes
back in turns of its own, before the next new calls.
"""

from collections.abc import Callable

from cti.kernel.clock import Clock, DelayedCall
from cti.sip.access.antechamber import NewCall
from cti.sip.events import Endpoint
from cti.sip.user_agent import Output, UserAgent

SLICE = 0.005
"""Seconds of one turn in which new calls are taken; one is taken in any case."""
STEPPING_BACK = 0.05
"""Seconds for which they wait for what is unread: a tenth of the time is theirs in any case."""


class Arrivals:
    """Asked by `sort` for each message that is to be read."""

    def __init__(
        self,
        clock: Clock,
        agent: UserAgent,
        take: Callable[[bytes, Endpoint], object],
        perform: Callable[[Output], object],
        unread: Callable[[], bool],
    ) -> None:
        """`take` reads a message now; `perform` sends a refusal; `unread` tells whether the last
        turn left messages to the next one.
        """
        self._clock, self._agent, self._room = clock, agent, agent.antechamber
        self._take, self._perform, self._unread = take, perform, unread
        self._until = 0.0
        """How long they step back."""
        self._turn: DelayedCall | None = None

    def sort(self, data: bytes, source: Endpoint) -> bool:
        """Whether to read that message now; a new call may have to wait, or be refused."""
        room = self._room
        if not room.holds(data):
            if first := room.ahead_of(data, source):
                self._take(first.data, first.source)
            return not self._agent.ends_refusal(data)
        now = self._clock.seconds()
        call = NewCall(data, source, now)
        if room.hindered():
            self._refuse(call)
            return False
        if self._turn is None:
            self._turn = self._clock.callLater(0, self._wait)
        room.enter(call)
        return False

    def stop(self) -> None:
        """Take nobody any more."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _wait(self) -> None:
        """The reactor looks at its sockets once more before new calls are taken."""
        self._until = self._clock.seconds() + STEPPING_BACK
        self._turn = self._clock.callLater(0, self._next_turn)

    def _next_turn(self) -> None:
        self._turn = None
        now = self._clock.seconds()
        if now < self._until and self._unread():
            self._turn = self._clock.callLater(0, self._next_turn)
            return
        while late := self._room.late(now):
            self._refuse(late)
        end = now + SLICE
        while call := self._room.next(now):
            if self._turn is None:
                self._wait()
            self._take(call.data, call.source)
            now = self._clock.seconds()
            if now >= end:
                break

    def _refuse(self, call: NewCall) -> None:
        began = self._clock.seconds()
        if self._room.refuses(began):
            self._perform(self._agent.refusal(call.data, call.source))
            self._room.refused_in(self._clock.seconds() - began)
