"""What happens to tickets besides the straight way, by HTTP and LMTP against a whole house.

Instants are worked out by hand as in `test_case_of_a_complaint`: the hotline is always open,
departments from 09:00 to 12:00 and from 13:30 to 17:30 on weekdays.
"""

import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.case_records import case_of, clocks_of, history_of, messages_of, table
from tests.support.house import free_port
from tests.support.leaping_house import Clerk, LeapingHouse, leaping_house
from tests.support.live import LiveClient
from tests.support.mail_taker import MailTaker, mail_taker
from tickets.model import Dispatch
from tickets.replay import replayed

OFFICE_HOURS = {"weekdays": ["09:00-12:00", "13:30-17:30"], "weekend": []}
LMTP_PORT = free_port()
CUSTOMER = "wang@example.com"


@pytest.fixture(scope="module")
def post() -> Iterator[MailTaker]:
    with mail_taker() as taker:
        yield taker


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, prompts: Path, post: MailTaker
) -> Iterator[LeapingHouse]:
    mail = {
        "sender": "service@bank.example",
        "send": {"host": "127.0.0.1", "port": post.port, "encryption": "none"},
        "listen": {"port": LMTP_PORT},
    }
    folder = tmp_path_factory.mktemp("leaping")
    changes = {"tickets": {"mail": mail}}
    with leaping_house(folder, prompts, changes, "2026-11-23 08:55", OFFICE_HOURS) as running:
        yield running


@pytest.fixture(scope="module")
def people(house: LeapingHouse) -> dict[str, Clerk]:
    logins = ("1001", "1002", "2001", "2002", "dispatcher", "protection", "executive")
    units = ("cards-1", "cards-head", "retail-1", "retail-head")
    return {login: Clerk(house, login) for login in (*logins, *units)}


@pytest.fixture(scope="module")
def agent(people: dict[str, Clerk]) -> Clerk:
    return people["1001"]


@pytest.fixture(scope="module")
def dispatcher(people: dict[str, Clerk]) -> Clerk:
    return people["dispatcher"]


MATTER = {"title": "柜台排队两小时", "text": "无人解释。", "business": "B01"}
WHO = {"name": "王芳", "contact": "13800138000", "email": CUSTOMER}


def complaint(agent: Clerk, **typed: str) -> str:
    """A new one, though the customer has others."""
    return agent.register(**{**MATTER, **WHO, "despite": "yes", **typed})


def lead_of(house: LeapingHouse, number: str) -> Dispatch:
    lead = case_of(house, number)[0].lead
    assert lead is not None
    return lead


def in_tune(house: LeapingHouse, number: str) -> None:
    """The history makes the case that is kept."""
    case, history = case_of(house, number)
    assert replayed(case.number, history) == case


