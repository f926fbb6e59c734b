import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from agents.events import (
    CallBackAttempted,
    CallLent,
    CallLoanEnded,
    GivenTo,
    Supervised,
    Supervising,
)
from cti.call.events import CallStarted, MediaReported, RecordingStarted
from cti.call.model import Direction
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, QueueId, StaffId, TicketNumber
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.vocabulary import Language, Role
from cti.trunks.numbers import Numbers, NumberSettings
from cti.web.requests import BadRequest, Form
from ivr.events import MessageFiled, MessageLeft
from monitoring.cdr import Outcome
from monitoring.web.filters import next_query, read_cursor, read_filter
from tests.support.browsers import Browser
from tests.support.monitored_houses import BEGIN, SHANGHAI, MonitoredHouse

NUMBERS = Numbers(NumberSettings())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> MonitoredHouse:
    house = MonitoredHouse(tmp_path_factory.mktemp("recordings"))
    house.live(900, finish=True)
    return house


@pytest.fixture
def browser(house: MonitoredHouse) -> Browser:
    return house.browser(Role.SUPERVISOR)


def numbers(text: str) -> list[str]:
    return re.findall(r"<td>(1380000\d{4})</td>", text)


@pytest.mark.parametrize("role", [Role.AGENT, Role.OFFICER, Role.DISPATCHER])
def test_numbers_are_not_for_everybody(house: MonitoredHouse, role: Role) -> None:
    call_id = house.records()[0].call_id
    for path in ("/calls", f"/calls/{call_id}"):
        assert house.browser(role).get(path).status == 403
    assert Browser(house.root, house.clock).get("/calls").status == 303


def test_paging_shows_every_call_once(house: MonitoredHouse, browser: Browser) -> None:
    seen: list[str] = []
    path: str | None = "/calls"
    while path:
        page = browser.get(path)
        seen += numbers(page.text)
        link = re.search(r'href="([^"]*)" rel="next"', page.text)
        path = unescape(link[1]) if link else None
    assert seen == [record.calling for record in house.records()]
    assert len(seen) > 100


def test_filters_stay_in_the_address(house: MonitoredHouse, browser: Browser) -> None:
    abandoned = [record.calling for record in house.records(Outcome.ABANDONED)]
    page = browser.get("/calls?outcome=abandoned&from=2026-11-21&to=2026-12-31")
    assert numbers(page.text) == abandoned[:50]
    assert '<option value="abandoned" selected>' in page.text
    assert "No call matches" in browser.get("/calls?from=2025-01-01&to=2025-01-02").text
    one = abandoned[0]
    assert numbers(browser.get(f"/calls?number={one}").text) == [one]


@pytest.mark.parametrize("query", ["from=yesterday", "outcome=nice", "before=x~y"])
def test_an_address_that_makes_no_sense(browser: Browser, query: str) -> None:
    assert browser.get(f"/calls?{query}").status == 400


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_of_call_has_a_page(house: MonitoredHouse, language: Language) -> None:
    browser = house.browser(Role.QUALITY, language)
    for outcome in (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.FAILED, Outcome.SELF_SERVED):
        record = house.records(outcome)[0]
        page = browser.get(f"/calls/{record.call_id}")
        assert page.status == 200
        assert record.calling in page.text
        assert page.text.count("<rect class=") >= len(record.legs)
        assert "calls." not in re.sub(r'href="[^"]*"', "", page.text), "every key has its words"


def test_a_page_of_an_answered_call_tells_all(house: MonitoredHouse, browser: Browser) -> None:
    record = house.records(Outcome.ANSWERED)[0]
    text = browser.get(f"/calls/{record.call_id}").text
    assert f"Agent {record.agent_id}" in text
    assert "After-call work done" in text
    assert record.started.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") in text


