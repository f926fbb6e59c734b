"""The names of files: cleaned when they come, written safely when they go (RFC 6266)."""

import unicodedata
from urllib.parse import quote

from tickets.attachments.sniffing import ENDINGS

LONGEST = 100
"""Characters of a file's name, its ending among them."""
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, and what turns the direction of writing round so that an ending looks like another."""
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


def clean_name(name: str, media_type: str) -> str:
    """The name without its folders and anything unprintable, with an ending of that type."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = unicodedata.normalize("NFC", name)
    name = "".join(each for each in name if unicodedata.category(each) not in _NOT_SHOWN)
    name = name.translate(_FORBIDDEN).strip(" .")
    endings = ENDINGS.get(media_type, ())
    ending = next((each for each in endings if name.lower().endswith(each)), "")
    stem = name[: len(name) - len(ending)] if ending else name
    ending = name[len(stem) :] or (endings[0] if endings else "")
    if stem.partition(".")[0].lower() in _RESERVED:
        stem = f"_{stem}"
    return (stem[: LONGEST - len(ending)].rstrip(" .") or "file") + ending


def disposition(name: str, *, inline: bool = False) -> str:
    """The Content-Disposition of a file of that name: ASCII for the old, UTF-8 for the rest."""
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
