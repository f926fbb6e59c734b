"""Forms with files (RFC 7578), as browsers send them and as nobody should."""

import tempfile
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.web.requests import BadRequest
from cti.web.uploads import LARGEST_FIELD, LARGEST_HEAD, parse

MARK = b"----x"


def part(head: bytes, content: bytes) -> bytes:
    return b"--" + MARK + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content


def body(*parts: bytes) -> bytes:
    return b"".join(each + b"\r\n" for each in parts) + b"--" + MARK + b"--\r\n"


def in_memory(octets: bytes) -> BinaryIO:
    return BytesIO(octets)


def on_disk(octets: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the upload keeps it open, as a request does)
    file.write(octets)
    return file


EITHER = pytest.mark.parametrize("lying", [in_memory, on_disk])


@EITHER
def test_fields_and_files(lying: Callable[[bytes], BinaryIO]) -> None:
    sent = body(
        part(b'name="csrf"', b" token "),
        part('name="file"; filename="来%22信.pdf"'.encode(), b"%PDF\r\n--not the mark\r\n"),
        part(b'name="file"; filename=""\r\nContent-Type: application/octet-stream', b""),
        part(b'name="note"', "附件".encode()),
        part(b'name="file"; filename="b"', b"B" * 200_000),
    )
    upload = parse(lying(sent), MARK)
    assert dict(upload.form) == {"csrf": "token", "note": "附件"}
    assert [(each.field, each.name) for each in upload.files] == [
        ("file", '来"信.pdf'),
        ("file", "b"),
    ]
    assert [b"".join(each.chunks()) for each in upload.files] == [
        b"%PDF\r\n--not the mark\r\n",
        b"B" * 200_000,
    ]
    assert upload.files[1].size == 200_000


@EITHER
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"no mark",
        body(part(b'name="a"', b"x"))[:-6],
        b"--" + MARK + b"\r\nno head",
        b"--" + MARK + b"\r\n" + b"h" * LARGEST_HEAD + b"\r\n\r\n",
        body(part(b'name="a"', b"x" * (LARGEST_FIELD + 1))),
        body(*[part(b'name="a"', b"")] * 501),
    ],
)
def test_other_bodies_are_bad_requests(lying: Callable[[bytes], BinaryIO], sent: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(lying(sent), MARK)


@given(st.binary(max_size=400))
def test_any_octets_are_a_form_or_a_bad_request(octets: bytes) -> None:
    for sent in (octets, body(part(b'name="file"; filename="a"', octets))):
        try:
            parse(BytesIO(sent), MARK)
        except BadRequest:
            continue


@given(st.binary(max_size=400))
def test_a_file_arrives_as_it_was_sent(octets: bytes) -> None:
    if b"--" + MARK in octets:
        return
    upload = parse(BytesIO(body(part(b'name="file"; filename="a"', octets))), MARK)
    assert [b"".join(each.chunks()) for each in upload.files] == [octets]
