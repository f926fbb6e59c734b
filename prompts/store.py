"""The store: announcements without blanks, spoken once and kept as files for the switch to play.

A file is named by the SHA-256 of everything that decides how it sounds (engine, versions, voice,
speed, words), so a changed text, lexicon or voice makes a new file and all else stays. A manifest
holds the checksum of each file: one that is cut short or altered is made anew. Studio recordings
(``<recordings>/<language>/<id>.wav``) win over synthesis.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language
from cti.media.wave_file import SoundUnusable, read_sound
from prompts.catalogue import Announcement, Catalogue
from prompts.lexicon import Lexicon
from prompts.sound import RATE, Samples, telephone_music, telephone_speech, write_wav
from prompts.synthesis import VOICES, SynthesisError, Synthesizer
from prompts.tones import message_tone, ring_back

RECORDINGS = Path(__file__).with_name("recordings")
MANIFEST = "manifest.json"
MUSIC_VERSION = "1"
TONE_VERSION = "1"
SOUND_VERSION = "1"
"""Of what is done to sounds that are taken in."""
ENOUGH_FAILURES = 3
"""Texts in a row that cannot be spoken, before any could, after which nothing else is tried."""
SAVE_EVERY = 20
"""Files between two writings of the manifest, so little is made twice after a kill."""

Progress = Callable[[int, int], None]
"""Told (done, total) files after each one."""


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A file the store must hold; without words it is music or tone, with a source a recording."""

    name: str
    words: str
    language: Language
    source: Path | None = None


class PromptStore:
    """Keeps the folder complete and finds the file of an announcement."""

    _log = Logger()

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue,
        lexicon: Lexicon,
        synthesizer: Synthesizer,
        recordings: Path = RECORDINGS,
        music: Path | None = None,
    ) -> None:
        """`music` is a folder of WAV files to be heard on hold, one after the other."""
        self._folder, self._catalogue, self._lexicon = folder, catalogue, lexicon
        self._synthesizer = synthesizer
        self._recordings = _find_recordings(recordings, catalogue)
        """By language and announcement: what a studio recorded, as it is kept here."""
        self._pieces = find_music(music) if music else ()
        self._music = self._name_of_music()
        self._ring_back = self._name("ring-back", TONE_VERSION)
        self._message_tone = self._name("message-tone", TONE_VERSION)
        self._wanted = self._prompts()
        self._names = {
            (prompt.language, prompt.words): prompt.name for prompt in self._wanted if prompt.words
        }
        self._manifest: dict[str, str] = {}

    def prepare(self, progress: Progress = lambda _done, _total: None) -> Deferred[int]:
        """Make every file that is missing or damaged; fires with how many were made.

        Fails with SynthesisError when nothing can be spoken at all; a single text that cannot be
        is logged and left out.
        """
        return Deferred.fromCoroutine(self._prepare(progress))

    def path(self, id: str, language: Language) -> Path | None:
        """The file of an announcement without blanks: the recording, else what was spoken."""
        recording = self._recordings.get((language, id))
        if recording is not None:
            return self._kept(recording.name)
        name = self._names.get((language, self._words(id, language)))
        return self._kept(name) if name else None

    def _kept(self, name: str) -> Path | None:
        return self._folder / name if name in self._manifest else None

    def music(self) -> Path:
        """The hold music, to be repeated without end."""
        return self._folder / self._music

    def ring_back(self) -> Path:
        """The ringing tone, to be repeated without end."""
        return self._folder / self._ring_back

    def message_tone(self) -> Path:
        """The tone after which a caller leaves a message."""
        return self._folder / self._message_tone

    def respell(self, text: str, language: Language) -> str:
        """The text as the synthesiser of the language must see it."""
        return self._lexicon.respell(text) if language is Language.CHINESE else text

    async def _prepare(self, progress: Progress) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._manifest = self._intact()
        missing = [prompt for prompt in self._wanted if prompt.name not in self._manifest]
        failed = 0
        for done, prompt in enumerate(missing, start=1):
            try:
                await self._make(prompt)
            except SynthesisError as error:
                failed += 1
                self._log.error("No sound for {words}: {error}", words=prompt.words, error=error)
                if failed == ENOUGH_FAILURES and not self._manifest:
                    raise
            if done % SAVE_EVERY == 0:
                self._save()
            progress(done, len(missing))
        self._forget_others()
        if missing:
            self._save()
        return len(missing) - failed

    async def _make(self, prompt: _Prompt) -> None:
        path = self._folder / prompt.name
        if prompt.source is not None:
            write_wav(path, telephone_speech(*_read(prompt.source)))
        elif prompt.words:
            await self._synthesizer.speak(prompt.words, prompt.language, path)
        elif prompt.name == self._ring_back:
            write_wav(path, ring_back())
        elif prompt.name == self._message_tone:
            write_wav(path, message_tone())
        elif self._pieces:
            write_wav(path, telephone_music([_read(piece) for piece in self._pieces]))
        else:
            await self._synthesizer.music(path)
        self._manifest[prompt.name] = _checksum(path)

    def _prompts(self) -> tuple[_Prompt, ...]:
        prompts = {self._music: _Prompt(self._music, "", Language.CHINESE)}
        for key in sorted(self._catalogue.ids):
            for language in Language:
                if self._catalogue.is_static(key) and (language, key) not in self._recordings:
                    words = self._words(key, language)
                    voice = VOICES[language]
                    name = self._name(voice.name, str(voice.rate), words)
                    prompts[name] = _Prompt(name, words, language)
        prompts |= {each.name: each for each in self._recordings.values()}
        # Last: when nothing can be spoken, nothing may be there yet.
        for tone in (self._ring_back, self._message_tone):
            prompts[tone] = _Prompt(tone, "", Language.CHINESE)
        return tuple(prompts.values())

    def _name_of_music(self) -> str:
        if not self._pieces:
            return self._name("music", MUSIC_VERSION)
        return _name_of_files("music", *self._pieces)

    def _words(self, id: str, language: Language) -> str:
        return self.respell(self._catalogue.text(Announcement(id), language), language)

    def _name(self, *parts: str) -> str:
        told = "\0".join((self._synthesizer.identity, *parts))
        return hashlib.sha256(told.encode()).hexdigest() + ".wav"

    def _intact(self) -> dict[str, str]:
        return {
            name: checksum
            for name, checksum in _read_manifest(self._folder / MANIFEST).items()
            if (self._folder / name).is_file() and _checksum(self._folder / name) == checksum
        }

    def _save(self) -> None:
        partial = self._folder / (MANIFEST + ".part")
        partial.write_text(json.dumps(self._manifest, indent=1), encoding="utf-8")
        partial.replace(self._folder / MANIFEST)

    def _forget_others(self) -> None:
        wanted = {prompt.name for prompt in self._wanted}
        self._manifest = {
            name: checksum for name, checksum in self._manifest.items() if name in wanted
        }
        for path in self._folder.glob("*.wav*"):
            if path.name not in wanted:
                path.unlink()


