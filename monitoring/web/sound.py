"""A sound file over HTTP, whole or the part asked for (RFC 9110, 14), at the client's pace."""

from typing import BinaryIO

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from zope.interface import implementer

from cti.recording.sealing import SealBroken
from cti.web.ranges import Part, answer_part

CHUNK = 1 << 16


class Sound(Resource):
    """One WAV file, kept by no cache; answers once, and closes it."""

    isLeaf = True

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def render_GET(self, request: Request) -> bytes | int:
        """The file or the part of it that was asked for."""
        file = self._file
        request.setHeader("cache-control", "private, no-store")
        part = answer_part(request, file.seek(0, 2))
        if part is None:
            file.close()
            return b""
        request.setHeader("content-type", "audio/wav")
        if request.method == b"HEAD":
            file.close()
            return b""
        FileSender(request, file, part).start()
        return NOT_DONE_YET

    render_HEAD = render_GET


@implementer(IPushProducer)
class FileSender:
    """Writes a part of a file to a request as fast as the client takes it."""

    log = Logger()

    def __init__(self, request: Request, file: BinaryIO, part: Part) -> None:
        self._request, self._file = request, file
        self._left = part.end - part.first
        self._paused = False
        file.seek(part.first)

    def start(self) -> None:
        """Begin; ends the request by itself."""
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """Go on until everything is written or the client is behind."""
        self._paused = False
        while self._left and not self._paused:
            data = self._read()
            if not data:
                self.stopProducing()
                self._request.loseConnection()
                return
            self._left -= len(data)
            self._request.write(data)
        if not self._left and not self._file.closed:
            self._file.close()
            self._request.unregisterProducer()
            self._request.finish()

    def _read(self) -> bytes:
        try:
            return self._file.read(min(CHUNK, self._left))
        except (OSError, SealBroken) as error:
            self.log.error("A recording cannot be read on: {reason}", reason=error)
            return b""

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """The client is behind."""
        self._paused = True

    def stopProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """The client is gone."""
        self._left = 0
        self._file.close()
