"""Files that were kept and never became anybody's: the act that was to attach them was refused."""

from datetime import timedelta

from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, utc
from tickets.attachments.repository import unattached_txn
from tickets.attachments.service import Attachments

LEFT_FOR = timedelta(days=2)
"""How long a file may lie there before it belongs to a ticket: its form may be sent again."""
AT_ONCE = 500
"""Files that are asked for in one transaction."""


class Sweep:
    """Deletes files that belong to no ticket."""

    log = Logger()

    def __init__(self, files: Attachments, database: Database, clock: Clock) -> None:
        self._files, self._database, self._clock = files, database, clock

    async def sweep(self) -> int:
        """Look at every file that is old enough; how many were deleted."""
        before, total = utc(self._clock) - LEFT_FOR, 0
        digests = await self._files.left(before)
        for place in range(0, len(digests), AT_ONCE):
            some = digests[place : place + AT_ONCE]
            for digest in await self._database.read(unattached_txn, some):
                total += await self._files.drop(digest, before)
        if total:
            self.log.info("{total} files that belong to no ticket were deleted", total=total)
        return total