def write(subject: str, text: str) -> None:
    """The customer writes an e-mail."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = CUSTOMER, "service@bank.example", subject
    letter["Message-ID"] = f"<{abs(hash(subject))}@example.com>"
    letter.set_content(text)
    with smtplib.LMTP("127.0.0.1", LMTP_PORT) as server:
        server.sendmail(CUSTOMER, ["service@bank.example"], letter.as_bytes())


# --- standing still, and more time ---------------------------------------------------------------


def test_an_order_stands_still_until_the_customer_writes(
    house: LeapingHouse, people: dict[str, Clerk], agent: Clerk, dispatcher: Clerk
) -> None:
    """40 h from Monday 09:10 end on Monday 30th at 15:40; a day of 7 h without work: a day later.

    News owed to the customer within 40 h waits as long, 24 h round the clock. The statutory period
    does not stand still for it, nor for anything that the bank waits for.
    """
    house.until("2026-11-23 09:00")
    number = complaint(agent)
    house.until("2026-11-23 09:10")
    dispatcher.do(number, "dispatch", department="cards", text="请核实")
    house.until("2026-11-23 09:20")
    people["cards-1"].do(number, "accept")
    house.until("2026-11-23 09:50")
    agent.do(number, "inform", channel="call", text="正在核实")
    house.until("2026-11-23 10:00")
    people["cards-1"].do(
        number,
        "ask_suspension",
        ground="customer",
        reason="需客户补交凭证",
        until="2026-11-30T17:00",
    )
    assert "grant_petition" not in dispatcher.acts(f"/tickets/{number}"), "the head signs first"
    house.until("2026-11-23 10:10")
    people["cards-head"].do(number, "sign_petition")
    house.until("2026-11-23 10:30")
    dispatcher.do(number, "grant_petition", reason="同意")
    result = table("5 result 1 11-23 09:10 11-30 15:40 runs")[0]
    assert clocks_of(house, number)[4] == result
    assert house.rows("SELECT action FROM ticket_tasks WHERE number=? AND done IS NULL", number)
    house.until("2026-11-24 10:30")
    write(f"关于工单{number}", "附上凭证。")
    house.wait_until(
        lambda: case_of(house, number)[0].dispatches[0].state.value == "accepted",
        15,
        "the order goes on",
    )
    assert clocks_of(house, number) == table("""
        1 dispatch      - 11-23 09:00 11-23 11:00 11-23 09:10 met
        2 first_contact - 11-23 09:00 11-23 17:00 11-23 09:50 met
        3 decision      - 11-23 09:00 12-09 00:00 runs
        4 accept        1 11-23 09:10 11-23 14:40 11-23 09:20 met
        5 result        1 11-23 09:10 12-01 15:40 runs
        6 keep_informed - 11-23 09:50 11-26 01:50 runs
        7 answer        - 11-24 10:30 11-24 18:30 runs
    """)
    assert messages_of(house, number)[-1] == ["11-24", "10:30", "work", "contact", "agent", "1001"]
    assert not house.rows("SELECT 1 FROM ticket_tasks WHERE number=? AND done IS NULL", number)
    assert "附上凭证" in agent.read(f"/tickets/{number}")
    in_tune(house, number)


def test_the_statutory_period_is_lengthened_twice_by_whom_the_law_names(
    house: LeapingHouse, people: dict[str, Clerk], agent: Clerk, dispatcher: Clerk
) -> None:
    """Received on 24 November: 30 days end with 24 December, 60 with 23 January."""
    house.until("2026-11-24 11:00")
    number = complaint(agent)
    path = f"/tickets/{number}"
    supervisor, executive = people["2001"], people["executive"]
    assert "extend_decision" not in dispatcher.acts(path)
    assert "extend_decision" not in executive.acts(path), "the first step is the supervisor's"
    form = supervisor.form(path, "extend_decision", reason="案情复杂")
    assert "告知客户" in supervisor.refused(path, form), "the customer is told of it"
    supervisor.do(number, "extend_decision", reason="案情复杂", notice="已致电告知客户")
    assert clocks_of(house, number)[2][5:7] == ["12-25", "00:00"]
    assert "extend_decision" not in supervisor.acts(path), "the second step is the executive's"
    executive.do(number, "extend_decision", reason="案情特别复杂", notice="已书面告知客户")
    assert clocks_of(house, number)[2][5:7] == ["01-24", "00:00"]
    assert "extend_decision" not in executive.acts(path), "there is no third"
    assert "已书面告知客户" in agent.read(path)
    in_tune(house, number)


# --- refusing, urging ----------------------------------------------------------------------------


def test_an_overruled_refusal_binds_and_the_next_is_decided_above(
    house: LeapingHouse, people: dict[str, Clerk], agent: Clerk, dispatcher: Clerk
) -> None:
    house.until("2026-11-24 14:00")
    number = complaint(agent)
    path = f"/tickets/{number}"
    dispatcher.do(number, "dispatch", department="cards", text="请核实")
    again = people["cards-head"].form(path, "ask_refusal", reason="不属于本部门", proposed="retail")
    people["cards-head"].do(number, "ask_refusal", reason="不属于本部门", proposed="retail")
    dispatcher.do(number, "overrule_refusal", reason="属发卡业务")
    assert "ask_refusal" not in people["cards-head"].acts(path)
    version = str(case_of(house, number)[0].version)
    again = again | {"version": version, "request": "again"}
    assert "不能再" in people["cards-head"].refused(path, again)
    dispatcher.do(number, "redirect", department="retail", reason="改派", text="请核实")
    people["retail-head"].do(number, "ask_refusal", reason="不属于本部门", proposed="cards")
    rulings = {"grant_refusal", "overrule_refusal"}
    assert not rulings & dispatcher.acts(path), "the second is decided above the dispatcher"
    people["2001"].do(number, "overrule_refusal", reason="由个人金融部主办")
    assert lead_of(house, number).state.value == "accepted"
    assert "ask_refusal" not in people["retail-head"].acts(path)
    assert [line[2:5] for line in messages_of(house, number)[-2:]] == [
        ["work", "ask_refusal", "supervisor"],
        ["work", "overrule_refusal", "officer"],
    ]
    in_tune(house, number)


def test_an_urge_is_answered_in_time_and_counted(
    house: LeapingHouse, people: dict[str, Clerk], agent: Clerk, dispatcher: Clerk
) -> None:
    """4 h of the department from 09:30: 2:30 before noon, the rest to 15:00; warned after three."""
    house.until("2026-11-25 08:50")
    number = complaint(agent)
    path = f"/tickets/{number}"
    dispatcher.do(number, "dispatch", department="cards", text="请核实")
    house.until("2026-11-25 09:30")
    agent.do(number, "urge", text="客户来电催办")
    assert "urge" not in agent.acts(path), "one urge at a time"
    people["cards-1"].do(number, "accept")
    assert lead_of(house, number).urge_open, "to accept is no answer"
    house.until("2026-11-25 14:30")
    assert "催" in people["cards-1"].read("/tickets?view=urged")
    assert number in people["cards-1"].read("/tickets?view=urged")
    people["cards-1"].do(number, "answer_urge", text="下午答复")
    urge = table("6 urge_answer 1 11-25 09:30 11-25 15:00 11-25 14:30 met")[0]
    assert clocks_of(house, number)[5] == urge
    lead = lead_of(house, number)
    assert (lead.urges, lead.urge_open) == (1, False)
    assert number not in people["cards-1"].read("/tickets?view=urged")
    assert messages_of(house, number)[-3:] == table("""
        11-25 09:30 work urge officer cards
        11-25 14:00 warning urge_answer officer cards
        11-25 14:30 work answer_urge agent 1001
    """)
    in_tune(house, number)


# --- ending otherwise ----------------------------------------------------------------------------


def test_of_two_tickets_that_become_one_the_earlier_receipt_counts(
    house: LeapingHouse, agent: Clerk, dispatcher: Clerk
) -> None:
    house.until("2026-11-25 15:00")
    earlier = complaint(agent)
    house.until("2026-11-27 14:00")
    warned = agent.write_down(**MATTER, **WHO)
    assert earlier in warned.text, "the customer has one open already"
    assert not warned.location
    later = complaint(agent, title="柜台排队两小时，再次来电")
    dispatcher.do(later, "dispatch", department="cards", text="请核实")
    house.until("2026-11-27 15:00")
    dispatcher.do(earlier, "merge", into=later, reason="同一客户同一事项")
    decisions = [line for line in clocks_of(house, later) if line[1] == "decision"]
    assert decisions == table("""
        3 decision - 11-27 14:00 12-13 00:00 11-27 15:00 cancelled
        6 decision - 11-25 15:00 12-11 00:00 runs
    """)
    assert all(line[7] != "runs" for line in clocks_of(house, earlier))
    page = agent.read(f"/tickets/{earlier}")
    assert later in page
    assert earlier in agent.read(f"/tickets/{later}")
    assert agent.acts(f"/tickets/{earlier}") <= {"note", "contact", "attach_call"}
    in_tune(house, earlier)
    in_tune(house, later)


def test_two_people_void_a_ticket_and_its_number_is_gone(
    house: LeapingHouse, people: dict[str, Clerk], agent: Clerk
) -> None:
    house.until("2026-11-27 16:00")
    number = complaint(agent)
    path = f"/tickets/{number}"
    one, other = people["2001"], people["2002"]
    one.do(number, "ask_void", reason="误登记")
    assert "confirm_void" not in one.acts(path)
    claimed = other.form(path, "confirm_void") | {"request": "claimed"}
    assert "申请人以外" in one.refused(path, claimed)
    other.do(number, "confirm_void")
    assert case_of(house, number)[0].state.value == "void"
    assert all(line[7] != "runs" for line in clocks_of(house, number))
    assert int(complaint(agent)[:-1]) > int(number[:-1])
    in_tune(house, number)


# --- about one of us -----------------------------------------------------------------------------


def test_nobody_of_a_unit_hears_of_a_complaint_about_one_of_them(
    house: LeapingHouse, people: dict[str, Clerk], agent: Clerk, dispatcher: Clerk, post: MailTaker
) -> None:
    house.until("2026-11-30 09:00")
    about, head = people["cards-1"], people["cards-head"]
    for each in (head, dispatcher):
        each.read("/tickets")
    lives = [
        LiveClient(_wire(house), f"127.0.0.1:{house.web_port}", "/tickets/live", each.token, 10.0)
        for each in (head, dispatcher)
    ]
    number = complaint(agent, title="谢婷态度蛮横", about_staff="cards-1")
    path = f"/tickets/{number}"
    form = dispatcher.form(path, "dispatch", department="cards", text="请核实")
    assert "cards" not in form or dispatcher.refused(path, form)
    dispatcher.do(number, "dispatch", department="retail", text="请核实")
    lives[1].read_until(lambda _: any(number in each for each in lives[1].received), "news")
    assert not any(number in each for each in lives[0].received)
    for live in lives:
        live.leave()
    never = "26113000990"
    for who in (about, head):
        told = who.ask("GET", path)
        assert (told.status, told.text.replace(number, never)) == (
            (unknown := who.ask("GET", f"/tickets/{never}")).status,
            unknown.text,
        )
        for page in (
            "/tickets?view=department",
            "/tickets?view=all",
            "/tickets?view=all&q=蛮横",
            "/tickets/messages",
            "/tickets/department",
        ):
            read = who.read(_quoted(page))
            assert number not in read, page
            assert "谢婷态度" not in read, page
        asked = who.ask("GET", f"/tickets?q={number}")
        assert asked.location == who.ask("GET", f"/tickets?q={never}").location
        assert who.send(path, form | {"action": "note", "request": "x"}).status == told.status
        assert (
            who.ask("GET", f"{path}/files/1").status
            == who.ask("GET", f"/tickets/{never}/files/1").status
        )
    exported = head.ask("POST", "/tickets/lists/export.csv", {"view": "all"})
    assert exported.status == 200
    assert number not in exported.text
    house.until("2026-11-30 17:00")
    assert number in people["retail-1"].read(path)
    for address, octets in list(post.taken):
        if any(each.startswith("cards-") for each in address):
            assert number.encode() not in octets
    in_tune(house, number)


def _wire(house: LeapingHouse) -> socket.socket:
    return socket.create_connection(("127.0.0.1", house.web_port), 10.0)


def _quoted(page: str) -> str:
    return quote(page, safe="/?&=")


# --- at the same time ----------------------------------------------------------------------------


def test_a_stale_page_is_told_what_changed_and_a_form_sent_twice_acts_once(
    house: LeapingHouse, agent: Clerk, dispatcher: Clerk, people: dict[str, Clerk]
) -> None:
    house.until("2026-12-01 09:00")
    number = complaint(agent)
    path = f"/tickets/{number}"
    old = agent.form(path, "note", text="客户补充")
    form = dispatcher.form(path, "dispatch", department="cards", text="请核实")
    first, second = dispatcher.send(path, form), dispatcher.send(path, form)
    assert (first.status, first.location) == (second.status, second.location) == (303, path)
    told = agent.refused(path, old)
    assert "罗佳" in told, "who was quicker"
    assert "银行卡部" in told
    page = agent.send(path, old).text
    assert "客户补充" in page, "nothing that was typed is lost"
    fresh = agent.form(path, "note", text="客户补充")
    assert agent.send(path, fresh).status == 303
    borrowed = people["2001"].form(path, "note", text="别人") | {"request": fresh["request"]}
    assert people["2001"].send(path, borrowed).status == 409, "a request is its sender's own"
    actions = [line[2] for line in history_of(house, number)]
    assert actions == ["register", "dispatch", "note"]


def test_of_two_people_at_once_one_acts(
    house: LeapingHouse, agent: Clerk, dispatcher: Clerk, people: dict[str, Clerk]
) -> None:
    number = complaint(agent)
    path = f"/tickets/{number}"
    forms = [
        (dispatcher, dispatcher.form(path, "dispatch", department="cards", text="请核实")),
        (people["2001"], people["2001"].form(path, "dispatch", department="retail", text="请核实")),
    ]
    with ThreadPoolExecutor(len(forms)) as threads:
        answers = list(threads.map(lambda each: each[0].send(path, each[1]).status, forms))
    assert sorted(answers) == [303, 409]
    assert len(case_of(house, number)[0].dispatches) == 1
    in_tune(house, number)
