"""Letters: printed once, kept to the character; a reply by letter counts when it is posted."""

from dataclasses import replace

import pytest

from cti.kernel.principal import Principal
from tests.support.forms import forms_of
from tests.support.regulation import RegulationOffice
from tests.support.ticket_office import Seat
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    FILLED,
    HEAD,
    OFFICER,
    PROTECTION,
    SUPERVISOR,
    draft,
)
from tickets.model import CaseState
from tickets.regulation.letters import digest_of
from tickets.workflow import Action


@pytest.fixture
def office() -> RegulationOffice:
    return RegulationOffice()


def result_in(office: RegulationOffice) -> str:
    """A complaint whose result waits to be told."""
    desk = office.desk
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER, {"dispatch": "1"})
    desk.act(number, Action.RETURN, HEAD, {**FILLED, "dispatch": "1"})
    desk.act(number, Action.APPROVE, DISPATCHER, {"dispatch": "1"})
    return number


def printed(seat: Seat, number: str, **typed: str) -> str:
    """Print the letter that the page proposes; where it is shown."""
    path = f"/regulation/letters/{number}"
    page = seat.read(f"{path}?kind={typed.get('kind', 'reply')}")
    form = next(each for each in forms_of(page.text) if each.action == path)
    answer = seat.browser.post(path, form.fields | typed)
    assert answer.status == 303, answer.text
    again = seat.browser.post(path, form.fields | typed)
    assert again.headers["location"] == answer.headers["location"]
    return answer.headers["location"]


def test_a_reply_by_letter_is_kept_as_sent_and_counts_when_posted(
    office: RegulationOffice,
) -> None:
    number, seat = result_in(office), office.seat(AGENT)
    page = seat.read(printed(seat, number)).text
    for words in ("投诉答复函", "尊敬的王芳：", "建议答复", number, "仲裁"):
        assert words in page
    text = page.partition('<div class="text">')[2].partition("</div>")[0]
    assert digest_of(text) in page
    assert office.desk.view(number).case.state is CaseState.RESULT_IN
    assert digest_of(text)[:12] in seat.read(f"/tickets/{number}").text
    posted = {"channel": "letter", "text": "见函", "proof": "挂号信 XA12345678 2026-11-25"}
    office.desk.act(number, Action.REPLY, AGENT, posted)
    assert office.desk.view(number).case.state is CaseState.CALLBACK


def test_no_letter_is_printed_with_a_whole_card(office: RegulationOffice) -> None:
    number, seat = result_in(office), office.seat(AGENT)
    page = seat.read(printed(seat, number, text="卡6222020037000018475已解锁")).text
    assert "卡**** 8475已解锁" in page
    assert "37000018" not in page


def test_a_reply_is_not_written_before_there_is_one(office: RegulationOffice) -> None:
    number = office.desk.register().number
    path, seat = f"/regulation/letters/{number}", office.seat(AGENT)
    page = seat.read(path).text
    assert "待答复时打印" in page
    assert not [each for each in forms_of(page) if each.action == path]
    assert "待答复时打印" not in seat.read(f"/regulation/letters/{result_in(office)}").text


def test_a_letter_in_english(office: RegulationOffice) -> None:
    number, seat = result_in(office), office.seat(AGENT)
    page = seat.read(printed(seat, number, language="en", text="We are sorry.")).text
    assert '<html lang="en">' in page
    assert "Dear 王芳," in page


def test_notices_name_the_department(office: RegulationOffice) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    for who, kind in ((DISPATCHER, "urge"), (PROTECTION, "supervise")):
        seat = office.seat(who)
        assert "银行卡部：" in seat.read(printed(seat, number, kind=kind, text="三日内回复")).text


def test_a_reply_too_late_keeps_what_was_typed(office: RegulationOffice) -> None:
    number, seat = result_in(office), office.seat(AGENT)
    path = f"/regulation/letters/{number}"
    form = next(each for each in forms_of(seat.read(path).text) if each.action == path)
    office.desk.act(number, Action.REPLY, AGENT)
    answer = seat.browser.post(path, form.fields | {"text": "晚了一点"})
    assert answer.status == 409
    [again] = [each for each in forms_of(answer.text) if each.action == path]
    assert again.fields["text"] == "晚了一点"


@pytest.mark.parametrize(
    ("who", "kind", "status"),
    [(OFFICER, "reply", 403), (AGENT, "supervise", 403), (DISPATCHER, "supervise", 403)],
)
def test_who_writes_what(office: RegulationOffice, who: Principal, kind: str, status: int) -> None:
    number, seat = office.desk.register().number, office.seat(who)
    answer = seat.browser.post(f"/regulation/letters/{number}", {"kind": kind, "text": "x"})
    assert answer.status in (status, 400)
    seat = office.seat(SUPERVISOR)
    assert seat.browser.get(f"/regulation/letters/{number}/9").status == 404
    assert seat.browser.get("/regulation/letters/26112399999").status == 409


def test_what_is_open_already_is_told_before_it_is_registered_again(
    office: RegulationOffice,
) -> None:
    what = replace(draft(), details={"business": "B03"})
    who = replace(what.requester, customer_id=None)
    number = office.desk.register(replace(what, requester=who)).number
    seat, path = office.seat(AGENT), "/tickets/new"
    form = next(each for each in forms_of(seat.read(path).text) if each.action == path)
    form.fields.pop("change_kind", None)
    typed = form.fields | {
        "title": "又来投诉",
        "text": "完全不同的话",
        "name": "王芳",
        "contact": "138 0013 8000",
        "business": "B03",
    }
    told = seat.browser.post(path, typed)
    assert told.status == 200
    assert number in told.text
    assert "又来投诉" in told.text
    form = next(each for each in forms_of(told.text) if each.action == path)
    form.fields.pop("change_kind", None)
    answer = seat.browser.post(path, form.fields)
    assert answer.status == 303, answer.text
    page = seat.read(answer.headers["location"]).text
    assert "可能重复" in page
    assert "B03 信用卡" in page
    again = seat.browser.post(path, form.fields)
    assert again.headers["location"] == answer.headers["location"]
