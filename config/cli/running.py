"""Runs a command that needs the reactor; a mistake in the settings comes out as itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from cti.kernel.errors import ConfigurationError


def run_in_reactor(main: Callable[[Any], Awaitable[None]]) -> int:
    """Run the coroutine to its end; the exit status, or ConfigurationError for `main` to tell."""
    from twisted.internet.defer import Deferred
    from twisted.internet.task import react

    wrong: list[ConfigurationError] = []

    async def guarded(reactor: Any) -> None:
        try:
            await main(reactor)
        except ConfigurationError as error:
            wrong.append(error)
        except Exception as error:
            if (explained := of_the_database(error)) is None:
                raise
            wrong.append(explained)

    try:
        react(lambda reactor: Deferred.fromCoroutine(guarded(reactor)))
    except SystemExit as end:
        if wrong:
            raise wrong[0] from None
        return int(end.code or 0)
    return 0


def of_the_database(error: Exception) -> ConfigurationError | None:
    """What whoever runs the house can do about a database in trouble; None for any other error."""
    from cti.database import Trouble, trouble_of

    match trouble_of(error):
        case Trouble.FULL:
            message = "there is no room left where it lies: make room and start again"
        case Trouble.BUSY:
            message = "another program holds it: end that, or wait for it, and start again"
        case Trouble.GONE:
            message = "it cannot be reached, read or written: see to it and start again"
        case None:
            return None
    return ConfigurationError(message, key="database.url")
