"""Whose fault it is stands in the exception's type."""


class HotlineError(Exception):
    """Root of every error raised on purpose."""


class RemoteError(HotlineError):
    """The other side broke the protocol: answered and counted, never a traceback."""


class Refused(HotlineError):  # noqa: N818  (the word shown to people)
    """A rule said no: shown to a person, found again by its stable `error_id`.

    `error_id` is a key of the interface texts (``agent.phone_not_registered``); `details` fills
    the blanks of that text.
    """

    def __init__(self, error_id: str, **details: object) -> None:
        super().__init__(error_id, details)
        self.error_id = error_id
        self.details = details

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.error_id} ({shown})" if shown else self.error_id


class LocalError(HotlineError):
    """Our own mistake: logged with its traceback, that call cleared, the process lives."""


class ConfigurationError(HotlineError):
    """A file says something that cannot be: where, what, and what to write instead."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, key: str = "") -> None:
        super().__init__(message)
        self.message, self.file, self.line, self.key = message, file, line, key

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, str(self.line or "")) if part)
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.message}" if place else f"{key}{self.message}"
