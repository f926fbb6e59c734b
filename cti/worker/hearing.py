"""Who hears whom: single sources are passed through, several are mixed once every 20 ms."""

from collections.abc import Callable, Collection, Sequence
from itertools import chain

import numpy as np

from cti.kernel.identifiers import CallId
from cti.media.coding import WIDEBAND, passes, rate_of
from cti.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND
from cti.media.mixer import Matrix, mix
from cti.worker.leg import Leg


class Hearing:
    """The legs of an engine, group by group, as far as they hear each other."""

    def __init__(self) -> None:
        self._groups: dict[CallId, dict[Leg, None]] = {}
        self._mixes: dict[CallId, Mix] = {}

    @property
    def mixes(self) -> Collection["Mix"]:
        """What is to be made in each tick."""
        return self._mixes.values()

    def add(self, leg: Leg) -> None:
        """A leg that hears nobody yet."""
        self._groups.setdefault(leg.group, {})[leg] = None

    def hear(self, leg: Leg, sources: Sequence[Leg], now: float) -> None:
        """Let the leg hear these others of its group, and nobody else."""
        group = self._groups.get(leg.group, {})
        if leg not in group:
            return
        wanted = dict.fromkeys(source for source in sources if source in group)
        wanted.pop(leg, None)
        leg.hear(tuple(wanted), now)
        self._arrange(leg.group)

    def forget(self, leg: Leg, now: float) -> None:
        """The leg is gone: nobody hears it any more, and it hears nobody."""
        group = self._groups.get(leg.group, {})
        if leg not in group:
            return
        del group[leg]
        leg.hear((), now)
        leg.passed_to = leg.hearers = ()
        for other in group:
            if leg in other.sources:
                other.sources = tuple(each for each in other.sources if each is not leg)
        self._arrange(leg.group)
        if not group:
            del self._groups[leg.group]

    def configured(self, leg: Leg) -> None:
        """What was passed through may have to be converted now, or the other way round.

        Whoever listens for keys no more keeps no sound that nobody takes.
        """
        if leg in self._groups.get(leg.group, ()):
            self._arrange(leg.group)

    def _arrange(self, name: CallId) -> None:
        group = self._groups[name]
        mixing = [leg for leg in group if _needs_mixing(leg)]
        for leg in group:
            leg.mixed = leg in mixing
            leg.hearers = tuple(each for each in group if leg in each.sources)
            leg.passed_to = tuple(each for each in leg.hearers if each not in mixing)
            leg.changed()
        self._mixes.pop(name, None)
        if mixing:
            self._mixes[name] = Mix(mixing)
        for leg in set(group).difference(self._mixes[name].sources if mixing else ()):
            leg.take_in(None)


class Mix:
    """The legs of one group for whom sound is made, and whom they hear."""

    def __init__(self, hearers: Sequence[Leg]) -> None:
        self.hearers = tuple(hearers)
        self.sources = tuple(dict.fromkeys(chain.from_iterable(leg.sources for leg in hearers)))
        self._heard: Matrix = np.array(
            [[source in leg.sources for source in self.sources] for leg in hearers], np.float32
        )
        wide = all(_rate(leg) == WIDEBAND for leg in (*self.hearers, *self.sources))
        rate = WIDEBAND if wide else SAMPLES_PER_SECOND
        self._size = FRAME_SAMPLES * rate // SAMPLES_PER_SECOND
        for source in self.sources:
            source.take_in(rate)
        for leg in self.hearers:
            leg.speak_at(rate)

    def tick(self, now: float, give_up: Callable[[Leg], None]) -> None:
        """Give every hearer its next 20 ms, all in one pass; a source that fails is given up."""
        frames = np.zeros((len(self.sources), self._size), np.int16)
        for row, source in zip(frames, self.sources, strict=True):
            try:
                row[:] = source.frame(now)
            except Exception:  # noqa: BLE001  (our mistake in one voice may not silence the others)
                give_up(source)
        for leg, samples in zip(self.hearers, mix(frames, self._heard), strict=True):
            leg.mixture = samples


def _needs_mixing(leg: Leg) -> bool:
    if len(leg.sources) == 1:
        (source,) = leg.sources
        if source.codec is None or leg.codec is None:
            return False
        return not passes(source.codec, leg.codec)
    return len(leg.sources) > 1


def _rate(leg: Leg) -> int:
    return SAMPLES_PER_SECOND if leg.codec is None else rate_of(leg.codec)
