"""An answer that is read aloud: in its own language, sentence by sentence, a long one in parts."""

from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement
from prompts.plain import plain
from prompts.written import language_of, language_within, sentences

PART = 240
"""Characters that are read before the caller is asked whether to go on."""


class Reading:
    """What has not been read yet; `id` is the text of the catalogue with the blank ``text``."""

    def __init__(self, id: str) -> None:
        self._id = id
        self._unread: list[str] = []
        self._language = Language.CHINESE

    @property
    def more(self) -> bool:
        """Whether something is left to read."""
        return bool(self._unread)

    def begin(self, text: str) -> None:
        """Read this from its beginning."""
        self._language = language_of(text)
        parts = sentences(plain(text, self._language))
        self._unread = [each for each in parts if any(mark.isalnum() for mark in each)]

    def part(self) -> tuple[Announcement, ...]:
        """The next sentences, which are read then."""
        part: list[str] = []
        while self._unread:
            sentence = self._unread[0]
            if part and sum(map(len, part)) + len(sentence) > PART:
                break
            part.append(sentence)
            del self._unread[0]
        return tuple(
            Announcement(self._id, {"text": each}, language=language_within(each, self._language))
            for each in part
        )
