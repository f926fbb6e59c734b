"""Calls brought up one after the other, all of which then talk and listen for a while."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks import sound, wire
from benchmarks.bench import Bench
from benchmarks.load import Heard, Plan
from benchmarks.phones import Exchange, Telephone
from benchmarks.switchboard import Switchboard
from benchmarks.target import Target

GAP = 0.02
"""Seconds between two calls as they are brought up."""
SETTLE = 2.0
"""Seconds their sound flows before measuring."""
FRAMES = 50
"""Packets a second of each stream."""
OWN_LIMIT = 2e6
"""How late (ns, p99) the generators may be before what they measure is theirs."""
WHOLE = 1.0
"""Per cent of the packets that may be lost of calls which still are calls."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What was heard of so many streams for so long, and the server's CPU (% of a core)."""

    heard: Heard
    streams: int
    seconds: float
    cpu: float | None

    @property
    def lost(self) -> float:
        """Per cent of the packets that should have come and did not."""
        silent = (self.streams - self.heard.streams) * FRAMES * self.seconds
        return 100 * (self.heard.lost + silent) / (self.streams * FRAMES * self.seconds)

    @property
    def whole(self) -> bool:
        """Whether the calls still were calls."""
        return self.lost < WHOLE


class Stage:
    """Callers of a number, and whoever answers where it leads when they are `bridged`."""

    def __init__(self, bench: Bench, target: Target, leaving: ExitStack, *, bridged: bool) -> None:
        self._bench, self._target, self._bridged = bench, target, bridged
        self._exchange = Exchange()
        self._ears = [_ear(leaving), _ear(leaving)]
        port = target.agents_port if bridged else 0
        self._called = Switchboard(self._exchange, target.address, self._ears[1], port)
        leaving.callback(self._called.close)
        self._callers: list[Telephone] = []
        leaving.callback(self._end)

    def raise_to(self, calls: int) -> None:
        """More callers call, until there are so many and all are answered."""
        numbers = self._target.numbers
        dialled = []
        while len(self._callers) < calls:
            name = f"7{len(self._callers):04}"
            caller = Telephone(self._exchange, self._target.address, name, shared=self._ears[0])
            self._callers.append(caller)
            dialled.append(caller.dial(numbers.direct if self._bridged else numbers.music))
            self._exchange.run_for(GAP)
        for call in dialled:
            answered = partial(getattr, call, "answered")
            self._exchange.run_until(answered, "the caller is answered")
        if self._bridged:
            everybody = partial(self._have_called, calls)
            self._exchange.run_until(everybody, "the far side is called for every caller")

    def talk(self) -> Talk:
        """Everybody talks and listens; those whose call was ended are missed."""
        streams = [(0, each.call.media[1]) for each in self._callers if each.call]
        streams += [(1, call.media[1]) for _, call in self._called.calls.values()]
        seconds = self._bench.seconds
        heard, cpu = sound.talk(self._ears, Plan(streams, SETTLE, seconds), self._target.cpu)
        if heard.own.p99 > OWN_LIMIT:
            late = heard.own.p99 / 1e6
            self._bench.say(f"the generators were late themselves: {late:.1f} ms (p99)")
        share = None if cpu is None else 100 * cpu / seconds
        return Talk(heard, len(self._callers) * (1 + self._bridged), seconds, share)

    def _have_called(self, calls: int) -> bool:
        return len(self._called.calls) >= calls

    def _end(self) -> None:
        for caller in self._callers:
            if caller.call is not None and caller.call.answered:
                caller.hang_up()
                self._exchange.run_for(GAP / 4)
        self._exchange.run_for(1.0)
        for caller in self._callers:
            caller.close()


def _ear(leaving: ExitStack) -> socket.socket:
    """For the sound of all who stand on one side; its RTCP is taken by nobody."""
    ear, control = wire.sound_sockets()
    leaving.callback(ear.close)
    leaving.callback(control.close)
    return ear
