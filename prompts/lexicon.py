"""The pronunciation lexicon: phrases a synthesiser misreads, and homophones it reads right."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from cti.kernel.errors import ConfigurationError

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
    """Read a lexicon; ConfigurationError with file, line and key."""
    root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    respellings: dict[str, str] = {}
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        good = isinstance(value, yaml.ScalarNode) and key.value and value.value
        if not good or key.value in respellings:
            raise ConfigurationError(
                "must map a phrase to its respelling, once",
                file=str(path),
                line=key.start_mark.line + 1,
                key=str(key.value),
            )
        respellings[str(key.value)] = str(value.value)
    return Lexicon(respellings)
