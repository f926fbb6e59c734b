"""Forms and commands that are too much: each is refused in words, and nothing is done."""

import pytest

from cti.web.http import HEARD_OUT
from cti.web.requests import LARGEST_BODY, MOST_FIELDS
from tests.support.browsers import ORIGIN, Answer
from tests.unit.tickets.test_doors import CUSTOMER, LINES, NOBODY, World

FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data; boundary=x"
JSON = "application/json"
PART = b'--x\r\ncontent-disposition: form-data; name="a%d"\r\n\r\n\r\n'
BODIES = {
    "a field of two megabytes": (FORM, b"text=" + b"x" * 2 * LARGEST_BODY),
    "100,000 fields": (FORM, b"a&" * 100_000),
    "a few fields too many": (FORM, b"&".join(b"a%d=" % each for each in range(MOST_FIELDS + 1))),
    "as many parts": (FILES, b"".join(PART % each for each in range(1000)) + b"--x--\r\n"),
    "parts without an end": (FILES, PART % 1 + b"x" * 100_000),
    "a part whose head has no end": (FILES, b"--x\r\n" + b"a: b\r\n" * 50_000),
    "a boundary of nothing but": (FILES, b"--x" * 30_000),
    "no boundary": ("multipart/form-data", b"--\r\n"),
    "deep lists": (JSON, b"[" * 50_000),
    "deep objects": (JSON, b'{"state":' * 20_000),
    "a long number": (JSON, b'{"state":' + b"9" * 100_000 + b"}"),
    "octets that are no text": (FORM, b"\xff=\xfe&csrf=\xc0\x80"),
    "compressed": (FORM, b"\x1f\x8b\x08\x00" + b"\0" * 100),
}
POSTS = [path for method, path in LINES if method == "POST"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("attachments"))


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES)
def test_what_is_too_much_is_refused_wherever_it_is_sent(
    world: World, kind: str, body: bytes
) -> None:
    before = world.changes()
    for who in (NOBODY, "supervisor", CUSTOMER):
        for path in POSTS:
            browser, _ = world.browser(who)
            headers = {"content-type": kind, "origin": ORIGIN}
            answer = browser.request("POST", world.path(path, who), body, headers)
            assert 400 <= answer.status < 500 or leads_away(answer), (who, path, answer)
            assert b"Traceback" not in answer.body
    assert world.changes() == before


def leads_away(answer: Answer) -> bool:
    """To where somebody is let in, or out."""
    return answer.status == 303 and not answer.body


def test_what_is_far_too_much_is_not_even_heard_out(world: World) -> None:
    transport = world.site.browser()._transport()
    connection = world.site.browser()._connect(transport)
    connection.dataReceived(
        b"POST /sign-in HTTP/1.1\r\nHost: hotline.test\r\nContent-Length: 99999999999\r\n\r\n"
    )
    for _ in range(HEARD_OUT):
        connection.dataReceived(b"x" * LARGEST_BODY)
        assert not transport.disconnecting
    connection.dataReceived(b"x")
    assert transport.disconnecting
