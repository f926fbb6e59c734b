"""What a caller keys, written in one line: ``1 2 w5 622848001 # 0``.

Words are keyed one after the other with a pause before each; ``w5`` waits five seconds more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cti.kernel.errors import ConfigurationError

_KEYS = re.compile(r"[0-9*#A-Da-d]+")
_WAIT = re.compile(r"[wW](\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Stroke:
    """Keys pressed together, `pause` seconds after what came before."""

    pause: float
    keys: str


def parse_keys(line: str, pause: float) -> Sequence[Stroke]:
    """The strokes of a line; ConfigurationError names the word that is neither keys nor a wait."""
    strokes = []
    waiting = pause
    for word in line.split():
        if wait := _WAIT.fullmatch(word):
            waiting += float(wait[1])
        elif _KEYS.fullmatch(word):
            strokes.append(Stroke(waiting, word.upper()))
            waiting = pause
        else:
            raise ConfigurationError(
                f"{word!r} is neither keys (0-9 * # A-D) nor a wait (w5 waits five seconds)"
            )
    return strokes
