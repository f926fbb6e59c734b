"""The lists of tickets over HTTP in memory: tabs, search, filters, views, exports, news."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from openpyxl.reader.excel import load_workbook
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from cti.kernel.vocabulary import Language, Role
from cti.web.formats import Formats
from tests.support.browsers import Answer, Socket
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.ticket_office import Seat, TicketOffice
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    HEAD,
    OFFICER,
    OTHER_AGENT,
    OTHER_OFFICER,
    SHANGHAI,
    SUPERVISOR,
    draft,
    person,
)
from tickets.model import CUSTOMER
from tickets.search.saved import MOST_VIEWS
from tickets.sweeping import RETRY_AFTER
from tickets.web.board import SETTLE
from tickets.web.export import csv_lines
from tickets.web.reach import View, tabs_of
from tickets.workflow import Action


@pytest.fixture
def office() -> TicketOffice:
    return TicketOffice()


def found(seat: Seat, query: str, view: str = "all") -> list[str]:
    """The numbers that a search shows, in their order."""
    page = seat.read(f"/tickets?view={view}&q={quote(query)}").text
    return [part.partition('"')[0] for part in page.split('data-number="')[1:]]


def send(seat: Seat, action: str, **typed: str) -> Answer:
    """Send the list's form of that address."""
    forms = forms_of(seat.read("/tickets").text)
    csrf = next(each.fields["csrf"] for each in forms if "csrf" in each.fields)
    return seat.browser.post(action, {"csrf": csrf, **typed})


def test_a_list_has_pages_that_begin_where_the_last_one_ended(office: TicketOffice) -> None:
    numbers = [office.desk.register().number for _ in range(101)]
    agent = office.seat(AGENT)
    shown, path = list[str](), "/tickets?view=mine"
    while path:
        page = agent.read(path).text
        shown += [part.partition('"')[0] for part in page.split('data-number="')[1:]]
        _, _, rest = page.partition('rel="next" href="')
        path = rest.partition('"')[0].replace("&amp;", "&")
    assert shown == numbers
    assert "共 101 个" in page
    back = page.partition('rel="prev" href="')[2].partition('"')[0].replace("&amp;", "&")
    before = agent.read(back).text
    assert [part[:11] for part in before.split('data-number="')[1:]] == numbers[50:100]


def test_every_ticket_ever_is_listed_the_latest_first(office: TicketOffice) -> None:
    numbers = [office.desk.register().number for _ in range(51)]
    office.desk.solve(numbers[50])
    agent = office.seat(AGENT)
    assert found(agent, "") == numbers[:0:-1]
    page = agent.read("/tickets?view=all").text
    last = agent.read(
        page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    )
    assert numbers[0] in last.text


@pytest.mark.parametrize("mark", ["x", "a", "axy", "a1_x", "c5", "a" + "9" * 80])
def test_a_broken_address_is_no_bug_of_ours(office: TicketOffice, mark: str) -> None:
    assert office.seat(AGENT).browser.get(f"/tickets?from={mark}").status == 400