def _read_manifest(path: Path) -> Mapping[str, str]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _find_recordings(folder: Path, catalogue: Catalogue) -> dict[tuple[Language, str], _Prompt]:
    found = {}
    for language in Language:
        for path in sorted((folder / language.value).glob("*.wav")):
            _check_recording(path, catalogue)
            name = _name_of_files("speech", path)
            found[language, path.stem] = _Prompt(name, "", language, path)
    return found


def _check_recording(path: Path, catalogue: Catalogue) -> None:
    key = path.stem
    if key not in catalogue.ids:
        raise ConfigurationError("no such announcement", file=str(path), key=key)
    if not catalogue.is_static(key):
        raise ConfigurationError("has blanks and must be spoken", file=str(path), key=key)
    _read(path)


def find_music(folder: Path) -> tuple[Path, ...]:
    """The WAV files of the folder by name; ConfigurationError when there is none to be read."""
    pieces = tuple(sorted(folder.glob("*.wav")))
    if not pieces:
        raise ConfigurationError("holds no WAV file", file=str(folder), key="folders.music")
    for piece in pieces:
        _read(piece)
    return pieces


def _read(path: Path) -> tuple[Samples, int]:
    """The file's sound at a telephone's rate, and that rate; ConfigurationError."""
    try:
        return read_sound(path, RATE).astype(np.float64), RATE
    except SoundUnusable as error:
        raise ConfigurationError(str(error), file=str(path)) from error


def _name_of_files(purpose: str, *paths: Path) -> str:
    told = hashlib.sha256(f"{purpose} {SOUND_VERSION}".encode())
    for path in paths:
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest() + ".wav"
