"""Letters made to cost more than they are worth: each is refused and says why, or read in part."""

import tracemalloc

import pytest

from tests.support.letters import letter
from tests.unit.tickets.mail.test_lmtp import FROM, HELLO, TO, Line
from tickets.mail.limits import LONGEST_PARAMETERS, MOST_HEAD, MOST_PARTS, Limits
from tickets.mail.model import Envelope, Letter, MailUnreadable
from tickets.mail.parsing import read_letter

MIXED = b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
END = b"--b--\r\n"


def read(octets: bytes, limits: Limits | None = None) -> Letter:
    return read_letter(octets, Envelope(None), limits)


def part(head: bytes, body: bytes = b"x") -> bytes:
    return b"--b\r\n" + head + b"\r\n" + body + b"\r\n"


def blocks(count: int) -> bytes:
    """A report of deliveries to so many."""
    one = b"Final-Recipient: rfc822; a@b.example\r\n\r\n"
    return part(b"Content-Type: message/delivery-status\r\n", one * count)


PARAMETERS = b"".join(b"; filename*%d*=%%41" % each for each in range(1000))
BOMBS = {
    "parts without a header": (part(b"") * 10_000, "parts"),
    "parts of another header": (part(b"Content-ID: <a>\r\n") * 10_000, "parts"),
    "parts with all": (part(b"Content-Type: text/plain\r\n") * 10_000, "parts"),
    "letters in letters": (b"--b\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 1000, "parts"),
    "reports of thousands": (blocks(1000), "parts"),
    "a long field": (part(b"X: " + b"a" * MOST_HEAD + b"\r\n"), "header of a part"),
    "many fields": (part(b"X: a\r\n" * MOST_HEAD), "header of a part"),
    "semicolons": (part(b"Content-Type: text/plain" + b";" * 5000 + b"\r\n"), "Content-Type"),
    "names in pieces": (
        part(b"Content-Disposition: attachment" + PARAMETERS + b"\r\n"),
        "Content-Disposition",
    ),
    "an open quote": (
        part(b'content-disposition: attachment; filename="' + b";" * 5000 + b"\r\n"),
        "content-disposition",
    ),
    "folded without end": (part(b"Content-Type:" + b"\r\n x" * 5000 + b"\r\n"), "Content-Type"),
}


@pytest.mark.parametrize(("body", "why"), BOMBS.values(), ids=BOMBS)
def test_what_no_letter_needs_is_refused_by_its_name(body: bytes, why: str) -> None:
    with pytest.raises(MailUnreadable, match=why):
        read(MIXED + body + END)


def test_as_much_as_is_allowed_is_read() -> None:
    few = part(b"") * (MOST_PARTS - 3)
    assert read(MIXED + few + END).body.text.count("x") == MOST_PARTS - 3
    name = "据" * 250
    written = b"".join(b"%%%02X" % each for each in name.encode())
    head = b"Content-Disposition: attachment; filename*=utf-8''%s.pdf\r\n" % written
    assert len(head) < LONGEST_PARAMETERS
    [file] = read(MIXED + part(head) + END).parts
    assert file.name.startswith("据据")
    assert file.name.endswith(".pdf")


def test_a_number_in_a_name_may_have_any_length() -> None:
    head = b"Content-Disposition: attachment; filename*%s*=a; filename*0=b\r\n" % (b"9" * 4000)
    assert len(read(MIXED + part(head) + END).parts) == 1


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "gb2312", "utf-16", "hz", "iso-2022-jp"])
@pytest.mark.parametrize("before", range(4))
def test_of_a_long_text_no_more_is_decoded_than_is_shown(charset: str, before: int) -> None:
    """Wherever that ends within a character; all of it stays in a file."""
    text = "a" * before + "中文" * 5000
    octets = text.encode({"gb2312": "gb18030"}.get(charset, charset))
    head = f"Content-Type: text/plain; charset={charset}\r\n".encode()
    found = read(b"From: a@b.example\r\n" + head + b"\r\n" + octets, Limits(text=100))
    assert found.body.text == text[:99] + "…"
    assert [each.content for each in found.parts] == [octets]


@pytest.mark.parametrize(
    "label", ["zip", "hex", "rot13", "punycode", "idna", "unicode_escape", "undefined", "x" * 9999]
)
def test_no_label_reaches_a_codec_that_is_no_charset(label: str) -> None:
    data = letter().replace(b'charset="utf-8"', f"charset={label[:4000]}".encode())
    assert read(data).body.text == "My card is kept."


def test_a_letter_of_short_lines_takes_no_more_room_than_a_long_one() -> None:
    line = Line(lmtp=True)
    line.say(HELLO + FROM + TO)
    line.say(b"DATA\r\n")
    short = b"a:\r\n" * 5_000
    tracemalloc.start()
    try:
        line.say(short)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 3 * len(short)
    line.say(b".\r\n")
    [(octets, _)] = line.intake.taken
    assert octets == short


def test_a_letter_of_too_many_lines_is_refused_before_it_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tickets.mail.lmtp.MOST_LINES", 100)
    line = Line(lmtp=True)
    line.say(HELLO + FROM + TO)
    line.say(b"DATA\r\n")
    line.say(b"\r\n" * 101)
    assert line.codes(b".\r\n") == [b"552"]
    assert line.intake.taken == []
