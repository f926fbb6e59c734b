from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.logger import capturedLogs
from wsproto.events import TextMessage

from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.frame import SESSION_COOKIE
from cti.web.live import HEARTBEAT, MOST_UNREAD, OWN_AFTER, ROUND_AFTER, LiveBoard
from cti.web.live_client import POLICY_VIOLATION
from cti.web.sockets import LARGEST_MESSAGE
from tests.support.browsers import ORIGIN, Browser, Socket
from tests.support.offices import AGENT, SUPERVISOR, Office


class Rig:
    """A board with one entity per queue, and secrets that supervisors alone may see."""

    def __init__(self, *roles: Role) -> None:
        self.office = Office()
        self.entities: dict[str, Any] = {"queue/general": {"waiting": 1}}
        self.commands: list[tuple[str, Mapping[str, Any]]] = []
        self.later: Deferred[str] = Deferred()
        self.board = LiveBoard(
            self.office.frame,
            *roles,
            snapshot=lambda _principal: self.entities,
            visible=lambda who, _key, value: (
                not value.get("secret") or Role.SUPERVISOR in who.roles
            ),
            handler=self.do,
        )

    def do(self, principal: Principal, command: Mapping[str, Any]) -> Any:
        self.commands.append((principal.staff_id, command))
        match command["do"]:
            case "now":
                return {"done": 1}
            case "soon":
                return succeed("fired")
            case "later":
                return self.later
            case "refuse":
                raise Refused("access.too_many_attempts", seconds=3)
        raise ZeroDivisionError

    def open(self, principal: Principal = AGENT) -> Socket:
        browser = Browser(self.board.resource(), self.office.clock)
        self.office.signed_in(browser, principal)
        return browser.socket("/")


def test_snapshot_then_numbered_changes() -> None:
    rig = Rig()
    page = rig.open()
    now = "1970-01-01T00:00:00+00:00"
    assert page.received() == [
        {"seq": 1, "snapshot": {"queue/general": {"waiting": 1}}, "now": now}
    ]
    rig.board.publish("queue/general", {"waiting": 2})
    rig.board.publish("queue/new", {"waiting": 0})
    rig.board.delete("queue/new", "queue/never-shown")
    assert page.received() == [
        {"seq": 2, "set": {"queue/general": {"waiting": 2}}},
        {"seq": 3, "set": {"queue/new": {"waiting": 0}}},
        {"seq": 4, "del": ["queue/new"]},
    ]


def test_heartbeat_tells_time_and_last_number() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    rig.office.clock.advance(1)
    assert page.received() == [{"seq": 1, "now": "1970-01-01T00:00:01+00:00"}]
    rig.board.publish("a", {})
    rig.office.clock.advance(1)
    assert [message["seq"] for message in page.received()] == [2, 2]


def test_no_heart_beats_for_nobody() -> None:
    rig = Rig()
    page = rig.open()
    page.lose()
    assert rig.board.audience == 0
    assert rig.office.clock.getDelayedCalls() == []


def test_each_sees_what_they_may_and_loses_what_they_no_longer_may() -> None:
    rig = Rig()
    agent, supervisor = rig.open(), rig.open(SUPERVISOR)
    agent.received(), supervisor.received()
    rig.board.publish("call/1", {"secret": True})
    assert agent.received() == []
    assert supervisor.received() == [{"seq": 2, "set": {"call/1": {"secret": True}}}]
    rig.board.publish("call/1", {"secret": False})
    rig.board.publish("call/1", {"secret": True})
    assert agent.received() == [
        {"seq": 2, "set": {"call/1": {"secret": False}}},
        {"seq": 3, "del": ["call/1"]},
    ]


def test_refresh_replaces_everything() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    rig.entities = {"queue/other": {}}
    rig.board.refresh()
    (message,) = page.received()
    assert (message["seq"], message["snapshot"]) == (2, {"queue/other": {}})


