"""A complaint from the call to its end, played by HTTP as seven people against a whole house.

Every clock and every message stands below, worked out by hand from the shipped time limits
(config/tickets/policy.yaml): the hotline is open round the clock, departments from 09:00 to 12:00
and from 13:30 to 17:30 on weekdays. The house's clock is moved from deadline to deadline.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path

import pytest

from cti.kernel.vocabulary import Language
from tests.support.case_records import case_of, clocks_of, history_of, messages_of, table
from tests.support.catalogues import all_texts
from tests.support.leaping_house import Clerk, LeapingHouse, leaping_house, minute
from tests.support.mail_taker import MailTaker, mail_taker
from tickets.replay import ALARMS, replayed

OFFICE_HOURS = {"weekdays": ["09:00-12:00", "13:30-17:30"], "weekend": []}
CUSTOMER = "wang@example.com"

CLOCKS = """
1  dispatch      -  11-23 09:00  11-23 11:00  11-23 10:00  met
2  first_contact -  11-23 09:00  11-23 17:00  11-23 16:00  met
3  decision      -  11-23 09:00  12-09 00:00  11-25 14:30  met
4  accept        1  11-23 10:00  11-23 15:30  11-23 11:00  met
5  result        1  11-23 10:00  11-30 16:30  11-23 14:00  cancelled
6  dispatch      -  11-23 14:00  11-23 16:00  11-23 14:30  met
7  accept        2  11-23 14:30  11-24 10:00  11-23 15:10  cancelled
8  result        2  11-23 14:30  12-01 11:00  11-23 15:10  cancelled
9  accept        3  11-23 15:10  11-24 10:40  11-24 10:00  met
10 result        3  11-23 15:10  12-01 13:40  11-25 11:00  met
11 keep_informed -  11-23 16:00  11-25 08:00  11-25 09:30  missed
12 review        3  11-24 17:00  11-25 01:00  11-25 09:00  missed
13 keep_informed -  11-25 09:30  11-27 01:30  11-25 14:30  met
14 review        3  11-25 11:00  11-25 19:00  11-25 14:00  met
15 call_back     -  11-25 14:30  11-26 14:30  11-26 09:00  met
16 first_contact -  11-26 09:00  11-26 17:00  11-26 14:00  met
17 decision      -  11-26 09:00  12-12 00:00  11-26 14:00  met
18 result        3  11-26 09:00  12-03 15:30  11-26 11:00  met
19 review        3  11-26 11:00  11-26 19:00  11-26 11:30  met
20 call_back     -  11-26 14:00  11-27 14:00  11-27 10:00  met
"""
"""Serial, kind, order, started, due, stopped, end.

Hotline, round the clock: dispatch 2 h, first contact 8 h, review 8 h, keep informed 40 h, call
back 24 h. Department, seven hours a day: accept 4 h, result 40 h. Decision: 15 calendar days, the
day of receipt not counted, to the end of the last. Worked out where it is not at once plain:

5   2 + 4 h on Monday, 7 h on each of Tue to Fri (34 h), 6 h on Monday 30th: 09-12, 13:30-16:30.
7   14:30-17:30 is 3 h, 09:00-10:00 the fourth.
8   3 h, then 7 h a day to Monday 30th (38 h), 2 h on Tuesday.
9   15:10-17:30 is 2 h 20, 09:00-10:40 the rest.
10  2 h 20, 7 h a day to Monday 30th (37 h 20), 2 h 40 on Tuesday: 11:40. The review from Tuesday
    17:00 to Wednesday 09:00 does not count: half an hour of work, so 12:10, but for the break at
    noon: 20 minutes to 12:00, 10 minutes from 13:30.
