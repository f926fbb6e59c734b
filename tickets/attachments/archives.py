"""The names in a ZIP archive, told by its directory; nothing is unpacked (APPNOTE.TXT 6.3, 4.3).

How much there is to read stands in the record at the archive's end, so it is known before any of
it is read. An archive that needs the 64-bit records has more members than are looked at here.
"""

import struct
from typing import BinaryIO

MOST_MEMBERS = 10_000
LARGEST_DIRECTORY = 4 << 20
"""Octets of the directory; with the longest names a document has, enough for all its members."""
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LONGEST_COMMENT = 0xFFFF
_MEMBER = struct.Struct("<4s6H3L5H2L")
_MEMBER_MARK = b"PK\x01\x02"
_IN_UTF8 = 0x800
"""The flag of a member whose name is UTF-8; without it, it is code page 437."""


def members(file: BinaryIO) -> list[str] | None:
    """The names of all members; None where it is no archive, a broken one, or one too large."""
    directory = _directory(file)
    if directory is None:
        return None
    names, place = list[str](), 0
    while place < len(directory):
        if len(names) == MOST_MEMBERS or len(directory) - place < _MEMBER.size:
            return None
        mark, _, _, flags, *_, name, extra, comment, _, _, _, _ = _MEMBER.unpack_from(
            directory, place
        )
        if mark != _MEMBER_MARK:
            return None
        place += _MEMBER.size
        encoding = "utf-8" if flags & _IN_UTF8 else "cp437"
        names.append(directory[place : place + name].decode(encoding, "replace"))
        place += name + extra + comment
    return names


def _directory(file: BinaryIO) -> bytes | None:
    """The octets of the directory that the end record tells of."""
    size = file.seek(0, 2)
    first = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(first)
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, _, _, _, count, length, _, _ = _END.unpack_from(tail, at)
    begins = first + at - length
    if count > MOST_MEMBERS or length > LARGEST_DIRECTORY or begins < 0:
        return None
    file.seek(begins)
    return file.read(length)
