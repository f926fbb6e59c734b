"""What a regulator reads, in a browser: every number leads to its tickets, files tell the same."""

import csv
import io
import re
from dataclasses import replace

import pytest
from openpyxl.reader.excel import load_workbook
from twisted.internet.defer import Deferred

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.regulation import RegulationOffice
from tests.support.ticket_office import Seat
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EXECUTIVE,
    LENDING,
    PROTECTION,
    SUPERVISOR,
    draft,
    person,
)
from tickets.regulation.quarter import By, Count

LINKED = re.compile(r'href="(/regulation/figures/tickets\?[^"]+)">([\d,]+)</a>')
RECORDS, HOLD = "/regulation/records", "/regulation/records/hold"
FIGURES = "/regulation/figures?quarter=2026Q4&by=business"


@pytest.fixture
def house() -> RegulationOffice:
    return RegulationOffice()


@pytest.fixture
def office(house: RegulationOffice) -> RegulationOffice:
    """Three complaints: one solved, one open, and one of which the unit must not know."""
    coded = replace(draft(), details={"business": "B03", "branch": "营业部"})
    first = house.desk.register(coded).number
    house.desk.solve(first)
    house.desk.register(replace(coded, details={"business": "B04"}))
    house.desk.register(replace(draft(), about_staff=AGENT.staff_id, about_unit=CARDS))
    return house


def send(seat: Seat, path: str, action: str, **typed: str) -> str:
    """Send the page's first form to that action; gives the answer's text."""
    form = next(each for each in forms_of(seat.read(path).text) if each.action == action)
    fields = {name: value for name, value in form.fields.items() if name != "assist"}
    answer = seat.browser.post(action, fields | typed)
    assert answer.status in (303, 409), answer.text
    return answer.text


def test_every_number_leads_to_as_many_tickets(office: RegulationOffice) -> None:
    seat = office.seat(SUPERVISOR)
    links = LINKED.findall(seat.read(FIGURES).text)
    assert len(links) > 15
    for path, number in links:
        page = seat.read(path.replace("&amp;", "&")).text
        assert page.count('<td class="when"><a href="/tickets/26') == int(number)


def test_a_complaint_about_a_unit_is_counted_and_not_shown_there(office: RegulationOffice) -> None:
    concerned = office.seat(person(Role.QUALITY, CARDS))
    page = concerned.read("/regulation/figures/tickets?quarter=2026Q4&by=cause&count=received")
    assert ": 3</h1>" in page.text
    assert "另有1件" in page.text


def test_the_file_tells_what_the_page_tells(office: RegulationOffice) -> None:
    seat = office.seat(PROTECTION)
    form = next(each for each in forms_of(seat.read(FIGURES).text) if each.action.endswith("csv"))
    told = seat.browser.post("/regulation/figures.csv", form.fields)
    rows = list(csv.reader(io.StringIO(told.body.decode("utf-8-sig"))))
    book = seat.browser.post("/regulation/figures.xlsx", form.fields)
    sheet = load_workbook(io.BytesIO(book.body)).active
    assert sheet is not None
    cells = [
        ["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]
    assert [row[:17] for row in rows[2:6]] == [row[:17] for row in cells[:4]]
    table = result_of(office.figures.table(office.figures.quarter(), By.BUSINESS))
    assert rows[-1][1] == str(table.total.counts[Count.RECEIVED]) == "3"
    audit = office.seat(SUPERVISOR).read("/tickets/lists/exports").text
    assert audit.count("2026Q4 business") == 2


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (AGENT, "/regulation/figures", 403),
        (DISPATCHER, "/regulation/figures", 403),
        (EXECUTIVE, "/regulation/figures", 200),
        (EXECUTIVE, "/regulation/records", 403),
        (DISPATCHER, "/regulation/catalogue", 200),
        (SUPERVISOR, "/regulation/figures?quarter=2026Q9", 409),
        (SUPERVISOR, "/regulation/figures?by=moon", 400),
        (SUPERVISOR, "/regulation/figures/tickets?count=moon", 400),
        (SUPERVISOR, "/regulation/catalogue?version=x", 400),
    ],
)
def test_who_reads_what(house: RegulationOffice, who: Principal, path: str, status: int) -> None:
    assert house.seat(who).browser.get(path).status == status


