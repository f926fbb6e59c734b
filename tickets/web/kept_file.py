"""A kept file over HTTP: as something to be saved, or a picture or sound that can do nothing."""

from typing import BinaryIO

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from tickets.attachments.model import Attachment
from tickets.attachments.names import disposition
from tickets.web.sending import BLOCK, Gone, Sending

SANDBOX = "default-src 'none'; sandbox"


class KeptFile(Resource):
    """One file, kept by no cache; answers once, and closes it."""

    log = Logger()
    isLeaf = True

    def __init__(self, kept: Attachment, file: BinaryIO, *, seen: bool) -> None:
        super().__init__()
        self._kept, self._file, self._seen = kept, file, seen

    def render_GET(self, request: Request) -> int:
        """Send it at the client's pace."""
        kept = self._kept
        for name, value in {
            "content-type": kept.media_type if self._seen else "application/octet-stream",
            "content-disposition": disposition(kept.name, inline=self._seen),
            "content-security-policy": SANDBOX,
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
            "content-length": str(kept.size),
        }.items():
            request.setHeader(name, value)
        sent = Deferred.fromCoroutine(self._sent(request))
        sent.addErrback(lambda failure: self.log.failure("A file was not sent", failure=failure))
        return NOT_DONE_YET

    async def _sent(self, request: Request) -> None:
        sending = Sending(request)
        with self._file as file:
            try:
                while block := file.read(BLOCK):
                    await sending.write(block)
            except Gone:
                return
            except OSError:
                sending.abort()
                raise
        sending.done()
        request.finish()
