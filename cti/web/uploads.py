"""Files that a form sends: ``multipart/form-data`` (RFC 7578), read where the body lies.

A body larger than Twisted keeps in memory lies in a file without a name; the parts are found in
it and read from it piece by piece, so a large file is never in memory as a whole.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from twisted.web.server import Request

from cti.web.requests import MOST_FIELDS, BadRequest, Form, check_kept, clean_text, header

LARGEST_HEAD = 4096
LARGEST_FIELD = 1 << 16
"""Octets of a field that is no file."""
CHUNK = 1 << 16
_BOUNDARY = re.compile(r'boundary="?([^";]{1,70})"?', re.IGNORECASE)
_PARAMETER = re.compile(r'(name|filename)="([^"]*)"', re.IGNORECASE)
_ESCAPED = (("%22", '"'), ("%0D", ""), ("%0A", ""))
"""How browsers write what would end a name (WHATWG HTML, 4.10.21.8)."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that a form brought: octets `first` up to but without `end` of the body."""

    field: str
    name: str
    first: int
    end: int
    body: BinaryIO

    @property
    def size(self) -> int:
        """How many octets it has."""
        return self.end - self.first

    def chunks(self) -> Iterator[bytes]:
        """Its octets, piece by piece; to be read to the end before another file of the body."""
        self.body.seek(self.first)
        left = self.size
        while left:
            chunk = self.body.read(min(CHUNK, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with files; a file field that was left empty brings none."""

    form: Form
    files: tuple[UploadedFile, ...]


def is_upload(request: Request) -> bool:
    """Whether the request says that its body is a form with files."""
    kind = header(request, "content-type").partition(";")[0].strip().lower()
    return kind == "multipart/form-data"


def read_upload(request: Request) -> Upload:
    """The form and the files of a multipart body; BadRequest for any other.

    BadRequest (413, 507) too when the body was not kept, for its size or for want of room.
    """
    check_kept(request)
    found = _BOUNDARY.search(header(request, "content-type"))
    if not is_upload(request) or found is None or request.content is None:
        raise BadRequest("a form with files is expected", 415)
    return parse(request.content, found[1].encode("ascii", "replace"))


def parse(body: BinaryIO, boundary: bytes) -> Upload:
    """The fields and files between the boundaries; BadRequest when it is no such body."""
    pairs: list[tuple[str, str]] = []
    files: list[UploadedFile] = []
    with _searchable(body) as octets:
        for head, first, end in _parts(octets, b"--" + boundary):
            named = _parameters(head)
            field = named.get("name", "")
            if "filename" not in named:
                if end - first > LARGEST_FIELD:
                    raise BadRequest("a field is too large", 413)
                pairs.append((field, clean_text(octets[first:end].decode("utf-8", "replace"))))
            elif named["filename"] or end > first:
                files.append(UploadedFile(field, named["filename"], first, end, body))
    return Upload(Form(pairs), tuple(files))


class _Octets(bytes):
    """A small body, used like a map of a large one."""

    def __enter__(self) -> "_Octets":
        return self

    def __exit__(self, *_: object) -> None: ...


def _searchable(body: BinaryIO) -> mmap.mmap | _Octets:
    if isinstance(body, BytesIO):
        return _Octets(body.getvalue())
    body.flush()
    if not body.seek(0, 2):
        return _Octets()
    return mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ)


def _parts(octets: mmap.mmap | _Octets, mark: bytes) -> Iterator[tuple[str, int, int]]:
    """The head of each part, and where its content begins and ends."""
    place = octets.find(mark)
    for _ in range(MOST_FIELDS):
        if place < 0:
            raise BadRequest("the form is cut off")
        place += len(mark)
        if octets[place : place + 2] == b"--":
            return
        head_end = octets.find(b"\r\n\r\n", place, place + LARGEST_HEAD)
        first = head_end + 4
        end = octets.find(b"\r\n" + mark, head_end + 2) if head_end >= 0 else -1
        if end < 0:
            raise BadRequest("the form is cut off")
        yield octets[place:head_end].decode("utf-8", "replace"), min(first, end), end
        place = end + 2
    raise BadRequest("the form has too many fields")


def _parameters(head: str) -> dict[str, str]:
    """``name`` and ``filename`` of the part's Content-Disposition."""
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return {key.lower(): _unescaped(text) for key, text in _PARAMETER.findall(value)}
    return {}


def _unescaped(text: str) -> str:
    for written, meant in _ESCAPED:
        text = text.replace(written, meant)
    return clean_text(text)
