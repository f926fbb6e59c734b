"""The headers of a message, found by name at once (RFC 3261, 7.3.1: names in any case).

`sipmessage` looks through all of them, and lowers every name, for each it is asked for; a call
asks some fifty times.
"""

from sipmessage.message import Headers


class HeaderTable(Headers):
    """What `sipmessage.message.Headers` is, in the order of the lines, over a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._by_name: dict[str, tuple[str, list[str]]] = {}

    def add(self, key: str, value: str) -> None:
        """One more line of that name."""
        found = self._by_name.get(key.lower())
        if found is None:
            self._by_name[key.lower()] = key, [value]
        else:
            found[1].append(value)

    def get(self, key: str, default: str | None = None) -> str | None:
        """The first line of that name."""
        found = self._by_name.get(key.lower())
        return default if found is None else found[1][0]

    def getlist(self, key: str) -> list[str]:
        """Every line of that name."""
        found = self._by_name.get(key.lower())
        return [] if found is None else found[1]

    def keys(self) -> list[str]:
        """The names as they were written first."""
        return [key for key, _ in self._by_name.values()]

    def remove(self, key: str) -> None:
        """Take away every line of that name."""
        self._by_name.pop(key.lower(), None)

    def set(self, key: str, value: str) -> None:
        """Put this line in place of all of that name."""
        self.setlist(key, [value])

    def setlist(self, key: str, values: list[str]) -> None:
        """Put these lines in place of all of that name, which stays as it was written first."""
        first, _ = self._by_name.get(key.lower(), (key, []))
        self._by_name[key.lower()] = first, values

    def __getitem__(self, key: str) -> str:
        """The first line of that name; KeyError."""
        return self._by_name[key.lower()][1][0]

    def __str__(self) -> str:
        lines = (
            f"{key}: {value}\r\n" for key, values in self._by_name.values() for value in values
        )
        return f"{''.join(lines)}\r\n"
