"""The pages of the working calendar: a year to read, a change tried, saved and undone."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from cti.kernel.calendar import Mark, Span
from cti.kernel.calendars import load_calendar
from cti.kernel.overlay import overlaid
from cti.kernel.vocabulary import Language, Role
from tests.support.calendar_desk import CHINA, CLOSED, open_at, saying
from tests.support.calendar_office import CalendarOffice
from tests.support.forms import PageForm, forms_of
from tests.support.ticket_office import Seat
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    OFFICE_HOURS,
    OFFICER,
    local,
    national_day_2026,
)
from tickets.calendar.export import exported
from tickets.messages import remind_txn
from tickets.model import Audience, MessageKind
from tickets.web.calendar.year import Sort, year_of
from tickets.workflow import Action, ClockKind

SHIPPED = Path(__file__).parents[4] / "config" / "calendars" / "office.yaml"
PAGE = "/calendar?calendar=office&year=2026"
TUESDAY = "2026-11-24"
TYPHOON = {"from": TUESDAY, "kind": "closed", "name_zh": "台风", "in": "office"}


def form(seat: Seat, what: str, page: str = PAGE) -> PageForm:
    forms = forms_of(seat.read(page).text)
    return next(each for each in forms if each.fields.get("what") == what)


def tried(seat: Seat, typed: dict[str, str]) -> PageForm:
    """The form that saves what was tried."""
    answer = seat.browser.post("/calendar/try", form(seat, "days").fields | typed)
    assert answer.status == 200, answer.text
    return saving(answer.text)


def saving(page: str) -> PageForm:
    return next(each for each in forms_of(page) if each.action == "/calendar/save")


def ticket(office: CalendarOffice) -> str:
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    return number


def test_everybody_reads_the_year_and_only_some_are_offered_a_change() -> None:
    office = CalendarOffice()
    office.desk.change(saying(CLOSED, date(2026, 11, 24)), reason="台风红色预警")
    for principal in (AGENT, DISPATCHER, OFFICER, HEAD):
        page = office.seat(principal).read(PAGE).text
        assert "台风" in page
        assert "台风红色预警" in page
        assert "/calendar/try" not in page
    seat = office.supervisor()
    assert "/calendar/try" in seat.read(PAGE).text
    fields = form(seat, "days").fields | TYPHOON
    for path in ("/calendar/try", "/calendar/save"):
        agent = office.seat(AGENT)
        csrf = forms_of(agent.read(PAGE).text)[0].fields["csrf"]
        assert agent.browser.post(path, fields | {"csrf": csrf}).status == 403


def test_a_change_says_first_what_it_moves_and_is_then_saved_and_undone() -> None:
    office = CalendarOffice()
    number = ticket(office)
    before = office.desk.view(number).clocks
    seat = office.supervisor()
    answer = seat.browser.post("/calendar/try", form(seat, "days").fields | TYPHOON)
    assert number in answer.text
    assert "将移动" in answer.text
    assert office.desk.view(number).clocks == before
    save = saving(answer.text)
    saved = seat.browser.post(save.action, save.fields | {"reason": "台风红色预警"})
    assert saved.status == 303
    assert saved.headers["location"] == "/calendar?calendar=office&year=2026&done=1"
    assert office.desk.view(number).clocks != before
    page = seat.read(saved.headers["location"]).text
    assert re.search(r"已保存，移动了 [1-9]", page)
    undo = form(seat, "undo")
    save = saving(seat.browser.post(undo.action, undo.fields).text)
    assert seat.browser.post(save.action, save.fields | {"reason": "警报解除"}).status == 303
    assert office.desk.view(number).clocks == before
    page = seat.read(PAGE).text
    assert "撤销第 1 次" in page
    assert "已撤销" in page


def test_why_a_deadline_is_due_names_who_changed_the_day() -> None:
    office = CalendarOffice()
    office.desk.change(saying(CLOSED, date(2026, 11, 24)), reason="台风红色预警")
    office.desk.change(saying(open_at("09:00-12:00"), date(2026, 11, 28)), reason="补班")
    number = ticket(office)
    clocks = office.desk.view(number).clocks
    serial = next(each.serial for each in clocks if each.kind is ClockKind.RESULT)
    page = office.supervisor().read(f"/tickets/{number}/clocks/{serial}").text
    assert "2026-11-24 周二 由 supervisor 于 2026-11-23 周一 09:00 设为休息：台风红色预警" in page


def test_whoever_looks_at_an_old_page_is_told_what_changed() -> None:
    office = CalendarOffice()
    seat = office.supervisor()
    save = tried(seat, TYPHOON)
    office.desk.change(saying(CLOSED, date(2026, 11, 25)), reason="机房搬迁")
    answer = seat.browser.post(save.action, save.fields | {"reason": "台风"})
    assert answer.status == 409
    assert "机房搬迁" in answer.text
    again = saving(answer.text)
    assert again.fields["reason"] == "台风"
    assert again.fields["version"] == "1"
    assert seat.browser.post(again.action, again.fields).status == 303


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"from": ""}, "from", "不是日期"),
        ({"from": "2026-12-30", "to": "2027-01-02"}, "to", "不能跨年"),
        ({"to": "2026-11-01"}, "to", "早于"),
        ({"kind": ""}, "kind", "请选择"),
        ({"kind": "open", "hours": ""}, "hours", "必须填写时段"),
        ({"kind": "open", "hours": "09:00-25:00"}, "hours", "09:00-25:00"),
        ({"kind": "open", "hours": "9:00-12:00, 11:00-15:00"}, "hours", "11:00-15:00"),
        ({"from": "1999-01-01"}, "from", "2000"),
        ({"from": "2026-11-28", "kind": "written"}, "", "没有变化"),
        ({"from": "2028-01-01", "to": "2028-12-31"}, "", "没有一天上班"),
        ({"in": "branches"}, "", "branches"),
    ],
)
def test_bad_input_says_where_and_what_and_keeps_what_was_typed(
    typed: dict[str, str], field: str, said: str
) -> None:
    office = CalendarOffice()
    seat = office.supervisor()
    sent = form(seat, "days").fields | TYPHOON | typed
    answer = seat.browser.post("/calendar/try", sent)
    assert answer.status == 409
    assert said in answer.text
    if field in ("from", "to", "hours"):
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.text)
    kept = next(each for each in forms_of(answer.text) if each.fields.get("what") == "days")
    assert (kept.fields["from"], kept.fields["name_zh"]) == (sent["from"], "台风")
    assert kept.fields["hours"] == sent["hours"]


def test_a_change_without_a_reason_is_asked_for_it() -> None:
    office = CalendarOffice()
    seat = office.supervisor()
    save = tried(seat, TYPHOON)
    answer = seat.browser.post(save.action, save.fields | {"reason": " "})
    assert answer.status == 409
    assert "请填写原因" in answer.text
    assert office.desk.calendar.book.current.version == 0


def test_what_is_saved_is_what_was_looked_at() -> None:
    office = CalendarOffice()
    seat = office.supervisor()
    save = tried(seat, TYPHOON)
    other = save.fields | {"from": "2026-11-25", "reason": "台风"}
    assert seat.browser.post(save.action, other).status == 409
    assert office.desk.calendar.book.current.version == 0


def test_next_years_list_is_asked_for_and_taken_when_it_is_published() -> None:
    office = CalendarOffice()
    office.desk.clock.rightNow = local("2026-12-05 09:00").timestamp()
    seat = office.supervisor()
    assert "缺少 2027 年的放假安排" in seat.read(PAGE).text
    take = form(seat, "packages")
    assert "2027 年：尚未公布" in seat.browser.post(take.action, take.fields).text
    office.desk.published[2027] = CHINA
    answer = seat.browser.post(take.action, take.fields)
    assert "春节" in answer.text
    assert office.desk.calendar.book.current.version == 0
    save = saving(answer.text)
    assert seat.browser.post(save.action, save.fields | {"reason": "国办通知"}).status == 303
    page = seat.read("/calendar?calendar=office&year=2027").text
    assert "缺少 2027 年" not in page
    assert "元旦" in page


def test_whoever_completed_the_list_by_hand_says_so() -> None:
    office = CalendarOffice()
    office.desk.clock.rightNow = local("2026-12-05 09:00").timestamp()
    seat = office.supervisor()
    complete = form(seat, "complete")
    save = saving(seat.browser.post(complete.action, complete.fields).text)
    assert seat.browser.post(save.action, save.fields | {"reason": "已核对"}).status == 303
    assert "缺少 2027 年" not in seat.read(PAGE).text


def test_years_are_completed_one_after_the_other() -> None:
    seat = CalendarOffice().supervisor()
    page = "/calendar?calendar=office&year=2028"
    for missing in (2027, 2028):
        assert f"缺少 {missing} 年的放假安排" in seat.read(page).text
        complete = form(seat, "complete", page)
        save = saving(seat.browser.post(complete.action, complete.fields).text)
        assert seat.browser.post(save.action, save.fields | {"reason": "已核对"}).status == 303
    assert "的放假安排" not in seat.read(page).text


def test_the_alarm_leads_to_the_page() -> None:
    office = CalendarOffice()
    told = Audience(Role.SUPERVISOR)
    with_message = (told, MessageKind.CALENDAR, "office", local("2026-11-23 09:00"))
    database = office.desk.database
    database.run(remind_txn, *with_message, local("2026-11-30 09:00") - local("2026-11-23 09:00"))
    page = office.supervisor().read("/tickets/messages").text
    assert '<a href="/calendar?calendar=office">' in page


def test_the_file_of_what_is_in_force_is_for_everybody_to_take() -> None:
    office = CalendarOffice()
    office.desk.change(saying(CLOSED, date(2026, 11, 24)))
    answer = office.seat(AGENT).read("/calendar/file?calendar=office")
    assert answer.headers["content-disposition"] == 'attachment; filename="office.yaml"'
    assert yaml.safe_load(answer.text)["holidays"] == {date(2026, 11, 24): "台风"}


def test_a_calendar_of_a_country_reads_back_with_what_was_made_of_its_days(tmp_path: Path) -> None:
    years = range(2024, 2029)
    shipped = load_calendar(SHIPPED, years)
    days = {
        date(2026, 10, 1): (Span.parse("10:00-12:00"),),
        date(2026, 10, 10): (),
        date(2026, 11, 24): (),
        date(2026, 11, 28): (Span.parse("22:00-02:00"),),
    }
    at = local("2026-09-01 09:00")
    marks = {day: Mark(spans, '"停"', "", 1, "张三", at, "") for day, spans in days.items()}
    mine = overlaid(shipped, marks, {2027})
    file = tmp_path / "office.yaml"
    file.write_text(exported(mine, 2026))
    read = load_calendar(file, years)
    for ordinal in range(date(2024, 1, 1).toordinal(), date(2029, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        assert read.spans_on(day) == mine.spans_on(day), day
    assert read.holidays == mine.holidays
    assert read.valid_until == mine.valid_until


def test_a_written_file_reads_back_day_by_day(tmp_path: Path) -> None:
    calendar = national_day_2026()
    file = tmp_path / "office.yaml"
    file.write_text(exported(calendar, 2026))
    read = load_calendar(file, range(2024, 2029))
    assert read.week == calendar.week
    assert (read.holidays, read.workdays) == (calendar.holidays, calendar.workdays)


def test_a_month_tells_its_special_days_together() -> None:
    months = year_of(national_day_2026(), 2026, Language.ENGLISH)
    october = months[9]
    assert [(each.first.day, each.last.day, each.told.sort) for each in october.notes] == [
        (1, 7, Sort.HOLIDAY),
        (10, 10, Sort.MADE_UP),
    ]
    assert october.notes[0].told.name == "National Day"
    assert october.open_days == 18
    assert sum(cell is not None for week in october.weeks for cell in week) == 31
    assert len(months) == 12
    assert national_day_2026().spans_on(date(2026, 10, 10)) == OFFICE_HOURS
