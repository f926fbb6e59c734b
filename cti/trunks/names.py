"""Keeps the addresses of trusted names true, as carriers move their gateways."""

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.kernel.clock import Clock, DelayedCall
from cti.sip.events import Endpoint
from cti.sip.outgoing import uri_host

AGAIN = 60.0
"""Seconds between two looks at a name; what is asked keeps answers for their time to live."""

Lookup = Callable[[str], Deferred[tuple[Endpoint, ...]]]
"""Where a SIP URI leads (RFC 3263); nowhere when there is no such name or nobody answers."""


class Refresher:
    """Tells `found(name, trunk, addresses)` where each name leads now."""

    log = Logger()

    def __init__(
        self, lookup: Lookup, clock: Clock, found: Callable[[str, str, frozenset[str]], object]
    ) -> None:
        self._lookup, self._clock, self._found = lookup, clock, found
        self._timers: dict[tuple[str, str], DelayedCall] = {}
        self._lost: set[str] = set()
        self._stopped = False

    def keep(self, name: str, trunk: str) -> None:
        """Look the name up now, and again and again."""
        looking = self._lookup(f"sip:{uri_host(name)}")
        looking.addCallback(self._known, name, trunk)
        looking.addErrback(lambda why: self.log.failure("{name} was not looked up", why, name=name))
        looking.addCallback(lambda _: self._again(name, trunk))

    def stop(self) -> None:
        """Look nothing up any more."""
        self._stopped = True
        for timer in self._timers.values():
            if timer.active():
                timer.cancel()
        self._timers.clear()

    def _known(self, endpoints: Sequence[Endpoint], name: str, trunk: str) -> None:
        if endpoints:
            self._lost.discard(name)
            self._found(name, trunk, frozenset(each.host for each in endpoints))
        elif name not in self._lost:  # what was found before stays true until somebody says else
            self._lost.add(name)
            self.log.warn("{name} of trunk {trunk} leads nowhere", name=name, trunk=trunk)

    def _again(self, name: str, trunk: str) -> None:
        if not self._stopped:
            self._timers[name, trunk] = self._clock.callLater(AGAIN, self.keep, name, trunk)
