"""A complaint from the call to its end, played by HTTP as eight people against a whole house.

The customer has a telephone, on which the house calls with both answers (they key when they hear
what they are asked), urges once by keys in the menu, and once on the page of customers.

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
from tests.support.customer_phone import calls, is_called
from tests.support.hearing import Announced
from tests.support.house import free_port
from tests.support.leaping_house import Clerk, LeapingHouse, leaping_house, minute
from tests.support.visitor import Visitor
from tickets.replay import ALARMS, replayed

pytestmark = pytest.mark.timeout(600)
"""People listen and key as long as it takes, and all that in the first test's fixtures."""
OFFICE_HOURS = {"weekdays": ["09:00-12:00", "13:30-17:30"], "weekend": []}
HOTLINE, MOBILE, OTHER = "95588", "13800138000", "13700137000"
OUTSIDE = free_port()
"""Where the customer's telephone is reached."""

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
12 urge_answer   3  11-24 11:00  11-24 16:30  11-24 14:00  met
13 review        3  11-24 17:00  11-25 01:00  11-25 09:00  missed
14 keep_informed -  11-25 09:30  11-27 01:30  11-25 14:30  met
15 review        3  11-25 11:00  11-25 19:00  11-25 14:00  met
16 call_back     -  11-25 14:30  11-26 14:30  11-26 09:00  met
17 answer        -  11-25 14:30  11-25 22:30  11-26 09:00  missed
18 first_contact -  11-26 09:00  11-26 17:00  11-26 14:00  met
19 decision      -  11-26 09:00  12-12 00:00  11-26 14:00  met
20 result        3  11-26 09:00  12-03 15:30  11-26 11:00  met
21 urge_answer   3  11-26 10:20  11-26 15:50  11-26 11:00  met
22 review        3  11-26 11:00  11-26 19:00  11-26 11:30  met
23 call_back     -  11-26 14:00  11-27 14:00  11-27 10:00  met
"""
"""Serial, kind, order, started, due, stopped, end.

Hotline, round the clock: dispatch 2 h, first contact 8 h, review 8 h, keep informed 40 h, call
back 24 h, answer to what the customer says 8 h. Department, seven hours a day: accept 4 h, result
40 h, answer to an urge 4 h. Decision: 15 calendar days, the day of receipt not counted, to the end
of the last. Worked out where it is not at once plain:

5   2 + 4 h on Monday, 7 h on each of Tue to Fri (34 h), 6 h on Monday 30th: 09-12, 13:30-16:30.
7   14:30-17:30 is 3 h, 09:00-10:00 the fourth.
8   3 h, then 7 h a day to Monday 30th (38 h), 2 h on Tuesday.
9   15:10-17:30 is 2 h 20, 09:00-10:40 the rest.
10  2 h 20, 7 h a day to Monday 30th (37 h 20), 2 h 40 on Tuesday: 11:40. The review from Tuesday
    17:00 to Wednesday 09:00 does not count: half an hour of work, so 12:10, but for the break at
    noon: 20 minutes to 12:00, 10 minutes from 13:30.
