"""Provisional responses that arrive (RFC 3262), early media and late offers, from both sides."""

import pytest

from cti.sip.events import (
    Ended,
    SessionAccepted,
    SessionAnswered,
    SessionConfirmed,
    SessionEnded,
    SessionOffered,
    SessionProgressed,
    SessionReoffered,
)
from cti.sip.user_agent import Output
from tests.support import far_side as far
from tests.support.far_side import FAR, codes, header, sent, take, told
from tests.support.sip_messages import OFFER, Changes, request_bytes, response_bytes

OTHER = OFFER.replace(b"o=- 1 1", b"o=- 1 2").replace(b" 6000 ", b" 6002 ")
RELIABLE: Changes = {"Supported": "timer, 100rel"}


def pracked(early: bytes, sequence: int = 2, rack: str = "", body: bytes = b"") -> bytes:
    """The PRACK to a reliable 1xx of ours."""
    named = rack or f"{header(early, 'RSeq')} 1 INVITE"
    changes: Changes = {"RAck": named, **(far.SDP if body else {})}
    return far.inside(early, "PRACK", sequence, changes, body)


def test_a_described_1xx_goes_reliably_to_whom_can_and_is_repeated_until_its_prack() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    early = sent(house.ring(session, 183, far.OURS))[0]
    assert header(early, "Require") == "100rel"
    assert 0 < int(header(early, "RSeq")) < 2**31
    assert sent(far.fire(house, house.sessions[0], "reliable")) == [early]
    assert sent(far.fire(house, house.sessions[0], "reliable")) == [early]
    assert codes(take(house, pracked(early))) == [200]
    assert sent(far.fire(house, house.sessions[0], "reliable")) == []


@pytest.mark.parametrize(
    ("changes", "status", "described", "reliable"),
    [
        ({}, 183, True, False),
        ({"Supported": "timer"}, 183, True, False),
        (RELIABLE, 180, False, False),
        (RELIABLE, 183, True, True),
        ({"Require": "100rel"}, 180, False, True),
        ({"Require": "100rel"}, 183, True, True),
    ],
)
def test_which_1xx_are_reliable(
    changes: Changes, status: int, described: bool, reliable: bool
) -> None:
    house = far.agent()
    session = far.offered(house, changes)
    (early,) = sent(house.ring(session, status, far.OURS if described else None))
    assert (header(early, "Require") == "100rel") is reliable
    assert (header(early, "RSeq") != "") is reliable


def test_reliable_1xx_go_one_at_a_time_and_in_order() -> None:
    house = far.agent()
    session = far.offered(house, {"Require": "100rel"})
    first = sent(house.ring(session, 180))[0]
    assert sent(house.ring(session, 182)) == []
    assert sent(house.ring(session, 183, far.OURS)) == []
    answer, second = sent(take(house, pracked(first)))
    assert answer.startswith(b"SIP/2.0 200 ")
    assert second.startswith(b"SIP/2.0 182 ")
    assert int(header(second, "RSeq")) == int(header(first, "RSeq")) + 1
    _, third = sent(take(house, pracked(second, 3)))
    assert third.startswith(b"SIP/2.0 183 ")
    assert header(third, "Content-Type") == "application/sdp"


def test_a_2xx_waits_for_the_prack_of_a_description_and_then_needs_none() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    early = sent(house.ring(session, 183, far.OURS))[0]
    assert sent(house.accept(session, far.OURS)) == []
    answer, ok = sent(take(house, pracked(early)))
    assert (answer[8:11], ok[8:11]) == (b"200", b"200")
    assert header(ok, "CSeq") == "1 INVITE"
    assert header(ok, "Content-Type") == ""
    assert told(take(house, far.inside(ok, "ACK", 1)), SessionConfirmed)


def test_a_2xx_does_not_wait_for_a_1xx_that_describes_nothing() -> None:
    house = far.agent()
    session = far.offered(house, {"Require": "100rel"})
    ringing = sent(house.ring(session, 180))[0]
    ok = sent(house.accept(session, far.OURS))[0]
    assert header(ok, "Content-Type") == "application/sdp"
    assert codes(take(house, pracked(ringing))) == [481]


@pytest.mark.parametrize("rack", ["1 1 INVITE", "x", "", "9 9 UPDATE"])
def test_a_prack_of_something_else_is_answered_481(rack: str) -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    early = sent(house.ring(session, 183, far.OURS))[0]
    wrong = rack or f"{int(header(early, 'RSeq')) + 1} 1 INVITE"
    assert codes(take(house, pracked(early, rack=wrong))) == [481]
    assert sent(far.fire(house, house.sessions[0], "reliable")) == [early]


def test_without_a_prack_the_invite_is_refused() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    house.ring(session, 183, far.OURS)
    output = far.fire(house, house.sessions[0], "unpracked")
    assert codes(output) == [504]
    assert SessionEnded(session, Ended.TIMEOUT) in output
    assert house.idle


def test_leaving_while_a_2xx_waits_refuses_the_invite() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    house.ring(session, 183, far.OURS)
    house.accept(session, far.OURS)
    output = house.end(session, "Q.850;cause=16")
    assert codes(output) == [480]
    assert header(sent(output)[0], "Reason") == "Q.850;cause=16"
    assert house.idle


def test_a_late_offer_in_a_reliable_1xx_is_answered_in_its_prack() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE, b"")
    early = sent(house.ring(session, 183, far.OURS))[0]
    assert header(early, "Content-Type") == "application/sdp"
    output = take(house, pracked(early, body=OFFER))
    (answered,) = [each for each in output if isinstance(each, SessionAnswered)]
    assert answered.description is not None
    ok = sent(house.accept(session, far.OURS))[0]
    assert header(ok, "Content-Type") == ""