def test_tabs_count_what_lies_in_them(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.desk.register()
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    page = office.seat(DISPATCHER).read("/tickets").text
    assert 'data-count="count/dispatch">1<' in page
    assert 'data-count="count/open">2<' in page
    own = office.seat(OFFICER).read("/tickets").text
    assert f'data-count="count/dept:{CARDS}:sent">1<' in own
    assert number in own
    assert "count/open" not in own


def test_an_overdue_ticket_is_loud(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    assert 'class="late"' not in agent.read("/tickets").text
    office.desk.advance(hours=3)
    page = agent.read("/tickets?view=overdue").text
    assert '<tr class="late"' in page
    assert "超时 1 小时 0 分" in page
    assert number in page
    assert 'class="count some late" data-count="late/open">1<' in page


def test_chinese_words_of_any_length_are_found_and_marked(office: TicketOffice) -> None:
    number = office.desk.register(draft(title="取款机吞卡")).number
    other = office.desk.register(draft(title="网银转账失败")).number
    agent = office.seat(AGENT)
    assert found(agent, "卡") == [number]
    assert found(agent, "吞卡") == [number]
    assert found(agent, "取款机吞卡") == [number]
    assert found(agent, "款取") == []
    assert found(agent, "营业部 转账") == [other]
    assert found(agent, '"周一上午在营业部"') == [other, number]
    assert found(agent, '"周一营业部"') == []
    assert "<mark>营业部</mark>" in agent.read(f"/tickets?q={quote('营业部')}").text


def test_what_acts_said_is_found_too(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.NOTE, AGENT, {"text": "客户补充：叫号机故障"})
    agent = office.seat(AGENT)
    assert found(agent, "叫号机") == [number]
    office.desk.solve(number)
    assert found(agent, "叫号机 柜台") == [number]


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("kind:complaint", True),
        ("类型：投诉", True),
        ("type:complaint", True),
        ("kind:suggestion", False),
        ("dept:cards 部门:银行卡部", True),
        ("dept:lending", False),
        ("opened:2026-11", True),
        ("opened:2026-11-23..2026-11-24", True),
        ("登记:<今天", False),
        ("opened:today", True),
        ("due:>=2026-11-23", True),
        ("due:<2026-11-23", False),
        ("from:王芳", True),
        ("from:8000", True),
        ("from:柜台", False),
        ("urgency:ordinary source:call", True),
        ("level:1", False),
    ],
)
def test_filters_are_words_in_either_language(office: TicketOffice, query: str, hits: bool) -> None:
    number = office.desk.register().number
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    assert found(office.seat(AGENT), query) == [number] * hits


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("colour:red", "colour"),
        ("kind:red", "投诉、建议"),
        ("due:someday", "someday"),
        ("due:2026-13", "2026-13"),
        ("opened:2026-11-24..2026-11-23", "2026-11-24"),
        ('"half', "引号"),
        ("！！", "！！"),
        ("a " * 17, "16"),
    ],
)
def test_what_is_not_understood_is_said(office: TicketOffice, query: str, says: str) -> None:
    office.desk.register()
    answer = office.seat(AGENT).browser.get(f"/tickets?q={quote(query)}")
    assert answer.status == 409
    assert says in answer.text.partition('id="search-error" role="alert">')[2].partition("</p>")[0]
    assert "data-number=" not in answer.text