@pytest.mark.parametrize(
    ("rating", "codec", "said"),
    [
        (92.0, "PCMA", ">4.4 good<"),
        (72.0, "PCMU", ">3.7 fair<"),
        (60.0, "PCMA", ">3.1 poor<"),
        (40.0, "PCMA", ">2.1 bad<"),
        (116.0, "G722", ">4.3 good<"),
    ],
)
def test_how_well_a_leg_sounded_is_said_in_words(
    house: MonitoredHouse, browser: Browser, rating: float, codec: str, said: str
) -> None:
    record = house.records(Outcome.ANSWERED)[0]
    leg = record.legs[0]
    house.publish(
        MediaReported(
            at=record.started,
            call_id=record.call_id,
            connection_id=leg.connection_id,
            device_id=leg.device_id,
            party=leg.party,
            packets_sent=500,
            packets_received=498,
            packets_lost=2,
            jitter=3.25,
            round_trip=42.0,
            rating=rating,
            codec=codec,
        )
    )
    text = browser.get(f"/calls/{record.call_id}").text
    assert said in text
    assert f"{codec} · R {rating:.0f} · jitter 3.2 ms · round trip 42 ms" in text


@pytest.mark.parametrize(
    ("why", "language", "said"),
    [
        ("user-busy", Language.ENGLISH, "diverted from 01066668888 (busy)"),
        ("no-answer", Language.CHINESE, "由 01066668888 转来（无应答）"),
        ("unknown", Language.ENGLISH, "diverted from 01066668888<"),
        ("", Language.ENGLISH, "diverted from 01066668888<"),
        ("x-lunch", Language.ENGLISH, "diverted from 01066668888 (x-lunch)"),
        ("<odd>.", Language.ENGLISH, "diverted from 01066668888 (&lt;odd&gt;.)"),
    ],
)
def test_whom_a_call_was_first_for(tmp_path: Path, why: str, language: Language, said: str) -> None:
    house = MonitoredHouse(tmp_path)
    house.publish(
        CallStarted(
            at=BEGIN,
            call_id=CallId("diverted"),
            direction=Direction.INBOUND,
            calling="13800000001",
            called="95588",
            trunk="carrier",
            diverted_from="01066668888",
            diverted_why=why,
        )
    )
    page = house.browser(Role.SUPERVISOR, language).get("/calls/diverted")
    assert page.text.count(said) == 2, "beside the call, and where it begins among its events"


@pytest.mark.parametrize(
    ("language", "words", "end"),
    [
        (Language.ENGLISH, "Identity check", "verified"),
        (Language.CHINESE, "身份核验", "已核验"),
    ],
)
def test_a_stay_with_the_ivr_and_a_supervisor_stand_on_the_page(
    tmp_path: Path, language: Language, words: str, end: str
) -> None:
    house = MonitoredHouse(tmp_path)
    call_id, agent_id = CallId("lent"), AgentId("a1")
    lent = CallLent(
        at=BEGIN,
        call_id=call_id,
        agent_id=agent_id,
        connection_id=ConnectionId("lent.2"),
        purpose=LoanPurpose.VERIFY,
    )
    back = CallLoanEnded(
        at=BEGIN + timedelta(seconds=38),
        call_id=call_id,
        agent_id=agent_id,
        purpose=LoanPurpose.VERIFY,
        result=LoanResult.VERIFIED,
        given_to=GivenTo.AGENT,
        seconds=38.0,
    )
    watched = Supervised(
        at=BEGIN,
        call_id=call_id,
        supervisor_id=StaffId("s1"),
        agent_id=agent_id,
        mode=Supervising.LISTEN,
    )
    for event in (
        CallStarted(
            at=BEGIN,
            call_id=call_id,
            direction=Direction.INBOUND,
            calling="13800000001",
            called="95588",
            trunk="carrier",
        ),
        watched,
        lent,
        back,
    ):
        house.publish(event)
    text = house.browser(Role.SUPERVISOR, language).get(f"/calls/{call_id}").text
    assert text.count(words) == 2, "among the facts, and where it begins among the events"
    assert f"{end} · 0:38" in text
    assert "Agent s1" in text


@pytest.mark.parametrize(
    ("agent_id", "said"),
    [(None, "ahead of an agent · attempt 1"), (AgentId("a1"), "Agent a1 · attempt 1")],
)
def test_for_whom_a_customer_is_called_back(
    tmp_path: Path, agent_id: AgentId | None, said: str
) -> None:
    house = MonitoredHouse(tmp_path)
    call_id = CallId("back")
    started = CallStarted(
        at=BEGIN,
        call_id=call_id,
        direction=Direction.OUTBOUND,
        calling="95588",
        called="138",
        trunk="carrier",
    )
    attempted = CallBackAttempted(
        at=BEGIN,
        call_id=call_id,
        queue_id=QueueId("general"),
        promised_on=CallId("first"),
        promised=BEGIN - timedelta(minutes=5),
        agent_id=agent_id,
        attempt=1,
    )
    for event in (started, attempted):
        house.publish(event)
    assert said in house.browser(Role.SUPERVISOR, Language.ENGLISH).get(f"/calls/{call_id}").text


