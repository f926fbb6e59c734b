"""A value that must never be seen: a PIN, an account number as the caller keyed it."""

import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """Holds a text that neither `repr`, `str`, a format string nor a traceback shows.

    Only code that has to compare or send it calls `reveal`, which makes every such place easy to
    find. Pickling is refused, so a secret cannot travel to a journal or another process unseen.
    """

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same text, in a time that does not tell where they differ."""
        return isinstance(other, Secret) and hmac.compare_digest(
            self._text.encode(), other._text.encode()
        )

    def __hash__(self) -> int:
        return hash(("secret", self._text))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")
