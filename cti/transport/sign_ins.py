"""Says in the log who fails to sign in, a line a second at most, however many try."""

from twisted.logger import Logger

from cti.kernel.clock import Clock
from cti.sip.events import SignInFailed

QUIET = 1.0
"""Seconds between two lines."""


class SignInLog:
    """`failed` is told of every wrong secret; `count` is how many there were."""

    log = Logger()

    def __init__(self, clock: Clock) -> None:
        self.count = 0
        self._clock = clock
        self._said = 0
        self._quiet_until = float("-inf")

    def failed(self, report: SignInFailed) -> None:
        """Somebody gave a wrong secret."""
        self.count += 1
        now = self._clock.seconds()
        if now < self._quiet_until:
            return
        self._quiet_until = now + QUIET
        unsaid, self._said = self.count - self._said - 1, self.count
        self.log.warn(
            "{source} failed to sign in as {account!r}{more}",
            source=str(report.source),
            account=report.account[:32],
            more=f" ({unsaid} more since the last line)" if unsaid else "",
        )
