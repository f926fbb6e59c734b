"""A synthesiser that writes files at once, or never, or fails; faithful to `Synthesizer`."""

import wave
from pathlib import Path

from twisted.internet.defer import Deferred, fail, succeed

from cti.kernel.vocabulary import Language
from prompts.synthesis import SynthesisError


class FakeSynthesizer:
    """Speaks each text as silence, one millisecond a character, and remembers the texts."""

    def __init__(self, identity: str = "fake/1") -> None:
        self.identity = identity
        self.spoken: list[tuple[str, Language]] = []
        self.made_music = 0
        self.failing: set[str] = set()
        self.mute = False
        """Fail whatever is asked."""
        self.hanging = False
        """Leave every request open until it is cancelled."""

    def speak(
        self, text: str, language: Language, path: Path, *, urgent: bool = False
    ) -> Deferred[None]:
        del urgent
        if self.hanging:
            return Deferred()
        if self.mute or text in self.failing:
            return fail(SynthesisError("no voice"))
        self.spoken.append((text, language))
        _write(path, 8 * len(text))
        return succeed(None)

    def music(self, path: Path) -> Deferred[None]:
        if self.mute:
            return fail(SynthesisError("no voice"))
        self.made_music += 1
        _write(path, 8000)
        return succeed(None)


def _write(path: Path, samples: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * samples))