def test_commands_are_answered_each_by_its_number() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    page.send({"id": 1, "do": "later"})
    page.send({"id": 2, "do": "now", "reason": "lunch"})
    page.send({"id": 3, "do": "soon"})
    assert page.received() == [{"re": 2, "ok": {"done": 1}}, {"re": 3, "ok": "fired"}]
    rig.later.callback("at last")
    assert page.received() == [{"re": 1, "ok": "at last"}]
    assert rig.commands[1] == (AGENT.staff_id, {"id": 2, "do": "now", "reason": "lunch"})


def test_refusal_comes_with_words_and_a_bug_with_an_incident() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    page.send({"id": 4, "do": "refuse"})
    page.send({"id": 5, "do": "bug"})
    refused, bug = page.received()
    assert refused["error"] == "access.too_many_attempts"
    assert "3 秒" in refused["text"]
    assert bug["error"] == "request.incident"
    assert "ZeroDivision" not in bug["text"]


def test_what_is_no_character_can_be_answered_and_kept() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    page.send({"id": 1, "do": "now", "reason": "cut \ud83d", "more": [{"\0": "\0"}]})
    page.received()
    ((_, command),) = rig.commands
    assert (command["reason"], command["more"]) == ("cut \ufffd", [{"\ufffd": "\ufffd"}])


@pytest.mark.parametrize(
    "message",
    [
        [],
        {},
        {"id": 1},
        {"do": "now"},
        {"id": "x", "do": "now"},
        {"id": float("inf"), "do": "now"},
        {"id": 1, "do": "now", "reason": [float("nan")]},
    ],
)
def test_what_is_no_command_closes_the_connection(message: object) -> None:
    rig = Rig()
    page = rig.open()
    page.send(message)
    page.received()
    assert page.closed == 1008
    assert rig.commands == []
    assert rig.board.audience == 0


def test_page_that_reads_slowly_gets_only_the_latest_of_each() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    page.reading = False
    rig.office.clock.advance(1)
    rig.office.clock.advance(1)
    for number in range(50):
        rig.board.publish("queue/general", {"waiting": number})
    rig.board.delete("queue/general")
    rig.board.publish("queue/general", {"waiting": 99})
    client = next(iter(rig.board._clients))
    assert len(client._held) == 1
    client.pongReceived(b"2")
    assert client._held == {}
    assert client._sequence == 2


def test_page_that_does_not_read_is_dropped() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    page.reading = False
    for _ in range(MOST_UNREAD + 1):
        rig.office.clock.advance(1)
    assert rig.board.audience == 1
    rig.office.clock.advance(1)
    assert rig.board.audience == 0
    assert page.disconnecting


def test_goodbye_of_one_page_disturbs_no_other() -> None:
    rig = Rig()
    leaving, staying = rig.open(), rig.open()
    leaving.received(), staying.received()
    leaving.say_goodbye()
    rig.office.clock.advance(1)
    rig.board.publish("a", {"b": 1})
    assert [set(message) for message in staying.received()] == [{"seq", "now"}, {"seq", "set"}]
    assert rig.board.audience == 1
    leaving.lose()
    staying.say_goodbye()
    rig.board.close()
    assert rig.board.audience == 0
    assert rig.office.clock.getDelayedCalls() == []


def test_page_that_reads_stays() -> None:
    rig = Rig()
    page = rig.open()
    for _ in range(60):
        rig.office.clock.advance(1)
        page.received()
    assert rig.board.audience == 1


def test_signing_out_closes_the_page_at_once() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    rig.office.sessions.sign_out_staff(AGENT.staff_id)
    page.received()
    assert page.closed == 4401
    assert rig.board.audience == 0


