"""How long a connection is kept for whom: slow requests, slow readers, and floods of headers."""

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from cti.web.channel import HEAD_WITHIN, READ_WITHIN, SLOWEST, Channel
from cti.web.http import site_of
from cti.web.requests import LARGEST_BODY

GET = b"GET / HTTP/1.1\r\nHost: hotline.test\r\n\r\n"


class Page(Resource):
    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []
        self.waiting: list[Request] = []

    def render_GET(self, request: Request) -> int:
        self.waiting.append(request)
        return NOT_DONE_YET

    def render_POST(self, request: Request) -> bytes:
        assert request.content is not None
        self.bodies.append(request.content.read())
        return b"taken"


class Line:
    """Somebody's connection; what is sent arrives at once."""

    def __init__(self) -> None:
        self.clock, self.page = Clock(), Page()
        site = site_of(self.page, self.clock)
        self.transport = StringTransport()
        self.channel: Any = site.buildProtocol(self.transport.getPeer())
        self.channel.makeConnection(self.transport)

    def say(self, octets: bytes) -> None:
        self.channel.dataReceived(octets)

    def drip(self, octets: bytes, every: float) -> float:
        """Octet by octet, until we hang up; after how long that was."""
        begun = self.clock.seconds()
        for each in octets:
            self.say(bytes([each]))
            self.clock.pump([every / 4] * 4)
            if self.transport.disconnecting:
                break
        return self.clock.seconds() - begun

    def lose(self) -> None:
        self.channel.connectionLost(Failure(ConnectionDone()))

    @property
    def timers(self) -> int:
        return len(self.clock.getDelayedCalls())


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.mark.parametrize("sent", [GET[:30], GET[:-2] + b"X: " + b"y" * 999])
def test_a_request_that_drips_in_ends_its_connection(line: Line, sent: bytes) -> None:
    """Twisted alone waits a minute for each octet."""
    assert line.drip(sent, every=5.0) <= HEAD_WITHIN + 5.0
    assert line.transport.disconnecting
    assert line.page.waiting == []
    line.lose()
    assert line.timers == 0


def test_a_body_has_time_by_its_length(line: Line) -> None:
    line.say(b"POST / HTTP/1.1\r\nHost: hotline.test\r\nContent-Length: %d\r\n\r\n" % LARGEST_BODY)
    assert line.drip(b"x" * 999, every=5.0) <= HEAD_WITHIN + LARGEST_BODY / SLOWEST + 5.0
    assert line.page.bodies == []


def test_a_body_without_a_length_has_the_time_of_the_largest(line: Line) -> None:
    head = b"POST / HTTP/1.1\r\nHost: hotline.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    line.say(head)
    assert line.drip(b"1\r\nx\r\n" * 999, every=5.0) <= HEAD_WITHIN + LARGEST_BODY / SLOWEST + 5.0
    assert line.page.bodies == []


def test_who_is_slow_but_sends_is_served(line: Line) -> None:
    """Several times on one connection, with pauses between the requests."""
    for number in range(1, 4):
        line.drip(b"POST / HTTP/1.1\r\nHost: hotline.test\r\nContent-Length: 4\r\n\r\nword", 0.1)
        assert line.page.bodies == [b"word"] * number
        line.clock.advance(HEAD_WITHIN + 10)
        assert not line.transport.disconnecting
    line.lose()
    assert line.timers == 0


def test_an_answer_under_way_takes_its_time(line: Line) -> None:
    line.say(GET)
    line.clock.pump([10.0] * 100)
    [request] = line.page.waiting
    assert not line.transport.disconnecting
    request.write(b"here")
    request.finish()
    assert line.transport.value().endswith(b"here\r\n0\r\n\r\n")


def test_who_reads_nothing_of_an_answer_is_cut_off(line: Line) -> None:
    line.say(GET)
    line.channel.pauseProducing()
    line.clock.advance(READ_WITHIN - 1)
    assert not line.transport.disconnecting
    line.channel.resumeProducing()
    line.clock.advance(READ_WITHIN)
    line.channel.pauseProducing()
    line.channel.pauseProducing()
    line.clock.advance(READ_WITHIN)
    assert line.transport.disconnected
    line.lose()
    assert line.timers == 0


def test_a_connection_that_is_gone_leaves_no_timer(line: Line) -> None:
    line.say(GET[:10])
    line.channel.pauseProducing()
    line.channel.stopProducing()
    line.lose()
    assert line.timers == 0


FLOODS = {
    "fields": b"".join(b"X-%d: y\r\n" % each for each in range(Channel.maxHeaders + 1)),
    "octets": b"X: " + b"y" * Channel.totalHeadersSize + b"\r\n",
    "folded": b"X: y\r\n" + b" y\r\n" * Channel.totalHeadersSize,
    "a length and chunks": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "a length that is none": b"Content-Length: +5\r\n",
    "an unknown coding": b"Transfer-Encoding: gzip\r\n",
}


@pytest.mark.parametrize("headers", FLOODS.values(), ids=FLOODS)
def test_floods_and_riddles_of_headers_are_refused(line: Line, headers: bytes) -> None:
    """What two readers could read in two ways among them (RFC 9112, 11.2)."""
    line.say(GET[:-2] + headers + b"\r\n")
    assert line.transport.disconnecting
    assert line.transport.value() in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert line.page.waiting == []
