"""Sentences with blanks, spoken as the house spoke them to a caller."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement, load_catalogue
from prompts.lexicon import load_lexicon
from prompts.synthesis import VOICES
from tests.support.audio import Samples, read_wave

Sentence = tuple[Announcement, Language]


class SpokenAgain:
    """Their sounds, made by a speech worker of one's own while other things go on."""

    def __init__(self, sentences: Sequence[Sentence], folder: Path) -> None:
        catalogue, lexicon = load_catalogue(), load_lexicon()
        self._paths = [folder / f"{number}.wav" for number in range(len(sentences))]
        asked = []
        for path, (announcement, language) in zip(self._paths, sentences, strict=True):
            words, voice = catalogue.text(announcement, language), VOICES[language]
            text = lexicon.respell(words) if language is Language.CHINESE else words
            said = {"text": text, "voice": voice.name, "rate": voice.rate, "path": str(path)}
            asked.append(json.dumps({"do": "speak", **said}))
        self._answers = folder / "answers.txt"
        with self._answers.open("wb") as out:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "prompts.speech_worker"], stdin=subprocess.PIPE, stdout=out
            )
        assert self._worker.stdin is not None
        self._worker.stdin.write(("\n".join(asked) + "\n").encode())
        self._worker.stdin.close()

    def sounds(self) -> list[Samples]:
        """Once they are all made."""
        assert self._worker.wait() == 0
        answers = self._answers.read_text()
        assert "error" not in answers, answers
        return [read_wave(path) for path in self._paths]
