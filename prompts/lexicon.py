"""The pronunciation lexicon: phrases a synthesiser misreads, and homophones it reads right."""

import re
from collections.abc import Mapping
from pathlib import Path

from cti.kernel.document import read_document

LEXICON = Path(__file__).with_name("lexicon.yaml")


class Lexicon:
    """Respells Mandarin texts before they are synthesised; the longest phrase wins."""

    def __init__(self, respellings: Mapping[str, str]) -> None:
        self._respellings = dict(respellings)
        longest_first = sorted(self._respellings, key=len, reverse=True)
        self._phrases = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def respell(self, text: str) -> str:
        """The text with every known phrase replaced; a replacement is not looked at again."""
        return self._phrases.sub(lambda found: self._respellings[found[0]], text)


def load_lexicon(path: Path = LEXICON) -> Lexicon:
    """Read a lexicon; DocumentError with file, line and key of each mistake."""
    top = read_document(path)
    respellings = {phrase: value.text() for phrase, value in top.each()}
    top.value.report.check()
    return Lexicon(respellings)
