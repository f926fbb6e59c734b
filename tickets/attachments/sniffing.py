"""What a file is, by its octets: neither its name nor what the sender calls it is believed."""

import io
from collections.abc import Iterable
from typing import BinaryIO

from tickets.attachments.archives import members

PDF = "application/pdf"
PNG = "image/png"
JPEG = "image/jpeg"
GIF = "image/gif"
WEBP = "image/webp"
WAV = "audio/wav"
MP3 = "audio/mpeg"
TXT = "text/plain"
CSV = "text/csv"
EML = "message/rfc822"
HTML = "text/html"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
PPTX = f"{_OFFICE}.presentationml.presentation"
MACROS = "application/vnd.ms-office.with-macros"
ZIP = "application/zip"

ENDINGS: dict[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    GIF: (".gif",),
    WEBP: (".webp",),
    WAV: (".wav",),
    MP3: (".mp3",),
    TXT: (".txt", ".log", ".md"),
    CSV: (".csv",),
    EML: (".eml",),
    HTML: (".html", ".htm", ".svg", ".xml"),
    DOC: (".doc",),
    XLS: (".xls",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
    PPTX: (".pptx",),
    ZIP: (".zip",),
}
"""The endings of each type, the usual one first."""
SHOWN_AS_IMAGES = frozenset({PNG, JPEG, GIF, WEBP})
PLAYED = frozenset({WAV, MP3})

LOOKED_AT = 64 * 1024
"""Octets at the beginning of a file that tell what it is."""
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<svg", b"<script", b"<?xml")
_PARTS = (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX))
_LARGEST_CHARACTER = 4
"""Octets of a character that the look may have cut in two."""


def type_of(file: BinaryIO, name: str) -> str | None:
    """The media type of the file's octets; None for what is not known here.

    The name decides only between types that share their octets: a table and plain text, a letter
    and a sheet of the older office files.
    """
    file.seek(0)
    head = file.read(LOOKED_AT)
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head.startswith(_OLE):
        return _by_ending(name, (DOC, XLS))
    if head.startswith(_ZIP):
        return _zipped(file)
    return _text(head, name)


def _zipped(file: BinaryIO) -> str | None:
    names = members(file)
    if names is None:
        return None
    names = [each.lower() for each in names]  # as office programs compare them (ECMA-376-2, 6.2.2)
    if "[content_types].xml" not in names:
        return ZIP
    if any(each.endswith("vbaproject.bin") for each in names):
        return MACROS
    return next((kind for part, kind in _PARTS if _within(names, part)), ZIP)


def _within(names: Iterable[str], folder: str) -> bool:
    return any(each.startswith(folder) for each in names)


def _text(head: bytes, name: str) -> str | None:
    if not _decodes(head) or any(octet < 9 or 13 < octet < 32 or octet == 127 for octet in head):
        return None
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_MARKUP):
        return HTML
    return _by_ending(name, (CSV, EML)) or TXT


def _decodes(head: bytes) -> bool:
    if not head:
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(_LARGEST_CHARACTER):
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                if len(head) < LOOKED_AT:
                    break
                continue
            return True
    return False


def _by_ending(name: str, types: Iterable[str]) -> str | None:
    lower = name.lower()
    return next((each for each in types if lower.endswith(ENDINGS[each])), None)


def type_of_octets(octets: bytes, name: str) -> str | None:
    """The same of octets in memory."""
    return type_of(io.BytesIO(octets), name)
