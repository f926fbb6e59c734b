"""Sends a list to a browser as fast as it reads, and no faster (an `IPushProducer`)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

from cti.web.sockets import aborter
from tickets.search.finding import Query
from tickets.search.records import Record
from tickets.search.service import ListService
from tickets.web.columns import Cells
from tickets.web.export import Workbook

Row = Callable[[Record], Cells]
"""Makes the cells of a ticket; called in a database thread."""
BLOCK = 1 << 16
"""Bytes of a file that are sent at a time."""


class Gone(Exception):  # noqa: N818  (what happened)
    """Whoever asked does not listen any more."""


@implementer(IPushProducer)
class Sending:
    """What is written to a request, which may ask to wait and may go away."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._open: Deferred[None] | None = None
        """Fires when more may be written; None while it may."""
        self._gone = False
        request.notifyFinish().addErrback(lambda _: self.stopProducing())
        request.registerProducer(self, streaming=True)

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """Enough for the moment."""
        if self._open is None:
            self._open = Deferred()

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """Go on."""
        waiting, self._open = self._open, None
        if waiting is not None:
            waiting.callback(None)

    def stopProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """Nobody listens any more."""
        self._gone = True
        self.resumeProducing()

    async def write(self, data: bytes) -> None:
        """Send it, and come back when more is wanted; Gone when nobody wants any."""
        if not self._gone:
            self._request.write(data)
        if self._open is not None:
            await self._open
        if self._gone:
            raise Gone

    def done(self) -> None:
        """That was all."""
        self._request.unregisterProducer()

    def abort(self) -> None:
        """Break off, so that the browser knows that the file is not whole."""
        if not self._gone:
            self._gone = True
            self._request.unregisterProducer()
            aborter(self._request)()


async def send_csv(
    lists: ListService,
    query: Query,
    sending: Sending,
    row: Row,
    made: Callable[[Sequence[Cells]], bytes],
) -> int:
    """Send every line of the query; how many these were."""
    total, mark, more = 0, None, True
    while more:
        data, part = await lists.part(query, mark, lambda records: made([*map(row, records)]))
        total, mark, more = total + part.lines, part.next, part.next is not None
        await sending.write(data)
    return total


async def send_workbook(
    lists: ListService,
    query: Query,
    sending: Sending,
    row: Row,
    begun: Callable[[Path], Workbook],
) -> int:
    """Build the file beside the database, then send it; how many lines it has."""
    total, mark, more = 0, None, True
    with TemporaryDirectory(prefix="hotline-export-") as folder:
        path = Path(folder) / "list.xlsx"
        book = begun(path)

        def take(records: Sequence[Record]) -> None:
            book.add([*map(row, records)])

        while more:
            _, part = await lists.part(query, mark, take)
            total, mark, more = total + part.lines, part.next, part.next is not None
            await sending.write(b"")
        await lists.aside(book.close)
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                await sending.write(block)
    return total
