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


def spoken(
    announcements: Sequence[Announcement], language: Language, folder: Path
) -> list[Samples]:
    """Their sounds, made by a speech worker of one's own."""
    catalogue, lexicon, voice = load_catalogue(), load_lexicon(), VOICES[language]
    asked, paths = [], []
    for number, announcement in enumerate(announcements):
        words = catalogue.text(announcement, language)
        text = lexicon.respell(words) if language is Language.CHINESE else words
        paths.append(folder / f"{language.value}-{number}.wav")
        said = {"text": text, "voice": voice.name, "rate": voice.rate, "path": str(paths[-1])}
        asked.append(json.dumps({"do": "speak", **said}))
    worker = [sys.executable, "-m", "prompts.speech_worker"]
    done = subprocess.run(
        worker, input="\n".join(asked) + "\n", capture_output=True, text=True, check=True
    )
    assert "error" not in done.stdout, done.stdout
    return [read_wave(path) for path in paths]
