"""Pages of letters made harmless, and read as text. Pure.

Ammonia (nh3) parses as a browser does and lets through what is named here: words, tables, links. No
picture is fetched from anywhere, since that would tell the sender that the letter was read; files
shown inline are kept as files.
"""

import re
from html.parser import HTMLParser

import nh3

from tickets.mail.charsets import seen

BLOCKS = frozenset(
    {"blockquote", "div", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p"}
    | {"pre", "table", "tr", "ul"}
)
CELLS = frozenset({"caption", "li", "tbody", "td", "tfoot", "th", "thead"})
WORDS = frozenset(
    {"a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "ins", "q", "s", "small", "span"}
    | {"strong", "sub", "sup", "u"}
)
TAGS = BLOCKS | CELLS | WORDS
ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
GONE = {"script", "style", "title", "head", "template", "iframe", "object", "noscript", "svg"}
"""Of these nothing is kept, not even the words."""
SCHEMES = {"http", "https", "mailto", "tel"}
DEEPEST = 200
"""Elements within each other; the parser's time grows with their square."""
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)")
LEFT_OPEN = CELLS | {
    "br",
    "hr",
    "img",
    "p",
    "tr",
    "dt",
    "dd",
    "meta",
    "link",
    "input",
    "col",
    "wbr",
}
"""Elements without an end, or whose end may be left out."""
ANY_TAG = re.compile(r"<[^<>]*>")
BLANKS = re.compile(r"[ \t\xa0]+")
EMPTY_LINES = re.compile(r"\n{3,}")


def cleaned(page: str, longest: int) -> str:
    """The page with nothing in it that acts, loads or hides; nothing where it is no page."""
    cut = page[:longest]
    if _depth(cut) > DEEPEST:
        return ""
    return nh3.clean(
        cut,
        tags=set(TAGS),
        clean_content_tags=set(GONE),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    ).strip()


def stripped(page: str) -> str:
    """The words of a page that is nested too deep to be read as one."""
    return EMPTY_LINES.sub("\n\n", ANY_TAG.sub(" ", page)).strip()


def text_of(page: str) -> str:
    """The words of a cleaned page, a line for a block, quotations marked as in plain text."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  (the parser's signature)
        if tag in BLOCKS or tag == "br":
            self._turn(always=tag == "br")
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "li":
            self._turn()
            self._lines[-1] += "- "
        elif tag in ("td", "th"):
            self._lines[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._turn()
            if tag == "p":
                self._turn(always=True)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)

    def handle_data(self, data: str) -> None:
        before = self._lines[-1]
        if not before and self._quotes and data.strip():
            self._lines[-1] = "> " * min(self._quotes, 5)
        self._lines[-1] += BLANKS.sub(" ", data.replace("\n", " "))

    def _turn(self, *, always: bool = False) -> None:
        if always or self._lines[-1].strip():
            self._lines.append("")

    def text(self) -> str:
        """What was read, without more than one empty line in a row."""
        joined = "\n".join(line.strip() for line in self._lines)
        return EMPTY_LINES.sub("\n\n", seen(joined)).strip()


def _depth(page: str) -> int:
    """How deep elements are nested at most, taken carefully: what may be left open counts."""
    deepest = depth = 0
    for match in TAG.finditer(page):
        if match[2].lower() in LEFT_OPEN:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest
