"""The end of what a caller was keying in for a question that is no longer asked.

Those keys may be digits of a PIN. After a restart they must choose nothing in the menu that begins
anew, and the recording stays masked if it was; when a lent caller is given back, nobody may hear
them.
"""

from twisted.internet.defer import Deferred

from cti.kernel.clock import Clock

QUIET = 1.0
"""Seconds without a key after which a caller is taken to have stopped keying."""
LONGEST = 10.0
"""Seconds after which nobody is waited for any longer."""


class Quiet:
    """Fires `reached` once no key has come for `QUIET` seconds, at the latest after `LONGEST`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest = clock.seconds() + LONGEST
        self.reached: Deferred[None] = Deferred()
        self._timer = clock.callLater(QUIET, self.reached.callback, None)

    def disturb(self, _key: str) -> None:
        """A key was pressed: it is forgotten, and the quiet begins anew."""
        if self._timer.active():
            self._timer.cancel()
            left = max(0.0, min(QUIET, self._latest - self._clock.seconds()))
            self._timer = self._clock.callLater(left, self.reached.callback, None)

    def cancel(self) -> None:
        """Nobody waits for it any longer; `reached` never fires."""
        if self._timer.active():
            self._timer.cancel()
