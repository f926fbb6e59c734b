"""A kept file over HTTP: as something to be saved, or a picture or sound that can do nothing."""

from typing import BinaryIO

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from cti.web.ranges import Part, answer_part
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

    def render_GET(self, request: Request) -> bytes | int:
        """Send it, or the part of it that was asked for, at the client's pace."""
        kept = self._kept
        for name, value in {
            "content-type": kept.media_type if self._seen else "application/octet-stream",
            "content-disposition": disposition(kept.name, inline=self._seen),
            "content-security-policy": SANDBOX,
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        }.items():
            request.setHeader(name, value)
        part = answer_part(request, kept.size)
        if part is None or request.method == b"HEAD":
            self._file.close()
            return b""
        sent = Deferred.fromCoroutine(self._sent(request, part))
        sent.addErrback(lambda failure: self.log.failure("A file was not sent", failure=failure))
        return NOT_DONE_YET

    async def _sent(self, request: Request, part: Part) -> None:
        sending = Sending(request)
        with self._file as file:
            try:
                file.seek(part.first)
                while block := file.read(min(BLOCK, part.end - file.tell())):
                    await sending.write(block)
            except Gone:
                return
            except OSError:
                sending.abort()
                raise
        sending.done()
        request.finish()