18  7 h a day to Wednesday (35 h), 5 h on Thursday: 09-12, 13:30-15:30.
"""

MESSAGES = """
11-23 09:00  work        register        dispatcher
11-23 10:00  work        dispatch        officer cards
11-23 11:00  work        ask_refusal     head cards
11-23 11:30  work        sign_refusal    dispatcher
11-23 14:00  work        grant_refusal   dispatcher
11-23 14:30  work        dispatch        officer branches
11-23 15:00  warning     first_contact   agent 1001
11-23 15:10  work        redirect        officer retail
11-23 15:10  work        redirect        officer branches
11-24 09:40  warning     accept          officer retail
11-24 16:00  work        return_result   head retail
11-24 17:00  work        sign_result     dispatcher
11-24 22:00  warning     keep_informed   agent 1001
11-24 23:00  warning     review          dispatcher
11-25 01:00  breach      review          dispatcher
11-25 03:00  escalation  review          supervisor
11-25 08:00  breach      keep_informed   agent 1001
11-25 09:00  work        rework          officer retail
11-25 11:00  work        return_result   dispatcher
11-25 14:00  work        approve         agent 1001
11-25 14:30  work        reply           dispatcher
11-26 08:30  warning     call_back       agent 1001
11-26 09:00  work        call_back       officer retail
11-26 11:00  work        return_result   dispatcher
11-26 11:30  work        approve         agent 1001
11-26 14:00  work        reply           dispatcher
11-27 08:00  warning     call_back       agent 1001
"""
"""When, why, about what, to whom. Warnings: first contact, accept, keep informed, review and call
back when three quarters are used (6 h, 3 h, 30 h, 6 h, 18 h); the missed review goes to the
supervisor 2 h later."""

HISTORY = """
11-23 09:00  register        1001         registered
11-23 10:00  dispatch        dispatcher   in_progress  sent
11-23 11:00  ask_refusal     cards-1      in_progress  refusal_written
11-23 11:30  sign_refusal    cards-head   in_progress  refusal_asked
11-23 14:00  grant_refusal   dispatcher   in_progress  refused
11-23 14:30  dispatch        dispatcher   in_progress  sent
11-23 15:00  warning         system       in_progress
11-23 15:10  redirect        dispatcher   in_progress  recalled
11-23 16:00  inform          1001         in_progress
11-24 09:40  warning         system       in_progress
11-24 10:00  accept          retail-1     in_progress  accepted
11-24 16:00  return_result   retail-1     in_progress  result_written
11-24 17:00  sign_result     retail-head  in_progress  result
11-24 22:00  warning         system       in_progress
11-24 23:00  warning         system       in_progress
11-25 01:00  breach          system       in_progress
11-25 03:00  escalation      system       in_progress
11-25 08:00  breach          system       in_progress
11-25 09:00  rework          dispatcher   in_progress  rework
11-25 09:30  inform          1001         in_progress
11-25 09:40  accept          retail-1     in_progress  accepted
11-25 11:00  return_result   retail-head  in_progress  result
11-25 14:00  approve         dispatcher   result_in    approved
11-25 14:30  attempt_reply   1001         result_in
11-25 14:30  reply           system       callback
11-26 08:30  warning         system       callback
11-26 09:00  call_back       1002         in_progress  rework
11-26 10:00  accept          retail-1     in_progress  accepted
11-26 11:00  return_result   retail-head  in_progress  result
11-26 11:30  approve         dispatcher   result_in    approved
11-26 14:00  attempt_reply   1001         result_in
11-26 14:00  reply           system       callback
11-27 08:00  warning         system       callback
11-27 09:00  call_back       1002         callback
11-27 10:00  call_back       1003         closed
"""


@pytest.fixture(scope="module")
def post() -> Iterator[MailTaker]:
    with mail_taker() as taker:
        yield taker


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, prompts: Path, post: MailTaker
) -> Iterator[LeapingHouse]:
    send = {"host": "127.0.0.1", "port": post.port, "encryption": "none"}
    changes = {"tickets": {"mail": {"sender": "service@bank.example", "send": send}}}
    folder = tmp_path_factory.mktemp("leaping")
    with leaping_house(folder, prompts, changes, "2026-11-23 08:55", OFFICE_HOURS) as running:
        yield running


def wait_for_state(house: LeapingHouse, number: str, state: str) -> None:
    def there() -> bool:
        return bool(house.rows("SELECT 1 FROM tickets WHERE number=? AND state=?", number, state))

    house.wait_until(there, 15, f"{number} is {state}")


def play(house: LeapingHouse) -> str:
    agent, dispatcher = Clerk(house, "1001"), Clerk(house, "dispatcher")
    cards, cards_head = Clerk(house, "cards-1"), Clerk(house, "cards-head")
    retail, retail_head = Clerk(house, "retail-1"), Clerk(house, "retail-head")
    caller, other_caller = Clerk(house, "1002"), Clerk(house, "1003")

    house.until("2026-11-23 09:00")
    number = agent.register(
        call="call-1@phone",
        title="柜台排队两小时",
        business="B01",
        text="周一上午在营业部等候两小时，无人解释。",
        name="王芳",
        contact="13800138000",
        email=CUSTOMER,
        reply_by="email",
    )
    house.until("2026-11-23 10:00")
    dispatcher.do(number, "dispatch", department="cards", text="请核实")
    house.until("2026-11-23 11:00")
    cards.do(number, "ask_refusal", reason="不属于本部门业务", proposed="retail")
    house.until("2026-11-23 11:30")
    cards_head.do(number, "sign_refusal")
    house.until("2026-11-23 14:00")
    dispatcher.do(number, "grant_refusal", reason="同意退单")
    house.until("2026-11-23 14:30")
    dispatcher.do(number, "dispatch", department="branches", text="请核实")
    house.until("2026-11-23 15:10")
    dispatcher.do(number, "redirect", department="retail", reason="派错部门", text="请核实")
    house.until("2026-11-23 16:00")
    agent.do(number, "inform", channel="call", text="已转个人金融部核实")
    house.until("2026-11-24 10:00")
    retail.do(number, "accept")
    house.until("2026-11-24 16:00")
    retail.do(
        number, "return_result", finding="窗口少开一个", proposed_reply="向您致歉", cause="C01"
    )
    house.until("2026-11-24 17:00")
    retail_head.do(number, "sign_result")
    house.until("2026-11-25 09:00")
    dispatcher.do(number, "rework", missing="未说明整改措施")
    house.until("2026-11-25 09:30")
    agent.do(number, "inform", channel="call", text="仍在核实")
    house.until("2026-11-25 09:40")
    retail.do(number, "accept")
    house.until("2026-11-25 11:00")
    retail_head.do(
        number,
        "return_result",
        finding="已增开窗口",
        proposed_reply="已增开窗口，向您致歉",
        cause="C01",
    )
    house.until("2026-11-25 14:00")
    dispatcher.do(number, "approve")
    house.until("2026-11-25 14:30")
    agent.do(number, "attempt_reply", channel="email", text="已增开窗口，向您致歉")
    wait_for_state(house, number, "callback")
    house.until("2026-11-26 09:00")
    assert "call_back" not in agent.acts(f"/tickets/{number}"), "they handled it themselves"
    caller.do(number, "call_back", reached="yes", told="yes", solved="no", satisfied="no")
    house.until("2026-11-26 10:00")
    retail.do(number, "accept")
    house.until("2026-11-26 11:00")
    retail_head.do(
        number, "return_result", finding="已约谈", proposed_reply="网点主任致电道歉", cause="C01"
    )
    house.until("2026-11-26 11:30")
    dispatcher.do(number, "approve")
    house.until("2026-11-26 14:00")
    agent.do(number, "attempt_reply", channel="email", text="网点主任已致电道歉")
    wait_for_state(house, number, "callback")
    house.until("2026-11-27 09:00")
    caller.do(number, "call_back", reached="no")
    house.until("2026-11-27 10:00")
    other_caller.do(number, "call_back", reached="yes", told="yes", solved="yes", satisfied="yes")
    return number


@pytest.fixture(scope="module")
def number(house: LeapingHouse) -> str:
    """The ticket, played to its end."""
    return play(house)


def test_every_clock_is_as_it_was_worked_out(house: LeapingHouse, number: str) -> None:
    assert clocks_of(house, number) == table(CLOCKS)


def test_everybody_was_told_at_their_time(house: LeapingHouse, number: str) -> None:
    assert messages_of(house, number) == table(MESSAGES)
    assert not house.rows("SELECT 1 FROM ticket_messages WHERE number = ? AND late", number)


def test_the_history_is_whole_and_replays(house: LeapingHouse, number: str) -> None:
    assert history_of(house, number) == table(HISTORY)
    case, history = case_of(house, number)
    assert replayed(case.number, history) == case
    versions = [each.version for each in history if each.version is not None]
    assert versions == list(range(1, len(versions) + 1))
    calls = house.rows("SELECT call_id FROM ticket_calls WHERE number = ?", number)
    assert calls == [{"call_id": "call-1@phone"}]


def test_the_journal_tells_the_same_as_the_history(house: LeapingHouse, number: str) -> None:
    def told() -> list[tuple[str, str]]:
        return [
            (kind, event.get("action") or event.get("clock") or event.get("to_role", ""))
            for kind, event in house.journal()
            if event.get("number") == number
        ]

    expected = []
    for _, _, action, _, *_ in table(HISTORY):
        kind = {"register": "ticket.registered", "warning": "ticket.deadline_warned"}
        kind |= {"breach": "ticket.deadline_breached", "escalation": "ticket.escalated"}
        expected.append(kind.get(action, "ticket.changed"))
    house.wait_until(lambda: len(told()) >= len(expected), 15, "the journal is written")
    assert [kind for kind, _ in told()] == expected


def test_the_customer_got_both_replies_and_nothing_else(
    house: LeapingHouse, number: str, post: MailTaker
) -> None:
    letters = post.letters(CUSTOMER)
    assert len(letters) == 2
    for letter, words in zip(letters, ("已增开窗口", "已致电道歉"), strict=True):
        assert number in letter["Subject"]
        body = letter.get_body(("plain",))
        assert body is not None
        assert words in body.get_content()
    proofs = [
        json.loads(row["fields"])["proof"]
        for row in house.rows(
            "SELECT fields FROM ticket_history WHERE number=? AND action='reply'", number
        )
    ]
    assert all(proof.startswith(f"{CUSTOMER}: 250") for proof in proofs)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_tells_every_step_in_order(
    house: LeapingHouse, number: str, language: Language
) -> None:
    page = Clerk(house, "2001").read(f"/tickets/{number}", language.value)
    _, _, line = page.partition('class="history"')
    told = re.findall(
        r"<time datetime=\"([^\"]+)\">.*?<strong>(.*?)</strong>", line.partition("</ol>")[0]
    )
    texts = all_texts()
    expected = []
    for day, hour, action, *_ in table(HISTORY):
        key = f"ticket.{'alarm' if action in ALARMS else 'done'}.{action}"
        expected.append((f"{day} {hour}", escape(texts.text(language, key))))
    beside = {texts.text(language, f"ticket.line.{each}") for each in ("call", "letter_out")}
    found = [(minute(datetime.fromisoformat(at)), what) for at, what in told if what not in beside]
    assert sorted(found) == sorted(expected)
    assert [at for at, _ in found] == [at for at, _ in expected]
    assert len(told) == len(found) + 1 + 2, "the call and both letters stand there too"
    assert texts.text(language, "ticket.state.closed") in page
