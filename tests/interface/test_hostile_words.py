"""What strangers seek, save, take away and put into the catalogue, on every kind of database."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.browsers import Answer, Browser
from tests.support.databases import DirectDatabase
from tests.support.forms import PageForm, forms_of
from tests.support.inert import CONTROLS, FORMULA, HEADERS, LONG, MARKUP, OPERATORS, faults
from tests.support.strangers import filled
from tests.support.ticket_site import TicketSite
from tests.support.tickets import AGENT, SUPERVISOR

FACE = "\N{GRINNING FACE}"
RARE = "𠮷野𡈽"
"""Characters beyond the first plane, as they stand in names."""
STRANGE = f"{FACE}{RARE} {CONTROLS} {OPERATORS} {MARKUP} 100%_\\"
SOUGHT = (
    STRANGE,
    HEADERS,
    FORMULA,
    "%",
    "_",
    "\\",
    "'",
    '"',
    "''",
    '"open',
    "a & b",
    "!a",
    "a | | b",
    "(a",
    "a <-> b",
    "a:*",
    ":*",
    "NEAR(a b)",
    "^a",
    "*",
    "-",
    "- -",
    "a\\",
    "\\'",
    "$$a$$",
    "%s %(a)s {a} :a ?",
    "\0",
    "\ud800",
    "\u202e\u2066",
    "\ufffe\uffff",
    "\u0301" * 200,
    FACE * 500,
    RARE,
    "؀",
    "9" * 900,
    "T" + "9" * 300,
    "a " * 900,
    "from:",
    "from:%",
    "from:'",
    "from:" + "9" * 500,
    "opened:9999-99-99",
    "opened:0000-01-01..9999-12-31",
    "due:<x",
    "due:>9999-12-31",
    "urgency:urgent'--",
    "dept:\\",
    "no:such:field",
    ":" * 900,
)


class Desk:
    """Somebody at the lists of a site, on which a stranger's words stand already."""

    def __init__(self, url: str, folder: Path) -> None:
        database = DirectDatabase(url)
        self.site = TicketSite(folder, secure=False, database=database)
        self.browser = self.site.browser(SUPERVISOR)
        writer = self.site.browser(AGENT)
        form = form_to(writer, "/tickets/new?type=complaint", "/tickets/new")
        answer = writer.post(form.action, filled(form, lambda _name: STRANGE, shaped=True))
        assert answer.status == 303, answer.text
        self.number = answer.headers["location"].rpartition("/")[2]

    def seek(self, words: str, path: str = "/tickets?view=all&q=") -> Answer:
        return self.browser.get(path + quote(words, errors="surrogatepass"))

    def form(self, action: str, page: str = "/tickets?view=all&q=") -> PageForm:
        return form_to(self.browser, page, action)


def form_to(browser: Browser, page: str, action: str) -> PageForm:
    return next(each for each in forms_of(browser.get(page).text) if each.action == action)


@pytest.fixture
def desk(url: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(url, tmp_path / "files")
    yield desk
    desk.site.desk.database.stop()


def test_whatever_is_sought_is_words(desk: Desk) -> None:
    """A page comes back, with what it found or with what was wrong; what is found is right."""
    for words in SOUGHT:
        answer = desk.seek(words)
        assert answer.status in (200, 400, 409), (words, answer.text)
        assert faults(answer.text) == [], words
    assert desk.number in desk.seek(RARE).text
    assert desk.number in desk.seek("100%_\\").text
    for absent in ("100%_\\x", "200%", "%\\%", "' OR 2=2"):
        assert desk.number not in desk.seek(absent).text, absent
    for octets in ("%ff%fe", "%c0%80", "%ed%a0%80", "%f4%90%80%80"):
        assert desk.browser.get(f"/tickets?view=all&q={octets}").status in (200, 409), octets


def test_whatever_a_list_begins_with_is_a_place_in_it_or_none(desk: Desk) -> None:
    for words in SOUGHT[::6]:
        for field in ("view", "mark", "kind", "dept", "opened_from", "due_to", "level", "here"):
            answer = desk.seek(words, f"/tickets?{field}=")
            assert answer.status in (200, 303, 400, 404, 409), (field, words, answer.text)


def test_whatever_a_view_is_called_it_is_kept_or_refused_in_words(desk: Desk) -> None:
    form = desk.form("/tickets/lists/views")
    taken = 0
    for words in SOUGHT:
        for fields in ({"name": words}, {"name": "a", "q": words}, {"name": "a", "view": words}):
            answer = desk.browser.post(form.action, form.fields | fields)
            assert answer.status in (303, 400, 409), (fields, answer.text)
            taken += answer.status == 303
    assert taken > 20
    assert faults(desk.browser.get("/tickets").text) == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_whatever_is_taken_away_is_a_file(desk: Desk, kind: str) -> None:
    form = desk.form("/tickets/lists/export.csv")
    for words in (*SOUGHT[:12], "", FACE, "\0", "\ud800"):
        answer = desk.browser.post(f"/tickets/lists/export.{kind}", form.fields | {"q": words})
        assert answer.status in (200, 400, 409), (words, answer.text)


def test_whatever_the_catalogue_is_given_is_a_line_or_refused_in_words(desk: Desk) -> None:
    page = "/regulation/catalogue"
    taken = 0
    for words in (STRANGE, LONG, HEADERS, *SOUGHT[3:12]):
        form = desk.form(page, page)
        chosen = {
            "department": "cards",
            "kind": "complaint",
            "limit": "",
            "since": "",
            "assist": "",
        }
        typed = dict.fromkeys(("branch", "topic", "keyword", "note", "source"), words)
        answer = desk.browser.post(page, form.fields | chosen | typed | {"until_day": ""})
        assert answer.status in (303, 400, 409), (words, answer.text)
        taken += answer.status == 303
        assert faults(desk.browser.get(page).text) == [], words
    assert taken > 3
