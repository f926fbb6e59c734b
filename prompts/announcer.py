"""The announcer: announcements in, sound files for a caller out.

What has no blanks comes from the store at once. A sentence with blanks is spoken when asked for,
into a spool folder, and deleted once it was played: it may tell a balance. Only what is public
(rates) is kept for the next caller, and no text with its values ever reaches the log.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.errors import LocalError
from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement, Catalogue
from prompts.store import PromptStore
from prompts.synthesis import Synthesizer

LIMIT = 3.0
"""Seconds a caller waits for speech; what is not spoken by then is left out."""
WHOLE = 15.0
"""Seconds that are waited for what may not be left out: a speech process that hangs is replaced
within them."""
SPOOLED = "[0-9]*.wav*"
"""What the announcer's own files are called; whatever else lies there is not touched."""
KEPT = 600.0
"""Seconds after which a spooled file nobody released is deleted."""
MOST_PUBLIC = 200
"""Public sentences kept; the one asked for the longest ago makes room."""

Key = tuple[Language, str]
"""Language and words of a public sentence."""


class Announcer:
    """Finds or makes the sounds of announcements."""

    _log = Logger()

    def __init__(
        self,
        catalogue: Catalogue,
        store: PromptStore,
        synthesizer: Synthesizer,
        spool: Path,
        clock: Clock,
    ) -> None:
        self._catalogue, self._store, self._synthesizer = catalogue, store, synthesizer
        self._spool, self._clock = spool, clock
        self._spooled: dict[Path, DelayedCall] = {}
        self._public: dict[Key, Path] = {}
        self._speaking: dict[Key, list[Deferred[Path | None]]] = {}
        self._numbers = count(1)

    def start(self) -> None:
        """Make the spool folder, readable by nobody else, and empty it of an earlier life."""
        self._spool.mkdir(parents=True, exist_ok=True)
        self._spool.chmod(0o700)
        for path in self._spool.glob(SPOOLED):
            path.unlink()

    def stop(self) -> None:
        """Delete everything spooled."""
        self.release(list(self._spooled))
        for path in self._public.values():
            path.unlink(missing_ok=True)
        self._public.clear()

    def sounds(
        self, announcements: Sequence[Announcement], language: Language, limit: float = LIMIT
    ) -> Deferred[list[Path]]:
        """The files to play, in order; fires within `limit` seconds and never fails.

        What could not be spoken is logged and left out. The caller gives the files back with
        `release` once they were played.
        """
        sounds = [self._sound(announcement, language, limit) for announcement in announcements]
        together: Deferred[list[Path]] = DeferredList(sounds).addCallback(
            lambda results: [path for _, path in results if path is not None]
        )
        return together

    def release(self, paths: Iterable[Path]) -> None:
        """Delete those of the files that were spoken for one caller; others are left alone."""
        for path in paths:
            timer = self._spooled.pop(path, None)
            if timer is not None:
                if timer.active():
                    timer.cancel()
                path.unlink(missing_ok=True)

    def music(self) -> Path:
        """The hold music, to be played with `repeat`."""
        return self._store.music()

    def tone(self) -> Path:
        """The tone after which a caller speaks."""
        return self._store.message_tone()

    def _sound(
        self, announcement: Announcement, language: Language, limit: float
    ) -> Deferred[Path | None]:
        found: Deferred[Path | None] = Deferred()
        try:
            path, words = self._find(announcement, language)
        except LocalError as error:
            self._log.error("Announcement left out: {error}", error=error)
            found.callback(None)
            return found
        if path is not None:
            found.callback(path)
            return found
        if announcement.public:
            return self._speak_once(announcement.id, words, language)
        return self._speak(announcement.id, words, language, limit)

    def _find(self, announcement: Announcement, language: Language) -> tuple[Path | None, str]:
        words = self._catalogue.text(announcement, language)
        if self._catalogue.is_static(announcement.id):
            return self._store.path(announcement.id, language), words
        return None, words

    def _speak_once(self, id: str, words: str, language: Language) -> Deferred[Path | None]:
        """The kept sentence, or it is spoken for all who ask for it by then."""
        key = language, words
        found: Deferred[Path | None] = Deferred()
        if key in self._public:
            self._public[key] = path = self._public.pop(key)  # the newest stands last
            found.callback(path)
        elif key in self._speaking:
            self._speaking[key].append(found)
        else:
            self._speaking[key] = [found]
            self._speak(id, words, language).addCallback(self._keep, key)
        return found

    def _keep(self, path: Path | None, key: Key) -> None:
        if path is not None and (limit := self._spooled.pop(path, None)):
            limit.cancel()
            self._public[key] = path
            if len(self._public) > MOST_PUBLIC:
                self._spool_for_a_while(self._public.pop(next(iter(self._public))))
        for found in self._speaking.pop(key):
            found.callback(path)

    def _spool_for_a_while(self, path: Path) -> None:
        self._spooled[path] = self._clock.callLater(KEPT, self.release, [path])

    def _speak(
        self, id: str, words: str, language: Language, seconds: float = LIMIT
    ) -> Deferred[Path | None]:
        path = self._spool / f"{next(self._numbers):08d}.wav"
        self._spool_for_a_while(path)
        found: Deferred[Path | None] = Deferred()

        def spoken(_: None) -> None:
            limit.cancel()
            found.callback(path)

        def failed(failure: Failure) -> None:
            if limit.active():
                limit.cancel()
            self._log.error("{id} left out: {error}", id=id, error=failure.getErrorMessage())
            self.release([path])
            found.callback(None)

        speaking = self._synthesizer.speak(
            self._store.respell(words, language), language, path, urgent=True
        )
        limit = self._clock.callLater(seconds, speaking.cancel)
        speaking.addCallbacks(spoken, failed)
        return found