def test_closing_the_board_says_goodbye() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    rig.board.close()
    page.received()
    assert page.closed == 1001
    assert rig.office.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://hotline.test.evil.example", "null", ""]
)
def test_other_origins_are_not_admitted(origin: str) -> None:
    rig = Rig()
    browser = Browser(rig.board.resource(), rig.office.clock)
    rig.office.signed_in(browser, AGENT)
    with pytest.raises(AssertionError, match="403"):
        browser.socket("/", origin=origin)
    assert rig.board.audience == 0


def test_nobody_and_the_wrong_role_are_not_admitted() -> None:
    rig = Rig(Role.SUPERVISOR)
    browser = Browser(rig.board.resource(), rig.office.clock)
    with pytest.raises(AssertionError, match="401"):
        browser.socket("/")
    with pytest.raises(AssertionError, match="401"):
        rig.open(AGENT)
    assert rig.open(SUPERVISOR).received()


def test_ordinary_request_to_a_socket_is_a_client_error() -> None:
    rig = Rig()
    browser = Browser(rig.board.resource(), rig.office.clock)
    rig.office.signed_in(browser, AGENT)
    assert browser.get("/", origin="http://hotline.test").status == 400
    assert rig.board.audience == 0


def test_message_that_never_ends_is_cut_off() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    masked = b"\x01\xff" + (1 << 40).to_bytes(8, "big") + b"\0\0\0\0"
    page.send_raw(masked)
    for _ in range(LARGEST_MESSAGE // 4096 + 1):
        page.send_raw(b"x" * 4096)
    assert page.disconnecting


FRAGMENT, CONTINUED, PING = b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0", b"\x89\x80\0\0\0\0"
"""Frames without a payload, as a client masks them."""


@pytest.mark.parametrize("frame", [CONTINUED, PING], ids=["fragments", "pings"])
def test_frames_of_nothing_without_end_are_cut_off(frame: bytes) -> None:
    rig = Rig()
    page = rig.open()
    page.send_raw(FRAGMENT)
    for _ in range(LARGEST_MESSAGE // len(frame) // 100 + 1):
        page.send_raw(frame * 100)
    assert page.disconnecting


def test_nothing_is_compressed_and_so_nothing_grows() -> None:
    """A message of 64 KiB could be one of 64 MiB otherwise (RFC 7692, 8)."""
    rig = Rig()
    browser = Browser(rig.board.resource(), rig.office.clock)
    rig.office.signed_in(browser, AGENT)
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
        "origin": ORIGIN,
    }
    answer = browser.request("GET", "/", headers=upgrade)
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers


def test_nothing_is_read_from_a_page_that_does_not_read_its_answers() -> None:
    """However readily it says that it has read them: its pongs are not read either."""
    rig = Rig()
    page = rig.open()
    connection: Any = page._transport
    connection.producer.pauseProducing()
    assert connection.producerState == "paused"
    connection.producer.resumeProducing()
    assert connection.producerState == "producing"
    connection.producer.pauseProducing()
    for _ in range(MOST_UNREAD + 2):
        rig.office.clock.advance(HEARTBEAT)
    assert rig.board.audience == 0


DEEP = (
    b'{"id":1,"do":' + b"[" * 30_000,
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"id":' + b"9" * 60_000,
)


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_what_is_nested_without_end_is_no_command(text: bytes) -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    closing = {b"[": b"]", b"{": b"}"}.get(text[:1], b"")
    for whole in (text, text + b"1}" + closing):
        page.send_raw(page._connection.send(TextMessage(whole.decode())))
    page.received()
    assert page.closed == POLICY_VIOLATION
    assert rig.commands == []


def test_many_small_messages_are_not_cut_off() -> None:
    rig = Rig()
    page = rig.open()
    for number in range(3000):
        page.send({"id": number, "do": "now", "padding": "x" * 40})
    assert len(rig.commands) == 3000
    assert not page.disconnecting


def test_bytes_and_broken_frames_end_the_connection_without_a_traceback() -> None:
    rig = Rig()
    page = rig.open()
    page.send_bytes(b"\x00")
    assert page.disconnecting
    other = rig.open()
    other.send_raw(b"\xff\xff\xff\xff\xff")
    assert other.disconnecting
    other.send_raw(b"more")
    other.lose()
    assert rig.board.audience == 0


def test_session_cookie_is_what_admits() -> None:
    rig = Rig()
    browser = Browser(rig.board.resource(), rig.office.clock)
    browser.cookies[SESSION_COOKIE] = "guess"
    with pytest.raises(AssertionError, match="401"):
        browser.socket("/")


class Told:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.silence = 0.0

    def page_joined(self, principal: Principal, page: str) -> None:
        self.heard.append(("joined", f"{principal.staff_id} {page}"))

    def page_left(self, principal: Principal, page: str) -> None:
        self.heard.append(("left", f"{principal.staff_id} {page}"))

    def page_silent(self, principal: Principal, page: str, seconds: float) -> None:
        assert (principal, page) == (AGENT, "one")
        self.silence = seconds


def watched() -> tuple[Office, Told, LiveBoard, list[Any]]:
    office, told, commands = Office(), Told(), []

    def do(_principal: Principal, command: Mapping[str, Any]) -> None:
        commands.append(command["from_page"])

    board = LiveBoard(office.frame, snapshot=lambda _who: {}, handler=do, watcher=told)
    return office, told, board, commands


def page_of(office: Office, board: LiveBoard, name: str) -> Socket:
    browser = Browser(board.resource(), office.clock)
    office.signed_in(browser, AGENT)
    return browser.socket(f"/?page={name}")


def test_a_watcher_hears_of_pages_and_commands_name_theirs() -> None:
    office, told, board, commands = watched()
    who = f"{AGENT.staff_id} one"
    first, again = page_of(office, board, "one"), page_of(office, board, "one")
    again.send({"id": 1, "do": "x", "from_page": "forged"})
    assert commands == ["one"]
    first.lose()
    assert told.heard == [("joined", who), ("joined", who)], "the page is there still"
    again.lose()
    assert told.heard[2:] == [("left", who)]


def test_a_watcher_hears_how_long_a_page_has_read_nothing() -> None:
    office, told, board, _ = watched()
    page = page_of(office, board, "one")
    office.clock.pump([1.0] * 3)
    page.received()
    assert told.silence == 2
    office.clock.pump([1.0] * MOST_UNREAD)
    assert told.silence == MOST_UNREAD - 1
    office.clock.pump([1.0] * 3)
    assert told.heard[-1] == ("left", f"{AGENT.staff_id} one")


def test_what_concerns_many_is_told_once_a_round() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    waiting = {"waiting": 0}
    for _ in range(9):
        waiting["waiting"] += 1
        rig.board.publish_soon("queue/general", lambda: dict(waiting))
    rig.board.publish_soon("queue/cards", lambda: {"waiting": 3})
    assert page.received() == []
    rig.office.clock.advance(ROUND_AFTER)
    assert page.received() == [
        {"seq": 2, "set": {"queue/general": {"waiting": 9}, "queue/cards": {"waiting": 3}}}
    ]
    rig.board.publish_soon("queue/cards", lambda: None)
    rig.office.clock.advance(ROUND_AFTER)
    assert page.received() == [{"seq": 3, "del": ["queue/cards"]}]


def test_a_round_shows_each_what_they_may_see() -> None:
    rig = Rig()
    agent, supervisor = rig.open(), rig.open(SUPERVISOR)
    agent.received(), supervisor.received()
    rig.board.publish_soon("call/1", lambda: {"secret": True})
    rig.board.publish_soon("call/2", lambda: {"secret": False})
    rig.office.clock.advance(ROUND_AFTER)
    assert [set(each["set"]) for each in agent.received()] == [{"call/2"}]
    assert [set(each["set"]) for each in supervisor.received()] == [{"call/1", "call/2"}]


def test_no_round_is_left_when_everybody_has_gone_or_is_shown_all_anew() -> None:
    rig = Rig()
    page = rig.open()
    page.received()
    rig.board.publish_soon("queue/general", lambda: {"waiting": 2})
    rig.board.refresh()
    page.received()
    rig.office.clock.advance(ROUND_AFTER)
    assert page.received() == []
    rig.board.publish_soon("queue/general", lambda: {"waiting": 3})
    page.lose()
    rig.board.publish_soon("queue/general", lambda: {"waiting": 4})
    assert rig.office.clock.getDelayedCalls() == []


class Owned:
    """A board of entities that are one person's each, of the same name."""

    def __init__(self) -> None:
        self.office, self.asked = Office(), list[str]()
        self.board = LiveBoard(
            self.office.frame, snapshot=lambda _who: {}, visible=self._seen, owner=StaffId
        )

    def _seen(self, who: Principal, _key: str, _value: Any) -> bool:
        self.asked.append(who.staff_id)
        return True

    def open(self, principal: Principal) -> Socket:
        browser = Browser(self.board.resource(), self.office.clock)
        self.office.signed_in(browser, principal)
        page = browser.socket("/")
        page.received()
        return page


def test_what_is_one_persons_asks_nothing_of_the_pages_of_others() -> None:
    rig = Owned()
    mine, other = rig.open(AGENT), rig.open(SUPERVISOR)
    rig.board.publish(AGENT.staff_id, 1)
    rig.board.delete(SUPERVISOR.staff_id)
    assert rig.asked == [AGENT.staff_id]
    assert [each["set"] for each in mine.received()] == [{AGENT.staff_id: 1}]
    assert other.received() == []


def test_what_is_one_persons_is_looked_at_once_however_often_it_changes() -> None:
    rig, looks = Owned(), count(1)
    page = rig.open(AGENT)
    for _ in range(9):
        rig.board.publish_own(AGENT.staff_id, lambda: next(looks))
    assert page.received() == []
    rig.office.clock.advance(OWN_AFTER)
    assert [each["set"] for each in page.received()] == [{AGENT.staff_id: 1}]


def test_what_is_one_persons_is_not_even_looked_at_while_no_page_of_theirs_is_open() -> None:
    rig, looks = Owned(), count(1)
    rig.open(SUPERVISOR)
    rig.board.publish_own(AGENT.staff_id, lambda: next(looks))
    rig.office.clock.advance(OWN_AFTER)
    assert next(looks) == 1


def test_what_is_shown_at_once_is_not_shown_again_a_moment_later() -> None:
    rig = Owned()
    page = rig.open(AGENT)
    rig.board.publish_own(AGENT.staff_id, lambda: 1)
    rig.board.publish(AGENT.staff_id, 2)
    rig.board.publish_own(AGENT.staff_id, lambda: 3)
    rig.board.delete(AGENT.staff_id)
    rig.office.clock.advance(OWN_AFTER)
    assert [each.get("set") for each in page.received()] == [{AGENT.staff_id: 2}, None]


def test_one_thing_that_cannot_be_shown_keeps_no_other_from_it() -> None:
    rig = Owned()
    mine, other = rig.open(AGENT), rig.open(SUPERVISOR)

    def lost() -> int:
        raise LookupError("nothing is known of it")

    with capturedLogs() as problems:
        rig.board.publish_own(AGENT.staff_id, lost)
        rig.board.publish_own(SUPERVISOR.staff_id, lambda: 1)
        rig.office.clock.advance(OWN_AFTER)
    assert len(problems) == 1
    assert mine.received() == []
    assert [each["set"] for each in other.received()] == [{SUPERVISOR.staff_id: 1}]


def test_nothing_is_left_to_be_told_of_ones_own_when_everybody_has_gone() -> None:
    rig = Owned()
    page = rig.open(AGENT)
    rig.board.publish_own(AGENT.staff_id, lambda: 1)
    page.lose()
    assert rig.office.clock.getDelayedCalls() == []