def test_the_form_of_filters_writes_a_query(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    answer = agent.browser.get(
        "/tickets/lists/filter?view=open&q=%E6%9F%9C%E5%8F%B0&kind=complaint"
        "&opened_from=2026-11-01&opened_to=&state="
    )
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query == {"view": ["open"], "q": ["柜台 kind:complaint opened:2026-11-01.."]}
    page = agent.read(answer.headers["location"]).text
    assert '<option value="complaint" selected>' in page
    assert 'name="opened_from" value="2026-11-01"' in page


def test_views_are_saved_shared_and_dropped(office: TicketOffice) -> None:
    supervisor, agent = office.seat(SUPERVISOR), office.seat(AGENT)
    typed = {"view": "open", "q": "kind:complaint", "name": "未办结投诉"}
    assert send(supervisor, "/tickets/lists/views", shared="yes", **typed).status == 303
    assert send(agent, "/tickets/lists/views", **typed | {"name": "我的<b>"}).status == 303
    page = agent.read("/tickets").text
    assert "未办结投诉" in page
    assert "我的&lt;b&gt;" in page
    assert "我的&lt;b&gt;" not in supervisor.read("/tickets").text
    drops = [each.action for each in forms_of(page) if each.action.endswith("/drop")]
    assert len(drops) == 1
    send(supervisor, drops[0])
    assert "我的&lt;b&gt;" in agent.read("/tickets").text
    send(agent, drops[0])
    assert "我的&lt;b&gt;" not in agent.read("/tickets").text


def test_only_so_many_views(office: TicketOffice) -> None:
    agent = office.seat(AGENT)
    for number in range(MOST_VIEWS):
        send(agent, "/tickets/lists/views", view="open", q="", name=str(number))
    assert send(agent, "/tickets/lists/views", view="open", q="", name="0").status == 303
    assert send(agent, "/tickets/lists/views", view="open", q="", name="one more").status == 409
    assert send(agent, "/tickets/lists/views", view="open", q="", name="").status == 409


def test_a_list_is_exported_whole_masked_and_written_down(office: TicketOffice) -> None:
    numbers = [office.desk.register(draft(title=f"=cmd {n}")).number for n in range(120)]
    quality = office.seat(person(Role.QUALITY))
    answer = send(quality, "/tickets/lists/export.csv", view="open", q="")
    lines = answer.body.decode("utf-8-sig").split("\r\n")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    assert [line.split(",")[0] for line in lines] == ["单号", *numbers, ""]
    assert "'=cmd 0" in lines[1]
    assert "王芳" not in lines[1]
    assert "王*" in lines[1]
    assert 'filename="tickets-open-' in answer.headers["content-disposition"]
    audit = office.seat(SUPERVISOR).read("/tickets/lists/exports").text
    assert person(Role.QUALITY).name in audit
    assert ">120</td>" in audit


def test_a_workbook_holds_text_numbers_and_instants(office: TicketOffice) -> None:
    number = office.desk.register(draft(title="=1+1")).number
    answer = send(office.seat(SUPERVISOR), "/tickets/lists/export.xlsx", view="open", q="=1")
    sheet = load_workbook(BytesIO(answer.body)).active
    assert sheet is not None
    heading, row = (list(each) for each in sheet.iter_rows(values_only=True))
    assert heading[:3] == ["单号", "类型", "标题"]
    assert row[:3] == [number, "投诉", "=1+1"]
    assert str(row[heading.index("登记时间")]) == "2026-11-23 09:00:00"
    assert sheet["C2"].data_type == "s"


def test_both_formats_tell_how_a_ticket_was_reported_and_how_it_ended(office: TicketOffice) -> None:
    desk = office.desk
    number = desk.register(replace(draft(), details={"branch": "营业部"})).number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER)
    desk.advance(hours=1)
    desk.act(
        number, Action.RETURN, HEAD, {"finding": "属实", "proposed_reply": "致歉", "cause": "C01"}
    )
    desk.act(number, Action.APPROVE, DISPATCHER)
    desk.act(number, Action.REPLY, AGENT)
    desk.act(number, Action.CALL_BACK, OTHER_AGENT)
    seat = office.seat(SUPERVISOR)
    body = send(seat, "/tickets/lists/export.csv", view="all").body.decode("utf-8-sig")
    heading, row = csv.reader(body.splitlines())
    told = dict(zip(heading, row, strict=True))
    assert told["投诉原因代码"] == "C01"
    assert (told["来源"], told["网点"]) == ("来电", "营业部")
    assert (told["主办部门"], told["部门用时（小时）"]) == ("银行卡部", "1.0")
    assert (told["办结时间"], told["办结人"]) == ("2026-11-23 10:00:00", "agent-2")
    assert (told["办结方式"], told["回访：满意"]) == ("登记回访", "是")
    assert (told["答复时间"], told["答复用时（日历日）"], told["答复逾期"]) == (
        "2026-11-23 10:00:00",
        "0",
        "",
    )
    book = send(seat, "/tickets/lists/export.xlsx", view="all").body
    sheet = load_workbook(BytesIO(book)).active
    assert sheet is not None
    assert [each.value for each in next(iter(sheet.iter_rows()))] == heading


@pytest.mark.parametrize("by", [AGENT, OFFICER])
def test_not_everybody_takes_lists_out_of_the_house(office: TicketOffice, by: object) -> None:
    seat = office.seat(by)  # type: ignore[arg-type]  # pytest hands on what it was given
    assert "export.csv" not in seat.read("/tickets").text
    assert send(seat, "/tickets/lists/export.csv", view="all").status == 403


def test_a_department_exports_what_it_sees(office: TicketOffice) -> None:
    number = office.desk.register().number
    office.desk.register()
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    answer = send(office.seat(HEAD), "/tickets/lists/export.csv", view="all")
    lines = answer.body.decode("utf-8-sig").split("\r\n")
    assert [line.split(",")[0] for line in lines[1:-1]] == [number]