def test_a_supervisor_writes_the_catalogue_version_by_version(house: RegulationOffice) -> None:
    seat, page = house.seat(SUPERVISOR), "/regulation/catalogue"
    send(seat, page, page, department=CARDS, business="B03", note="第一版")
    assert house.catalogue.current.lines[0].business == "B03"
    typed = {"department": CARDS, "kind": "complaint", "business": "B03", "assist": LENDING}
    typed |= {"since": "2026-13-01", "until_day": "2026-12-31", "keyword": "盗刷", "note": "加"}
    wrong = forms_of(send(seat, page, page, **typed))
    kept = next(each for each in wrong if each.action == page and not each.fields.get("line"))
    assert {name: kept.fields.get(name, "") for name in typed} == typed
    assert house.catalogue.current.version == 1
    late = forms_of(seat.read(page).text)
    send(seat, page, page, department=CARDS, keyword="盗刷", note="加词")
    form = next(each for each in late if each.action == page)
    fields = {**form.fields, "department": CARDS, "keyword": "太晚"}
    fields.pop("assist", None)
    assert "刚被他人修改" in seat.browser.post(page, fields).text
    assert [each.keyword for each in house.catalogue.current.lines] == ["", "盗刷"]
    forms = [each for each in forms_of(seat.read(page).text) if each.fields.get("line")]
    seat.browser.post(page, {**forms[0].fields, "drop": "yes", "note": "停用"})
    assert [each.keyword for each in house.catalogue.current.lines] == ["盗刷"]
    ids = {each.line_id for each in house.catalogue.current.lines}
    for word in ("甲", "乙"):
        send(seat, page, page, department=CARDS, keyword=word)
        new = house.catalogue.current.lines[-1]
        assert new.line_id not in ids, "an id of a line that went"
        ids.add(new.line_id)
        [*_, form] = [each for each in forms_of(seat.read(page).text) if each.fields.get("line")]
        seat.browser.post(page, {**form.fields, "drop": "yes"})
    old = seat.read(f"{page}?version=1").text
    assert "信用卡" in old
    assert "旧版本" in old
    assert "停用" in seat.read(page).text


def test_only_supervisors_change_it(house: RegulationOffice) -> None:
    seat = house.seat(DISPATCHER)
    page = seat.read("/regulation/catalogue")
    assert not [each for each in forms_of(page.text) if each.action == "/regulation/catalogue"]
    answer = seat.browser.post("/regulation/catalogue", {"version": "0"})
    assert answer.status == 403


def test_records_on_hold_are_shown_with_their_reason(office: RegulationOffice) -> None:
    number = office.desk.register().number
    seat, page = office.seat(PROTECTION), "/regulation/records"
    send(seat, page, f"{page}/hold", number=number, reason="因诉讼保全")
    shown = seat.read(page).text
    assert "因诉讼保全" in shown
    assert "自动删除未启用" in shown
    send(seat, page, f"{page}/lift")
    assert "因诉讼保全" not in seat.read(page).text


def test_who_is_complained_of_neither_sees_nor_lifts_a_hold(house: RegulationOffice) -> None:
    about = replace(draft(), about_staff=AGENT.staff_id, about_unit=CARDS)
    number, other = (house.desk.register(each).number for each in (about, draft()))
    result_of(house.figures.hold(number, PROTECTION, "员工被诉"))
    concerned = replace(SUPERVISOR, department_id=CARDS)
    seat = house.seat(concerned)
    form = next(each for each in forms_of(seat.read(RECORDS).text) if each.action == HOLD)
    page = seat.read(RECORDS).text
    assert number not in page
    assert "员工被诉" not in page
    for path in (HOLD, "/regulation/records/lift"):
        answer = seat.browser.post(path, form.fields | {"number": number, "reason": "x"})
        assert answer.status == 409
        assert "x" not in {each.reason for each in result_of(house.figures.holds())}
    assert len(result_of(house.figures.holds())) == 1
    assert seat.browser.post(HOLD, form.fields | {"number": other, "reason": "y"}).status == 303


def test_records_about_a_unit_are_not_shown_there_once_due_or_gone() -> None:
    house = RegulationOffice(delete=True)
    about = replace(draft(), about_staff=AGENT.staff_id, about_unit=CARDS)
    number = house.desk.register(about).number
    house.desk.solve(number)
    house.desk.advance(days=366 * 11)
    seats = house.seat(replace(SUPERVISOR, department_id=CARDS)), house.seat(SUPERVISOR)
    assert [number in seat.read(RECORDS).text for seat in seats] == [False, True]
    result_of(Deferred.fromCoroutine(house.figures.erase()))
    seats = house.seat(replace(SUPERVISOR, department_id=CARDS)), house.seat(SUPERVISOR)
    assert [number in seat.read(RECORDS).text for seat in seats] == [False, True]
