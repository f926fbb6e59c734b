"""A customer at a telephone outside, who keys when they hear what they are asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cti.kernel.vocabulary import Language
from cti.media.g711 import FRAME_SECONDS
from tests.support.audio import Samples
from tests.support.handset import Handset
from tests.support.hearing import PIECE, SURE, Announced, find
from tests.support.patience import crowding
from tests.support.reactor import pause, reactor, run_in_reactor, until

LOOK = 0.05
LONGEST = 100.0
"""Seconds of a call, on a machine with room."""
PATIENCE = 25.0
"""Seconds until an announcement comes, there too."""
HUM = 300.0
"""What the customer's room sounds like (Hz)."""
OVERLAP = round(1.25 * PIECE / FRAME_SECONDS)
"""Packets that are looked through again, for a piece that had not come whole."""
MOST_AGAIN = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A menu after something that is judged: `again` has it repeated until `enough` was heard.

    Sound is lost where the machine stands still.
    """

    menu: str
    again: str
    then: str
    enough: Callable[[Samples], bool]


Step = tuple[str, str] | Judged
"""An announcement, and what is keyed once it is heard; nothing: it is only waited for."""


class CustomerPhone(Handset):
    """One that hears; `port` is where it is called."""

    def __init__(
        self,
        number: str,
        announced: Announced,
        language: Language = Language.CHINESE,
        *,
        port: int = 0,
    ) -> None:
        super().__init__(number, HUM, port=port)
        self._announced, self._language = announced, language

    async def go(self, steps: Sequence[Step]) -> Samples:
        """Hear each of these, one after the other, and key what it is answered with.

        What was heard from the beginning.
        """
        since = 0
        for step in steps:
            match step:
                case Judged(menu, _, keys):
                    await self._judge(step, since)
                case menu, keys:
                    await self._hear(menu, since)
            since = self.position()
            if keys:
                await self.press(keys)
        return self.heard(0)

    async def press(self, keys: str) -> None:
        """Key quickly."""
        await until(lambda: self.reports)
        self.hush()
        for key in keys:
            self.phone.tap(key)
            await pause(FRAME_SECONDS)

    async def _judge(self, step: Judged, since: int) -> None:
        await self._hear(step.menu, since)
        for _ in range(MOST_AGAIN):
            if step.enough(self.heard(0)):
                return
            since = self.position()
            await self.press(step.again)
            await self._hear(step.menu, since, most_pieces=1)

    async def _hear(self, announcement: str, since: int, most_pieces: int | None = None) -> None:
        """Wait for it; AssertionError where it does not come."""
        pieces = self._announced.pieces(announcement, self._language)[:most_pieces]
        end = reactor().seconds() + PATIENCE * crowding()
        start, best = since, 0.0
        while True:
            heard, reached = self.heard(start), self.position()
            likeness = max(find(each, heard).likeness for each in pieces)
            if likeness >= SURE:
                return
            best, start = max(best, likeness), max(since, reached - OVERLAP)
            late = reactor().seconds() > end
            assert not late, f"{announcement} never came (likeness {best:.2f}): {self.reports}"
            await pause(LOOK)


async def answer(
    number: str,
    port: int,
    announced: Announced,
    steps: Sequence[Step],
    begin: Callable[[], object],
) -> Samples:
    """Whoever is called there, after `begin`, answers, goes these steps and hangs up."""
    return await _went(CustomerPhone(number, announced, port=port), lambda _phone: begin(), steps)


async def call(
    number: str,
    dialled: str,
    house_port: int,
    announced: Announced,
    steps: Sequence[Step],
    language: Language = Language.CHINESE,
) -> Samples:
    """Somebody calls the house, goes these steps and hangs up; what they heard."""
    phone = CustomerPhone(number, announced, language)
    return await _went(phone, lambda phone: phone.dial(dialled, house_port), steps)


async def _went(
    phone: CustomerPhone, begin: Callable[[CustomerPhone], object], steps: Sequence[Step]
) -> Samples:
    try:
        begin(phone)
        return await phone.go(steps)
    finally:
        await phone.leave()


def is_called(
    number: str,
    port: int,
    announced: Announced,
    steps: Sequence[Step],
    begin: Callable[[], object],
) -> Samples:
    """See `answer`."""
    return run_in_reactor(lambda: answer(number, port, announced, steps, begin), timeout=LONGEST)


def calls(
    number: str,
    dialled: str,
    house_port: int,
    announced: Announced,
    steps: Sequence[Step],
) -> Samples:
    """See `call`."""
    return run_in_reactor(
        lambda: call(number, dialled, house_port, announced, steps), timeout=LONGEST
    )
