"""A recording that grows: sound first, then what counts it, then the line that seals it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cti.kernel.identifiers import Entropy, system_entropy
from cti.recording.chain import Closing, Segment, line, seal
from cti.recording.keys import KeyRing
from cti.recording.marks import RATE, Mark
from cti.recording.store import chain_path, lock, open_store, samples_in


@dataclass(frozen=True, slots=True)
class Held:
    """What a closed recording holds: seconds of sound, and the last digest of its chain."""

    seconds: float = 0.0
    digest: str = ""


class RecordingWriter:
    """Writes a recording and its chain; OSError where the disk refuses, KeyLost without its key.

    After an error only `give_up` makes sense: what was sealed before it stands.
    """

    def __init__(
        self,
        path: Path,
        channels: int,
        ring: KeyRing | None = None,
        entropy: Entropy = system_entropy,
    ) -> None:
        self._channels = channels
        self._store = open_store(path, channels, ring, entropy)
        self._samples = 0
        self._sealed = 0
        """Octets."""
        head = self._store.head
        self._digest = head.digest
        self._chain = chain_path(path).open("wb", buffering=0)
        lock(self._chain)
        self._note(line(head.record()))

    @property
    def held(self) -> Held:
        """What is sealed so far."""
        return Held(self._samples / RATE, self._digest)

    def append(self, data: bytes, marks: Sequence[Mark] = ()) -> None:
        """Write interleaved samples and what was noted in them."""
        written = self._store.append(data)
        samples = samples_in(len(data), self._channels)
        segment = Segment(self._sealed, len(written), self._samples, samples, tuple(marks))
        digest = seal(self._digest, written, segment.record())
        self._note(line(segment.record(), digest))
        self._digest = digest
        self._sealed += len(written)
        self._samples += samples

    def close(self, why: str = "", *, lasting: bool = True) -> Held:
        """Nothing more comes: seal the end; `why` where it is not that of the call.

        What is not to be `lasting` is left to the system to write when it likes.
        """
        self._end(why, lasting=lasting)
        return self.held

    def give_up(self, why: str) -> Held:
        """Stop here after an error: what is not sealed is taken back, as far as the disk lets us.

        `why` stands in the chain.
        """
        try:
            self._store.cut(self._sealed)
            self._end(why)
        except OSError:
            # The chain stays open then, as after a crash, and the next start seals it.
            self._chain.close()
        return self.held

    def _end(self, why: str, *, lasting: bool = True) -> None:
        self._store.close(lasting=lasting)
        closing = Closing(self._samples, why)
        digest = seal(self._digest, b"", closing.record())
        self._note(line(closing.record(), digest))
        self._digest = digest
        self._chain.close()

    def _note(self, text: bytes) -> None:
        rest = memoryview(text)
        while rest:
            rest = rest[self._chain.write(rest) :]
