"""A customer at a telephone outside, who keys when they hear what they are asked."""

from collections.abc import Callable, Sequence

from cti.kernel.vocabulary import Language
from cti.sip.events import SessionEnded
from tests.support.audio import Samples
from tests.support.handset import Handset
from tests.support.hearing import SURE, Announced, find
from tests.support.patience import crowding
from tests.support.reactor import pause, reactor, run_in_reactor

LOOK = 0.1
LONGEST = 100.0
"""Seconds of a call, on a machine with room."""
PATIENCE = 25.0
"""Seconds until an announcement comes, there too."""
HUM = 300.0
"""What the customer's room sounds like (Hz)."""
Step = tuple[str, str]
"""An announcement, and what is keyed once it is heard; nothing: it is only waited for."""


class CustomerPhone(Handset):
    """One that hears; `port` is where it is called."""

    def __init__(self, number: str, announced: Announced, *, port: int = 0) -> None:
        super().__init__(number, HUM, port=port)
        self._announced = announced

    async def go(self, steps: Sequence[Step], language: Language = Language.CHINESE) -> None:
        """Hear each of these, one after the other, and key what it is answered with."""
        since = 0
        for announcement, keys in steps:
            await self._hear(announcement, language, since)
            since = self.position()
            if keys:
                await self.press(keys)

    async def until_over(self) -> None:
        """The house hangs up."""
        await self.reports_of(SessionEnded)

    async def _hear(self, announcement: str, language: Language, since: int) -> None:
        """Wait for it; AssertionError where it does not come."""
        wanted = self._announced.opening(announcement, language)
        end = reactor().seconds() + PATIENCE * crowding()
        while (likeness := find(wanted, self.heard(since)).likeness) < SURE:
            late = reactor().seconds() > end
            assert not late, f"{announcement} never came (likeness {likeness:.2f}): {self.reports}"
            await pause(LOOK)


def is_called(
    number: str,
    port: int,
    announced: Announced,
    steps: Sequence[Step],
    begin: Callable[[], object],
) -> Samples:
    """Whoever is called there, after `begin`, answers and goes these steps; what they heard."""

    async def answer() -> Samples:
        phone = CustomerPhone(number, announced, port=port)
        try:
            begin()
            await phone.go(steps)
            if steps[-1][1]:  # else the customer hangs up
                await phone.until_over()
            return phone.heard(0)
        finally:
            await phone.leave()

    return run_in_reactor(answer, timeout=LONGEST)


def calls(
    number: str,
    dialled: str,
    house_port: int,
    announced: Announced,
    steps: Sequence[Step],
    language: Language = Language.CHINESE,
) -> Samples:
    """Somebody calls the house, goes these steps and hangs up; what they heard."""

    async def call() -> Samples:
        phone = CustomerPhone(number, announced)
        try:
            phone.dial(dialled, house_port)
            await phone.go(steps, language)
            await pause(0)
            return phone.heard(0)
        finally:
            await phone.leave()

    return run_in_reactor(call, timeout=LONGEST)