def test_pages_are_told_together_what_changed(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent, officer, other = (office.seat(each) for each in (AGENT, OFFICER, OTHER_OFFICER))
    sockets = [seat.browser.socket("/tickets/live") for seat in (agent, officer, other)]
    assert [socket.received()[0]["snapshot"] for socket in sockets] == [{}, {}, {}]
    office.desk.act(number, Action.DISPATCH, DISPATCHER)
    office.desk.act(number, Action.URGE, AGENT)
    assert [socket.received() for socket in sockets] == [[], [], []]
    office.desk.advance(seconds=SETTLE)
    news = [socket.received() for socket in sockets]
    told = [{key for each in of_page for key in each.get("set", {})} for of_page in news]
    assert told[0] >= {number, "count/open", "count/urged"}
    assert told[1] >= {number, "count/dept:cards", "count/dept:cards:sent"}
    assert not any(key.startswith(("count/open", "count/mine")) for key in told[1])
    own = OTHER_OFFICER.staff_id
    assert told[2] == {f"unread/{own}", f"notices/{own}"}
    counts = {key: value for each in news[1] for key, value in each.get("set", {}).items()}
    assert counts["count/dept:cards:sent"]["count"] == 1
    assert counts[number] == {"version": 3}


def test_a_list_is_told_that_it_changed_though_its_count_did_not(office: TicketOffice) -> None:
    number = office.desk.register().number
    socket = office.seat(AGENT).browser.socket("/tickets/live")
    socket.received()
    turns = []
    for _ in range(2):
        office.desk.act(number, Action.NOTE, AGENT)
        office.desk.advance(seconds=SETTLE)
        counts = [each["set"] for each in socket.received() if "set" in each]
        turns += [each["count/open"]["turn"] for each in counts if "count/open" in each]
    assert turns == [1, 2]


class TestAwayDatabase(SynchronousTestCase):
    """What changed while it was away is shown once it is back."""

    def test_told_once_it_is_back(self) -> None:
        for works in range(4):
            office = TicketOffice()
            number = office.desk.register().number
            sockets = [
                office.seat(each).browser.socket("/tickets/live") for each in (DISPATCHER, OFFICER)
            ]
            office.desk.advance(seconds=SETTLE)
            office.desk.act(number, Action.DISPATCH, DISPATCHER)
            for socket in sockets:
                socket.received()
            database = office.desk.database
            read = database.read
            database.read = breaking(read, works)  # type: ignore[method-assign]
            office.desk.advance(seconds=SETTLE)
            assert len(self.flushLoggedErrors(OSError)) == 1
            database.read = read  # type: ignore[method-assign]
            office.desk.advance(seconds=RETRY_AFTER)
            dispatcher, officer = (counts_told(socket) for socket in sockets)
            assert dispatcher[number] == officer[number] == {"version": 2}
            assert dispatcher["count/dispatch"]["count"] == 0
            assert officer["count/dept:cards:sent"]["count"] == 1
            assert officer[f"notices/{OFFICER.staff_id}"]["count"] == 1


def breaking(read: Callable[..., Deferred[Any]], works: int) -> Callable[..., Deferred[Any]]:
    """So many readings go well, then the database is gone."""
    left = [works]

    def answer(*asked: Any) -> Deferred[Any]:
        left[0] -= 1
        return read(*asked) if left[0] >= 0 else fail(OSError("gone"))

    return answer


def counts_told(socket: Socket) -> dict[str, Any]:
    """The latest of all that a page was told."""
    return {key: value for each in socket.received() for key, value in each.get("set", {}).items()}


def test_everybody_is_told_what_they_have_not_looked_at(office: TicketOffice) -> None:
    number = office.desk.register().number
    agent = office.seat(AGENT)
    socket = agent.browser.socket("/tickets/live")
    own = f"unread/{AGENT.staff_id}"

    def unread() -> int | None:
        office.desk.advance(seconds=SETTLE)
        told = [
            each["set"][own]["count"] for each in socket.received() if own in each.get("set", {})
        ]
        return told[-1] if told else None

    assert unread() == 0
    office.desk.act(number, Action.CONTACT, CUSTOMER, {"channel": "email", "text": "何时答复？"})
    assert unread() == 1
    office.desk.act(number, Action.NOTE, DISPATCHER)
    assert unread() is None, "nothing came in"
    assert f'data-count="{own}"' in agent.read(f"/tickets/{number}").text
    assert unread() == 0, "looked at"


@pytest.mark.parametrize("language", Language)
def test_every_tab_has_its_name(office: TicketOffice, language: Language) -> None:
    for view in View:
        assert office.office.frame.text(language, f"ticket.view.{view.value}")


def test_every_role_has_a_list_to_begin_with() -> None:
    for role in Role:
        assert tabs_of(person(role, CARDS))[0].view in View


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t"])
def test_no_cell_begins_as_a_formula(mark: str) -> None:
    written = csv_lines([[f"{mark}cmd|' /C calc'!A1"]], Formats(Language.CHINESE, SHANGHAI))
    assert written.decode().lstrip('"').startswith("'")
    if mark != "\t":
        for between in (";", '"; "', "\t", "\n", " | "):
            cell = f"ordinary{between}{mark}cmd|' /C calc'!A1"
            written = csv_lines([[cell, "x"]], Formats(Language.CHINESE, SHANGHAI))
            apart = re.split(r"[;\t\n|]", written.decode())
            assert not any(
                each.strip("\"' ").startswith(mark) for each in apart[:2] if "'" not in each
            )
            assert f"'{mark}cmd" in written.decode()


def test_a_list_is_read_in_the_order_its_head_was_clicked_for() -> None:
    office = TicketOffice()
    for each in ("甲", "乙", "丙"):
        office.desk.register(draft(title=each))
        office.desk.advance(minutes=1)
    seat = office.seat(AGENT)

    def titles(query: str) -> list[str]:
        page = seat.read(f"/tickets?view=all&q={quote(query)}").text
        return [each for each in re.findall(r'class="matter"[^>]*>([^<]+)<', page) if each]

    page = seat.read("/tickets?view=all").text
    assert "order%3Achanged" in page
    assert titles("") == ["丙", "乙", "甲"]
    assert titles("order:oldest") == titles("排序:最早登记") == ["甲", "乙", "丙"]
    assert 'aria-sort="ascending"' in seat.read("/tickets?view=all&q=order:oldest").text
    assert "order%3Aoldest" not in re.findall(r'class="by" href="([^"]+)"', page)[0]


def test_everybody_arranges_their_views_and_those_that_are_shared() -> None:
    office = TicketOffice()
    mine, theirs = office.seat(AGENT), office.seat(SUPERVISOR)

    def save(seat: Seat, name: str, **more: str) -> None:
        form = next(each for each in forms_of(seat.read("/tickets").text) if "name" in each.fields)
        assert seat.browser.post(form.action, form.fields | {"name": name} | more).status == 303

    def names() -> list[str]:
        page = seat_page()
        return re.findall(r'class="chip[^>]*><a [^>]*>([^<]+)</a>', page)

    def seat_page() -> str:
        return mine.read("/tickets").text

    def press(last: str, to: str) -> None:
        form = next(each for each in forms_of(seat_page()) if each.action.endswith(last))
        mine.browser.post(form.action, form.fields | {"to": to})

    save(theirs, "乙 shared", shared="yes")
    for name in ("a", "b", "c"):
        save(mine, name)
    assert names() == ["a", "b", "c", "乙 shared"]
    saved = result_of(office.desk.service.lists.views(AGENT.staff_id))
    views = {each.name: each.view_id for each in saved}
    press(f"/{views['c']}/move", "up")
    assert names() == ["a", "c", "b", "乙 shared"]
    press(f"/{views['a']}/move", "up")
    press(f"/{views['b']}/move", "down")
    assert names() == ["a", "c", "b", "乙 shared"]
    press("/views/shared", "first")
    assert names() == ["乙 shared", "a", "c", "b"]
    save(mine, "d")
    assert names() == ["乙 shared", "a", "c", "b", "d"]
    assert "乙 shared" in theirs.read("/tickets").text
