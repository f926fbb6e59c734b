"""Octets as text, by the label they carry or, where that is wrong, by what they can be.

Chinese mail says ``gb2312`` and means GBK or GB18030, says ``us-ascii`` or ``iso-8859-1`` and means
whatever the writer's machine had. Only charsets that are named here are decoded by their label: a
codec's name from outside would reach codecs that are slow or no charsets at all. Pure.
"""

import re
from codecs import getincrementaldecoder

GB = "gb18030"
"""GB 18030-2022, which holds GBK and GB 2312."""
CHARSETS = {
    "utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "gb2312": GB,
    "gb231280": GB,
    "gbk": GB,
    "gb18030": GB,
    "cp936": GB,
    "ms936": GB,
    "windows936": GB,
    "xgbk": GB,
    "euccn": GB,
    "hz": "hz",
    "hzgb2312": "hz",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cnbig5": "big5hkscs",
    "cp950": "cp950",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "iso2022jp": "iso2022_jp",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "eucjp": "euc_jp",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "iso2022kr": "iso2022_kr",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    **{f"iso8859{part}": f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15)},
    **{f"windows125{part}": f"cp125{part}" for part in range(9)},
    **{f"cp125{part}": f"cp125{part}" for part in range(9)},
}
GUESSES = ("utf-8", GB)
"""What unlabelled octets are tried as; both refuse most of what they are not."""
LAST = "cp1252"

SEPARATORS = re.compile(r"[^a-z0-9]+")
# C0 and C1 controls but for tab and line feed, surrogates, non-characters, and the marks that turn
# the direction of writing, by which "exe.gpj" is shown as "jpg.exe".
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def decoded(octets: bytes, label: str | None, *, whole: bool = True) -> str:
    """The text, whatever the label; what cannot be read becomes U+FFFD.

    Octets that are not the `whole` may end within a character, which is left out.
    """
    charset = CHARSETS.get(SEPARATORS.sub("", (label or "").lower()[:40]))
    for candidate in (charset, *GUESSES) if charset else GUESSES:
        try:
            return seen(getincrementaldecoder(candidate)().decode(octets, whole))
        except ValueError:
            continue
    return seen(octets.decode(charset or LAST, "replace"))


def seen(text: str) -> str:
    """The text with plain line feeds, and without what has no place in a letter."""
    return UNSEEN.sub("", LINE_ENDS.sub("\n", text))


def one_line(text: str, longest: int) -> str:
    """The text on one line, of so many characters at most."""
    line = " ".join(seen(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
