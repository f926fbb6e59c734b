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

    try:
        react(lambda reactor: Deferred.fromCoroutine(guarded(reactor)))
    except SystemExit as end:
        if wrong:
            raise wrong[0] from None
        return int(end.code or 0)
    return 0