def test_no_offer_goes_in_a_1xx_that_may_get_lost() -> None:
    house = far.agent()
    session = far.offered(house, {}, b"")
    early = sent(house.ring(session, 183, far.OURS))[0]
    assert header(early, "Content-Type") == ""
    ok = sent(house.accept(session, far.OURS))[0]
    assert header(ok, "Content-Type") == "application/sdp"


def test_an_offer_in_a_prack_is_answered_in_its_2xx() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    early = sent(house.ring(session, 183, far.OURS))[0]
    output = take(house, pracked(early, body=OTHER))
    assert told(output, SessionReoffered)
    assert codes(output) == []
    answer = sent(house.accept(session, far.OURS))[0]
    assert header(answer, "CSeq") == "2 PRACK"
    assert header(answer, "Content-Type") == "application/sdp"
    assert header(sent(house.accept(session, far.OURS))[0], "CSeq") == "1 INVITE"


# --- our INVITE -------------------------------------------------------------------------------


def early(
    invite: bytes, rseq: int, tag: str = "called", body: bytes = b"", status: int = 183
) -> bytes:
    changes: Changes = {"Require": "100rel", "RSeq": str(rseq), "Allow": "INVITE, UPDATE, PRACK"}
    return response_bytes(invite, status, tag, changes, body)


def progress(output: Output) -> list[SessionProgressed]:
    return [each for each in output if isinstance(each, SessionProgressed)]


def test_every_reliable_1xx_is_acknowledged_once_and_in_order() -> None:
    house = far.agent()
    session, invite = far.calling(house)
    assert "100rel" in header(invite, "Supported")
    first = take(house, early(invite, 70, body=OFFER), FAR)
    (prack,) = sent(first)
    assert prack.startswith(b"PRACK sip:hotline@192.0.2.9:5060 ")
    assert header(prack, "RAck") == "70 1 INVITE"
    assert header(prack, "To").endswith(";tag=called")
    assert progress(first)[0].description is not None
    assert take(house, early(invite, 70, body=OFFER), FAR) == []
    assert take(house, early(invite, 72), FAR) == [], "71 is missing: left to be sent again"
    assert header(sent(take(house, early(invite, 71), FAR))[0], "RAck") == "71 1 INVITE"
    ok = take(house, response_bytes(invite, 200), FAR)
    (accepted,) = [each for each in ok if isinstance(each, SessionAccepted)]
    assert accepted.description == progress(first)[0].description
    assert accepted == SessionAccepted(session, accepted.description)


def test_branches_of_a_fork_are_kept_apart() -> None:
    house = far.agent()
    _, invite = far.calling(house)
    one = sent(take(house, early(invite, 5, "one", OFFER), FAR))[0]
    two = sent(take(house, early(invite, 900, "two", OTHER), FAR))[0]
    assert header(one, "To").endswith(";tag=one")
    assert header(two, "To").endswith(";tag=two")
    assert header(one, "CSeq") != header(two, "CSeq")
    ok = take(house, response_bytes(invite, 200, "one"), FAR)
    (accepted,) = [each for each in ok if isinstance(each, SessionAccepted)]
    assert accepted.description is not None
    assert accepted.description.media[0].port == 6000
    ack, bye = sent(take(house, response_bytes(invite, 200, "two"), FAR))
    assert (ack[:3], bye[:3]) == (b"ACK", b"BYE")
    numbers = [int(header(each, "CSeq").split()[0]) for each in (one, two, bye)]
    assert numbers == sorted(set(numbers))


def test_the_ack_to_a_late_offer_waits_for_our_answer() -> None:
    house = far.agent()
    session, invite = far.calling(house, offer=None)
    assert header(invite, "Content-Type") == ""
    ok = response_bytes(invite, 200, body=OFFER)
    output = take(house, ok, FAR)
    assert sent(output) == []
    (accepted,) = [each for each in output if isinstance(each, SessionAccepted)]
    assert accepted.offered
    assert take(house, ok, FAR) == []
    (ack,) = sent(house.answer(session, far.OURS))
    assert ack.startswith(b"ACK ")
    assert bytes(far.OURS) in ack
    assert sent(take(house, ok, FAR)) == [ack]
    assert house.answer(session, far.OURS) == []


def test_leaving_without_an_answer_acknowledges_and_says_goodbye() -> None:
    house = far.agent()
    session, invite = far.calling(house, offer=None)
    take(house, response_bytes(invite, 200, body=OFFER), FAR)
    ack, bye = sent(house.end(session))
    assert (ack[:3], bye[:3]) == (b"ACK", b"BYE")
    take(house, response_bytes(bye, 200), FAR)
    assert house.idle


def test_a_late_offer_in_a_reliable_1xx_is_answered_in_our_prack() -> None:
    house = far.agent()
    session, invite = far.calling(house, offer=None)
    output = take(house, early(invite, 7, body=OFFER), FAR)
    assert sent(output) == []
    assert progress(output)[0].offered
    (prack,) = sent(house.answer(session, far.OURS))
    assert prack.startswith(b"PRACK ")
    assert bytes(far.OURS) in prack
    ok = take(house, response_bytes(invite, 200), FAR)
    assert sent(ok)[0].startswith(b"ACK ")
    assert not [each for each in ok if isinstance(each, SessionAccepted) and each.offered]


def test_a_mistake_of_ours_is_answered_500_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    house = far.agent()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cti.sip.session.session.Session.offered", broken)
    output = take(house, request_bytes("INVITE", {}, OFFER))
    assert codes(output) == [500]
    assert house.idle
    assert not told(output, SessionOffered)
    assert "RequestFailed" in {type(each).__name__ for each in output}
