"""Answers to INVITEs of a process that is gone: acknowledged and left, if they prove to be ours."""

from collections.abc import Callable

import pytest

from cti.sip.events import Ended, SessionEnded
from cti.sip.marks import LONGEST_RINGING, Marks
from cti.sip.session.kept import SEQUENCE_GAP
from cti.sip.session.stray import BURST, RATE
from cti.sip.user_agent import UserAgent
from tests.support import far_side as far
from tests.support.lossy_link import LossyLink, counting_entropy
from tests.support.sip_messages import OFFER, Changes, response_bytes
from tests.unit.cti.sip.session.test_calls import answering, call, pair

KEY = b"of the house"


def house(key: bytes = KEY) -> UserAgent:
    return far.agent(house_key=key)


def methods(house: UserAgent, data: bytes, now: float = 100.0) -> list[str]:
    output = house.datagram_received(data, far.FAR, now)
    return [each.split(b" ", 1)[0].decode() for each in far.sent(output)]


def invite(key: bytes = KEY) -> bytes:
    """As the process before sent it, at the beginning of time."""
    return far.calling(house(key))[1]


def answered(invite: bytes, tag: str = "called", changes: Changes | None = None) -> bytes:
    return response_bytes(invite, 200, tag, changes, OFFER)


def test_a_call_that_nobody_knows_is_acknowledged_and_left() -> None:
    sent = invite()
    after = house()
    routes: Changes = {"Record-Route": "<sip:192.0.2.5;lr>, <sip:192.0.2.6;lr>"}
    output = after.datagram_received(answered(sent, changes=routes), far.FAR, 100.0)
    ack, bye = far.sent(output)
    assert ack.startswith(b"ACK sip:hotline@192.0.2.9:5060 ")
    assert far.header(ack, "CSeq") == "1 ACK"
    assert bye.startswith(b"BYE sip:hotline@192.0.2.9:5060 ")
    assert far.header(bye, "CSeq") == f"{1 + SEQUENCE_GAP} BYE"
    for each in (ack, bye):
        assert far.header(each, "From") == far.header(sent, "From")
        assert far.header(each, "To").endswith(";tag=called")
        assert far.header(each, "Call-ID") == far.header(sent, "Call-ID")
        assert each.index(b"192.0.2.6;lr") < each.index(b"192.0.2.5;lr")
    assert methods(after, far.answer(bye, 200)) == []
    assert after.idle
    assert after.sessions == ()


def test_it_is_acknowledged_as_often_as_it_comes_and_left_once() -> None:
    sent = invite()
    after = house()
    assert methods(after, answered(sent)) == ["ACK", "BYE"]
    assert methods(after, answered(sent)) == ["ACK"]
    assert methods(after, answered(sent, "other")) == ["ACK", "BYE"]


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda invite: response_bytes(invite, 180, body=OFFER),
        lambda invite: response_bytes(invite, 486),
        lambda invite: answered(invite, changes={"Call-ID": "another"}),
        lambda invite: answered(invite, changes={"From": "<sip:95588@192.0.2.1>;tag=abc"}),
        lambda invite: answered(invite, changes={"From": "<sip:95588@192.0.2.1>"}),
        lambda invite: answered(invite, changes={"To": "<sip:1001@192.0.2.9>"}),
        lambda invite: answered(invite, changes={"CSeq": "1 OPTIONS"}),
        lambda invite: answered(
            invite, changes={"Via": "SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bK1"}
        ),
        lambda invite: answered(
            invite, changes={"Via": f"{far.header(invite, 'Via')}, SIP/2.0/UDP 192.0.2.7"}
        ),
    ],
)
def test_what_does_not_prove_to_be_ours_is_passed_over(spoilt: Callable[[bytes], bytes]) -> None:
    sent = invite()
    assert methods(house(), spoilt(sent)) == []


def test_another_house_is_passed_over() -> None:
    assert methods(house(), answered(invite(b"of others"))) == []
    assert methods(house(b""), answered(invite(b""))) == ["ACK", "BYE"], (
        "the same seed, the same key"
    )


def test_who_was_called_long_ago_cannot_use_it() -> None:
    sent = invite()
    assert methods(house(), answered(sent), LONGEST_RINGING + 1.0) == []
    assert methods(house(), answered(sent), LONGEST_RINGING - 1.0) == ["ACK", "BYE"]


def test_a_flood_is_looked_at_in_part() -> None:
    sent = invite()
    after = house()
    flood = [methods(after, answered(sent, f"branch-{number}")) for number in range(100)]
    assert sum("BYE" in each for each in flood) == BURST
    later = [methods(after, answered(sent, f"later-{number}"), 101.0) for number in range(100)]
    assert sum("BYE" in each for each in later) == RATE


def test_a_kept_session_is_acknowledged_and_goes_on() -> None:
    before = house()
    session, sent = far.calling(before)
    far.take(before, answered(sent), far.FAR)
    kept = before.keep(session)
    assert kept is not None
    after = house()
    after.resume(kept, 100.0)
    assert methods(after, answered(sent)) == ["ACK"]
    assert methods(after, answered(sent, "other")) == ["ACK", "BYE"]
    assert after.sessions == (session,)


def test_somebody_who_answers_a_house_that_was_restarted_is_not_left_in_silence() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    call(caller)
    link.restart(caller)
    link.run(60.0)
    assert link.sent(caller) == ["INVITE", "ACK", "BYE"]
    assert [each.why for each in called.told(SessionEnded)] == [Ended.REMOTE]
    assert called.user_agent.idle


def test_a_tag_is_of_one_call_and_one_house() -> None:
    marks, others = Marks(KEY, counting_entropy()), Marks(b"", counting_entropy())
    tag = marks.tag("call", 1_000_000.0)
    assert tag != marks.tag("call", 1_000_000.0)
    assert marks.ours(tag, "call", 1_000_100.0)
    assert Marks(KEY, counting_entropy(7)).ours(tag, "call", 1_000_100.0)
    assert not marks.ours(tag, "call", 1_000_000.0 - 1)
    assert not marks.ours(tag, "other", 1_000_100.0)
    assert not others.ours(tag, "call", 1_000_100.0)
    assert not marks.ours("", "call", 0.0)
    assert not marks.ours("zz" * 16, "call", 0.0)
    assert not marks.ours("é" * 32, "call", 0.0)
