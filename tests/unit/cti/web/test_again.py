"""A form that came while the database was away is sent again from the page that says so."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError
from twisted.web.server import Request

from cti.web.frame import Frame
from cti.web.pages import pages
from tests.support.browsers import Browser
from tests.support.forms import forms_of
from tests.support.offices import AGENT, Office


class Away(Exception):  # noqa: N818  (an error of the driver)
    sqlstate = "57P01"


class Full(Exception):  # noqa: N818  (likewise)
    sqlstate = "53100"


@dataclass
class Desk:
    """A page that keeps what it is sent, where its database lets it."""

    frame: Frame
    wrong: Exception | None = None
    kept: list[dict[str, list[str]]] = field(default_factory=list)

    app = pages()

    @app.route("/<path:path>", methods=["GET", "POST"])
    def keep(self, request: Request, path: str) -> bytes:  # noqa: ARG002  (Klein's signature)
        if self.wrong is not None:
            raise OperationalError("INSERT", {}, self.wrong)
        form = self.frame.form(request)
        self.kept.append({name: form.all(name) for name in form})
        return b"kept"


@dataclass
class Rig:
    office: Office = field(default_factory=Office)

    def __post_init__(self) -> None:
        self.desk = Desk(self.office.frame)
        self.browser = Browser(self.desk.app.resource())
        self.csrf = self.office.signed_in(self.browser, AGENT)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_all_that_was_typed_is_sent_again_by_one_button(rig: Rig) -> None:
    rig.desk.wrong = Away()
    typed = [
        ("csrf", rig.csrf),
        ("text", '第一行\n"<b>&第二行'),
        ("tag", "a"),
        ("tag", "b"),
        ("no", ""),
    ]
    answer = rig.browser.post_pairs("/tickets/7/act?from=list", typed)
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert "没有丢失" in answer.text
    (form,) = [each for each in forms_of(answer.text) if each.action == "/tickets/7/act?from=list"]
    assert form.fields["text"] == '第一行\n"<b>&第二行'
    rig.desk.wrong = None
    assert answer.text.count('name="tag"') == 2
    assert rig.browser.post(form.action, form.fields).body == b"kept"
    assert rig.desk.kept[0]["text"] == ['第一行\n"<b>&第二行']


def test_a_full_disk_is_called_one(rig: Rig) -> None:
    rig.desk.wrong = Full()
    answer = rig.browser.post("/tickets/new", {"csrf": rig.csrf, "text": "x"})
    assert answer.status == 507
    assert "磁盘已满" in answer.text


def test_no_secret_is_written_into_the_page(rig: Rig) -> None:
    rig.desk.wrong = Away()
    answer = rig.browser.post("/sign-in", {"login": "agent", "password": "right"})
    assert answer.status == 503
    assert "right" not in answer.text
    assert not [each for each in forms_of(answer.text) if each.action == "/sign-in"]


def test_who_only_reads_is_told_and_has_nothing_to_send(rig: Rig) -> None:
    rig.desk.wrong = Away()
    answer = rig.browser.get("/tickets/7")
    assert answer.status == 503
    assert not [each for each in forms_of(answer.text) if each.action == "/tickets/7"]


def test_programs_are_told_in_json(rig: Rig) -> None:
    rig.desk.wrong = Full()
    answer = rig.browser.post_json("/api/v1/tickets", {"text": "x"})
    assert (answer.status, answer.json()["error"]) == (507, "request.database_full")