12  1 h before noon, 3 h from 13:30. The customer's urging is no news to them: 11 runs on.
20  7 h a day to Wednesday (35 h), 5 h on Thursday: 09-12, 13:30-15:30.
21  1 h 40 before noon, 2 h 20 from 13:30; the result that came in answers it.
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
11-24 11:00  work        urge            officer retail
11-24 14:00  work        answer_urge     agent 1001
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
11-25 14:30  work        rate            dispatcher
11-25 14:30  work        contact         agent 1001
11-25 20:30  warning     answer          agent 1001
11-25 22:30  breach      answer          agent 1001
11-26 02:30  escalation  answer          supervisor
11-26 08:30  warning     call_back       dispatcher
11-26 09:00  work        call_back       officer retail
11-26 10:20  work        urge            officer retail
11-26 11:00  work        return_result   dispatcher
11-26 11:30  work        approve         agent 1001
11-26 14:00  work        reply           dispatcher
11-27 08:00  warning     call_back       dispatcher
"""
"""When, why, about what, to whom. Warnings: first contact, accept, keep informed, review,
answer and call back when three quarters are used (6 h, 3 h, 30 h, 6 h, 6 h, 18 h), and none of the
urges, answered after 1 h 30 and 40 min of 4 h; the missed review goes to the supervisor 2 h later,
the missed answer 4 h later. How little content the customer is goes to the dispatchers, and that
the matter is not solved, as they keyed in the first call, to the agent, for an answer."""

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
11-24 11:00  urge            customer     in_progress  accepted
11-24 14:00  answer_urge     retail-1     in_progress  accepted
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
11-25 14:30  attach_call     system       callback
11-25 14:30  rate            customer     callback
11-25 14:30  contact         customer     callback
11-25 20:30  warning         system       callback
11-25 22:30  breach          system       callback
11-26 02:30  escalation      system       callback
11-26 08:30  warning         system       callback
11-26 09:00  call_back       1002         in_progress  rework
11-26 10:00  accept          retail-1     in_progress  accepted
11-26 10:20  urge            customer     in_progress  accepted
11-26 11:00  return_result   retail-head  in_progress  result
11-26 11:30  approve         dispatcher   result_in    approved
11-26 14:00  attempt_reply   1001         result_in
11-26 14:00  reply           system       callback
11-26 14:00  attach_call     system       callback
11-27 08:00  warning         system       callback
11-27 09:00  call_back       1002         callback
11-27 10:00  call_back       1003         closed
"""


BESIDE = ("ticket.reply_call_made", "ticket.rated", "ticket.reply_call_ended")
"""Events that tell more of what stands in the history."""
NOT_SATISFIED, NOT_SOLVED = "2", "2"
ANSWERS = ("已增开窗口，向您致歉", "网点主任已致电道歉，并退还2元手续费。")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[LeapingHouse]:
    gateway = {"from": ["127.0.0.1"], "gateways": [f"127.0.0.1:{OUTSIDE}"], "probe": False}
    changes = {"trunks": {"local": gateway}}
    folder = tmp_path_factory.mktemp("leaping")
    with leaping_house(folder, prompts, changes, "2026-11-23 08:55", OFFICE_HOURS) as running:
        yield running


@pytest.fixture(scope="module")
def announced(prompts: Path) -> Announced:
    return Announced(prompts)


def wait_for_state(house: LeapingHouse, number: str, state: str) -> None:
    def there() -> bool:
        return bool(house.rows("SELECT 1 FROM tickets WHERE number=? AND state=?", number, state))

    house.wait_until(there, 15, f"{number} is {state}")


def urge_by_telephone(house: LeapingHouse, announced: Announced, number: str) -> None:
    """The customer keys in number and digits at somebody else's telephone, and urges."""
    calls(
        OTHER,
        HOTLINE,
        house.sip_port,
        announced,
        (
            ("language.choice", f"14{number}#"),
            ("ticket.ask_ending", f"{MOBILE[-4:]}1"),
            ("ticket.urged", ""),
        ),
    )


def reply_by_call(
    house: LeapingHouse,
    announced: Announced,
    agent: Clerk,
    number: str,
    text: str,
    *,
    proof: str,
    then: str = "",
) -> None:
    """The agent asks for it, the house calls at once, the customer confirms and keys on at once."""

    def ask() -> None:
        agent.do(number, "attempt_reply", channel="automatic_call", text=text)

    ended = len(told_of(house, "ticket.reply_call_ended"))
    steps = (
        ("reply.hello", "1"),
        ("reply.ask_ending", proof),
        ("reply.menu_heard", f"1{then}"),
        ("reply.unsolved_thanks" if then else "reply.score", ""),
    )
    is_called(MOBILE, OUTSIDE, announced, steps, ask)
    wait_for_state(house, number, "callback")
    over = lambda: len(told_of(house, "ticket.reply_call_ended")) > ended  # noqa: E731
    house.wait_until(over, 15, "the call is over")


def told_of(house: LeapingHouse, kind: str) -> list[dict[str, str]]:
    return [event for each, event in house.journal() if each == kind]


