"""Whom a leg listens to: the address that signalling announced, or one learned behind a NAT.

    open --- a packet from the announced address ---------------------> closed
    open --- another source proves plausible --> learned --- 5 s -----> closed
    learned --- a packet from the announced address ------------------> closed
    any --- signalling announces another address ---------------------> open
    any --- after a silence, its own stream from elsewhere -----------> the same, there

The announced address needs no proof: only signalling could name it. Any other source is on
probation (RFC 3550, A.1): packets of one SSRC, of agreed kinds, in sequence without a gap. A.1
asks for two; here there are four within no less than 50 ms, as a source is chosen and not only
counted, and a single burst shall not win against a telephone that speaks every 20 ms. What comes
on probation is neither heard nor counted. Whoever was listened to until signalling named another
is on probation for a second: an exchange that connects us to somebody else tells us first, and who
spoke until then goes on for a moment. Whoever was learned gives way to the announced address for a
while, as a stranger may have been quicker; after that no other's packets change anything.

A NAT forgets a telephone that is silent, as one on hold may be, and gives it another port when it
speaks again. What goes on with the very SSRC and sequence that were heard last is it, and nobody
who does not see its packets can guess these 48 bits.
"""

from dataclasses import dataclass

from cti.media.rtp import SEQUENCES

Source = tuple[str, int]
"""IP address and UDP port."""

PROVING_PACKETS = 4
PROVING_SECONDS = 0.05
PARTING_SECONDS = 1.0
"""The same for whom signalling has just turned away from."""
PRECEDENCE_SECONDS = 5.0
"""How long the announced address may take the place of one that was learned."""
MOST_CANDIDATES = 16
"""The one that was silent longest gives way to another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source on probation: what would follow its last packet, how many came, since when."""

    ssrc: int
    expected: int
    packets: int
    since: float

    def after(self, ssrc: int, sequence: int, now: float) -> "Candidate":
        """What is known of it after another packet."""
        following = (sequence + 1) % SEQUENCES
        if (ssrc, sequence) != (self.ssrc, self.expected):
            return Candidate(ssrc, following, 1, now)
        return Candidate(ssrc, following, self.packets + 1, self.since)

    def proves(self, now: float, seconds: float) -> bool:
        """Whether it is a stream that lasts, not a stray packet or a burst."""
        return self.packets >= PROVING_PACKETS and now - self.since >= seconds


class SourceLock:
    """One source at a time; `now` is in seconds."""

    def __init__(self) -> None:
        self.source: Source | None = None
        self.strangers = 0
        """Packets of others since somebody was locked to."""
        self._announced: Source | None = None
        self._left: Source | None = None
        """Who was listened to before signalling named another."""
        self._locked_at = 0.0
        self._candidates: dict[Source, Candidate] = {}

    def expect(self, announced: Source) -> bool:
        """Signalling names this address; False where it did before: then the lock holds."""
        if announced == self._announced:
            return False
        self._announced = announced
        self._left, self.source = self.source or self._left, None
        self._candidates.clear()
        return True

    def closed(self, now: float) -> bool:
        """Whether nobody can take the place of `source` any more."""
        if self.source is None:
            return False
        return self.source == self._announced or now - self._locked_at >= PRECEDENCE_SECONDS

    def excludes(self, source: Source, now: float) -> bool:
        """Whether a packet from there need not be looked at; such are counted."""
        if self.source is None or source == self.source:
            return False
        if source == self._announced and not self.closed(now):
            return False
        self.strangers += 1
        return True

    def admits(self, source: Source, ssrc: int, sequence: int, now: float) -> bool:
        """Whether this valid packet, not excluded, is the far side's; it may lock to it."""
        if source == self.source:
            return True
        if source != self._announced and not self._proven(source, ssrc, sequence, now):
            return False
        self.source, self._locked_at = source, now
        self._candidates.clear()
        return True

    def move(self, source: Source) -> None:
        """The stream that was listened to comes from there now."""
        self.source = source

    def _proven(self, source: Source, ssrc: int, sequence: int, now: float) -> bool:
        before = self._candidates.pop(source, None)
        if before is None:
            candidate = Candidate(ssrc, (sequence + 1) % SEQUENCES, 1, now)
        else:
            candidate = before.after(ssrc, sequence, now)
        while len(self._candidates) >= MOST_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
        self._candidates[source] = candidate
        return candidate.proves(now, PARTING_SECONDS if source == self._left else PROVING_SECONDS)
