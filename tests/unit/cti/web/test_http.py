"""What no page asks for: paths, ids, ranges and fields that only a stranger writes."""

import pytest
from klein import Klein
from twisted.internet.address import IPv4Address
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from cti.web import requests
from cti.web.frame import Frame
from cti.web.http import access_line
from cti.web.pages import LARGEST_ID, pages
from cti.web.ranges import part_of
from tests.support.browsers import Browser
from tests.support.offices import Office


class Shelf:
    app: Klein = pages()

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @app.route("/book/<int:book_id>", methods=["GET"])
    def book(self, request: Request, book_id: int) -> bytes:
        return self.frame.json(request, {"book": book_id})

    @app.route("/named/<name>", methods=["GET"])
    def named(self, request: Request, name: str) -> bytes:
        return self.frame.json(request, {"name": name})

    @app.route("/said", methods=["GET", "POST"])
    def said(self, request: Request) -> bytes:
        read = requests.read_form if request.method == b"POST" else requests.query
        return self.frame.json(request, dict(read(request)))


@pytest.fixture
def browser() -> Browser:
    office = Office()
    return Browser(Shelf(office.frame).app.resource(), office.clock)


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("7", 200),
        (str(LARGEST_ID), 200),
        (str(LARGEST_ID + 1), 404),
        ("9" * 30, 404),
        ("9" * 5000, 404),
        ("-1", 404),
        ("%D9%A3", 404),
    ],
)
def test_an_id_is_one_that_a_row_can_have(browser: Browser, written: str, status: int) -> None:
    assert browser.get(f"/book/{written}").status == status


@pytest.mark.parametrize("path", ["/named/a%00b", "/named/%00", "/%00", "/book/1%00"])
def test_no_path_holds_nul(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 404


def test_no_field_holds_what_no_database_takes(browser: Browser) -> None:
    strange = "a%00b%ED%A0%80"
    seen = {"na\N{REPLACEMENT CHARACTER}me": "a\N{REPLACEMENT CHARACTER}b" + "\ufffd" * 3}
    assert browser.get(f"/said?na%00me={strange}").json() == seen
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.request("POST", "/said", f"na%00me={strange}".encode(), kind)
    assert answer.json() == seen


def test_no_field_turns_the_direction_of_writing(browser: Browser) -> None:
    written = "%E2%80%AEgpj.exe%E2%81%A6x"
    assert browser.get(f"/said?name={written}").json() == {"name": "gpj.exex"}


@pytest.mark.parametrize(
    "asked", [f"bytes=0-{'9' * 5000}", f"bytes={'9' * 5000}-", "bytes=-" + "9" * 40]
)
def test_a_range_beyond_all_numbers_is_ignored(asked: str) -> None:
    assert part_of(asked, 1000) is None


def test_the_log_tells_of_paths_and_not_of_what_was_sought() -> None:
    channel = DummyChannel()
    channel.transport = DummyChannel.TCP(IPv4Address("TCP", "192.0.2.10", 50000))
    request = Request(channel)
    request.client = channel.transport.getPeer()
    request.method, request.clientproto = b"GET", b"HTTP/1.1"
    request.uri = b"/tickets?q=from:13800138000\x1b[2J"
    request.requestHeaders.setRawHeaders("referer", ["https://site/tickets?q=13800138000"])
    line = access_line("[then]", request)
    assert line == '"192.0.2.10" - - [then] "GET /tickets HTTP/1.1" 200 -'
    request.uri = b"/tickets/\x1b[2J\n"
    assert line.isprintable()
    assert access_line("[then]", request).isprintable()