def play(house: LeapingHouse, announced: Announced) -> str:
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
        contact=MOBILE,
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
    house.until("2026-11-24 11:00")
    urge_by_telephone(house, announced, number)
    house.until("2026-11-24 14:00")
    retail.do(number, "answer_urge", text="今日回单")
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
    reply_by_call(
        house,
        announced,
        agent,
        number,
        ANSWERS[0],
        proof=number[-4:],
        then=NOT_SATISFIED + NOT_SOLVED,
    )
    house.until("2026-11-26 09:00")
    assert "call_back" not in agent.acts(f"/tickets/{number}"), "they handled it themselves"
    caller.do(number, "call_back", reached="yes", told="yes", solved="no", satisfied="no")
    house.until("2026-11-26 10:00")
    retail.do(number, "accept")
    house.until("2026-11-26 10:20")
    page = Visitor(house)
    page.enter(number, MOBILE)
    page.do("urge")
    house.until("2026-11-26 11:00")
    retail_head.do(
        number, "return_result", finding="已约谈", proposed_reply="网点主任致电道歉", cause="C01"
    )
    house.until("2026-11-26 11:30")
    dispatcher.do(number, "approve")
    house.until("2026-11-26 14:00")
    reply_by_call(
        house,
        announced,
        agent,
        number,
        ANSWERS[1],
        proof="1123",
    )
    house.until("2026-11-27 09:00")
    caller.do(number, "call_back", reached="no")
    house.until("2026-11-27 10:00")
    other_caller.do(number, "call_back", reached="yes", told="yes", solved="yes", satisfied="yes")
    return number


@pytest.fixture(scope="module")
def number(house: LeapingHouse, announced: Announced) -> str:
    """The ticket, played to its end."""
    return play(house, announced)


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
    rows = house.rows("SELECT call_id FROM ticket_calls WHERE number = ?", number)
    made = {each["call_id"] for each in told_of(house, "ticket.reply_call_made")}
    assert {row["call_id"] for row in rows} == {"call-1@phone", *made}


def test_the_journal_tells_the_same_as_the_history(house: LeapingHouse, number: str) -> None:
    def told() -> list[tuple[str, str]]:
        return [
            (kind, event.get("action") or event.get("clock") or event.get("to_role", ""))
            for kind, event in house.journal()
            if event.get("number") == number and kind not in BESIDE
        ]

    expected = []
    for _, _, action, _, *_ in table(HISTORY):
        kind = {"register": "ticket.registered", "warning": "ticket.deadline_warned"}
        kind |= {"breach": "ticket.deadline_breached", "escalation": "ticket.escalated"}
        expected.append(kind.get(action, "ticket.changed"))
    house.wait_until(lambda: len(told()) >= len(expected), 15, "the journal is written")
    assert [kind for kind, _ in told()] == expected
    beside = [kind for kind, _ in house.journal() if kind in BESIDE]
    assert beside == [*BESIDE, *(kind for kind in BESIDE if kind != "ticket.rated")]


def test_both_replies_were_told_by_telephone_with_their_proof(
    house: LeapingHouse, number: str
) -> None:
    replies = [
        json.loads(row["fields"])
        for row in house.rows(
            "SELECT fields FROM ticket_history WHERE number=? AND action='reply'", number
        )
    ]
    assert [each["text"] for each in replies] == list(ANSWERS)
    called = [each["call_id"] for each in told_of(house, "ticket.reply_call_made")]
    ended = [each["outcome"] for each in told_of(house, "ticket.reply_call_ended")]
    assert ended == ["told", "told"]
    for each, call_id, day in zip(replies, called, ("25 14:30", "26 14:00"), strict=True):
        assert each["proof"].startswith(f"通话 {call_id}：2026-11-{day}:"), each["proof"]
        assert re.search(r"身份核对通过，全文播完后于 \d\d:\d\d:\d\d 按1键确认听清$", each["proof"])
    recorded = {each["call_id"] for each in told_of(house, "call.recording_stopped")}
    assert set(called) <= recorded


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
        if action == "attach_call":
            continue  # the call itself stands in its place
        key = f"ticket.{'alarm' if action in ALARMS else 'done'}.{action}"
        expected.append((f"{day} {hour}", escape(texts.text(language, key))))
    beside = {texts.text(language, "ticket.line.call")}
    found = [(minute(datetime.fromisoformat(at)), what) for at, what in told if what not in beside]
    assert sorted(found) == sorted(expected)
    assert [at for at, _ in found] == [at for at, _ in expected]
    assert len(told) == len(found) + 3, "the customer's call and both of the house stand there too"
    assert texts.text(language, "ticket.state.closed") in page
