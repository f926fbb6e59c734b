"""Which words the house's pages use, and what they say past the catalogues, by their source."""

import re
from collections.abc import Iterator
from pathlib import Path

from tickets.acts import Guard

ROOT = Path(__file__).parents[2]
PACKAGES = ("cti", "ivr", "agents", "tickets", "monitoring", "customers", "config")

_SAID = re.compile(
    r"""(?:\bt\(|\bword\(|\.text\([\w.]+,|\bwords\(|\bRefused\()\s*["'`]([a-z_]+(?:\.\w+)+)["'`]\s*[,)]"""
)
_SAID_BY_SCRIPT = re.compile(r"""\bt\(\s*["'`]([a-z_]+(?:\.\w+)+)["'`]\s*[,)]""")
_QUOTED = re.compile(r"""["'`]([a-z_]+(?:\.[\w-]+)+)["'`]""")
_OPENING = re.compile(
    r"""["'`]([a-z_]+\.(?:[\w-]+[._])*)(?:["'`]\s*~|\$?\{)|["'`]([a-z_]+\.[a-z_]+)["'`]"""
)
_JINJA = re.compile(r"\{% block body_class %\}.*?\{% endblock %\}|\{[{%#].*?[}%#]\}", re.DOTALL)
_SAYING = re.compile(r"""\b(?:title|alt|placeholder|aria-label|label)=(?:"([^"]*)"|'([^']*)')""")
_SHOWN = re.compile(
    r"""(?:(?:textContent|innerText|title|placeholder|ariaLabel|alt)\s*=(?!=)\s*|"""
    r"""["'](?:aria-label|title|placeholder|alt)["'],\s*)["'`]([^"'`${]*[A-Za-z]{2})"""
)
_SENTENCE = re.compile(r"""["'`]([A-Z][a-z]+(?: [a-z]+)+[.!?…]?)["'`]""")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
_LETTERS = re.compile(r"[A-Za-z\u3400-\u9fff]{2}|[\u3400-\u9fff]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")

_SILENT = re.compile(
    r'\baria-(?:invalid|describedby|sort)="[^"]*"|\bautofocus\b|>(?:Message-ID|In-Reply-To)(?=<)'
)
"""What a macro puts into a tag, and names of header fields (RFC 5322): words of no language."""


def sources(*suffixes: str) -> Iterator[Path]:
    """The house's files with these suffixes."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in suffixes:
                yield path


def said() -> dict[str, str]:
    """Every key that a page, a script or a refusal says outright, and one file that does.

    What menus are refused, callers hear as announcements; no page shows it.
    """
    found = {}
    for path in sources(".py", ".html", ".js"):
        outright = _SAID_BY_SCRIPT if path.suffix == ".js" else _SAID
        if path.is_relative_to(ROOT / "ivr"):
            continue
        for key in outright.findall(path.read_text("utf-8")):
            found[key] = str(path.relative_to(ROOT))
    return found


def mentioned() -> tuple[set[str], tuple[str, ...]]:
    """Every key written out anywhere, and the beginnings that values are joined to.

    The refusals of the ticket workflow are named by its guards.
    """
    keys = {f"ticket.{guard.value}" for guard in Guard}
    openings: set[str] = {"choice."}
    for path in sources(".py", ".html", ".js"):
        text = path.read_text("utf-8")
        keys.update(_QUOTED.findall(text))
        for joined, table in _OPENING.findall(text):
            openings.update((joined,) if joined else (f"{table}.",))
    return keys, tuple(each for each in openings if each == "choice." or re.search(r"\.\w", each))


def literal_texts(path: Path) -> list[str]:
    """Words of a template or script that stand in no catalogue."""
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        code = _COMMENT.sub("", text)
        return [*_SHOWN.findall(code), *_SENTENCE.findall(code), *_CHINESE.findall(code)]
    plain = _SILENT.sub("", _JINJA.sub("", text))
    attributes = [one or other for one, other in _SAYING.findall(plain)]
    between = re.sub(r"<(style|script)\b.*?</\1>|<!--.*?-->|<[^>]*>", "\n", plain, flags=re.DOTALL)
    return [each.strip() for each in (*attributes, *between.splitlines()) if _LETTERS.search(each)]