def test_a_call_that_was_ours_from_the_first_says_nothing_of_it(
    house: MonitoredHouse, browser: Browser
) -> None:
    record = house.records(Outcome.ANSWERED)[0]
    assert "diverted" not in browser.get(f"/calls/{record.call_id}").text


def test_only_listeners_get_the_player(house: MonitoredHouse) -> None:
    call_id = house.records(Outcome.ANSWERED)[0].call_id
    assert "<audio" in house.browser(Role.SUPERVISOR).get(f"/calls/{call_id}").text
    assert "<audio" not in house.browser(Role.ADMINISTRATOR).get(f"/calls/{call_id}").text


def test_an_unknown_call(browser: Browser) -> None:
    page = browser.get("/calls/nobody")
    assert page.status == 404
    assert "There is no such call." in page.text


def test_a_call_that_is_up_shows_how_far_it_is(tmp_path: Path) -> None:
    house = MonitoredHouse(tmp_path)
    while not any(call.stage == "waiting" for call in house.house.calls):
        house.live(1)
    waiting = next(call for call in house.house.calls if call.stage == "waiting")
    page = house.browser(Role.SUPERVISOR).get(f"/calls/{waiting.call_id}")
    assert "In progress" in page.text
    assert "span-waiting" in page.text
    listed = house.browser(Role.SUPERVISOR).get("/calls").text
    assert "In progress" in listed


def test_a_day_is_the_banks_own() -> None:
    wanted = read_filter(
        Form([("from", "2026-11-21"), ("to", "2026-11-21")]), SHANGHAI, NUMBERS.sought
    )
    assert wanted.since is not None
    assert wanted.until is not None
    assert wanted.since.isoformat() == "2026-11-20T16:00:00+00:00"
    assert wanted.until.isoformat() == "2026-11-21T16:00:00+00:00"


def test_a_number_is_looked_for_as_people_write_it() -> None:
    wanted = read_filter(Form([("number", "010 8888-0001")]), SHANGHAI, NUMBERS.sought)
    assert "+861088880001" in wanted.numbers
    assert read_filter(Form([]), SHANGHAI, NUMBERS.sought).numbers == ()


def test_a_cursor_comes_back_as_it_went() -> None:
    form = Form([("queue", "general"), ("before", "old")])
    query = next_query(form, (BEGIN, CallId("c~1")))
    again = Form(parse_qsl(query))
    assert again["queue"] == "general"
    assert read_cursor(again) == (BEGIN, "c~1")
    assert read_cursor(Form([])) is None
    with pytest.raises(BadRequest):
        read_cursor(Form([("before", "nonsense")]))


@pytest.mark.parametrize(
    ("language", "words"),
    [(Language.ENGLISH, "Play the message (0:20)"), (Language.CHINESE, "收听留言（0:20）")],
)
def test_a_message_is_played_from_where_it_begins(
    tmp_path: Path, language: Language, words: str
) -> None:
    house, call_id = MonitoredHouse(tmp_path), CallId("left")
    begun = BEGIN + timedelta(seconds=9)
    for event in (
        CallStarted(
            at=BEGIN,
            call_id=call_id,
            direction=Direction.INBOUND,
            calling="13800000001",
            called="95588",
            trunk="carrier",
        ),
        RecordingStarted(
            at=BEGIN, call_id=call_id, connection_id=ConnectionId("left.1"), file="left.wav"
        ),
        MessageLeft(
            at=begun + timedelta(seconds=20),
            call_id=call_id,
            calling="13800000001",
            language=language,
            begun=begun,
            seconds=20.0,
        ),
        MessageFiled(at=begun, call_id=call_id, begun=begun, number=TicketNumber("26112100014")),
    ):
        house.publish(event)
    text = house.browser(Role.SUPERVISOR, language).get(f"/calls/{call_id}").text
    assert f'data-at="9.0">{words}</button>' in text
    assert text.count("26112100014") == 2, "among the facts, and where it came to be"
