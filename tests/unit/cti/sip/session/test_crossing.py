"""What crosses on the way: answers that come late, twice, or from somebody nobody asked."""

import pytest

from cti.sip.events import (
    Ended,
    SessionEnded,
    SessionId,
    SessionReoffered,
    SessionReofferRefused,
    StartTimer,
)
from cti.sip.user_agent import Output, UserAgent
from tests.support import far_side as far
from tests.support.far_side import FAR, codes, header, sent, take, told
from tests.support.sip_messages import OFFER, Changes, response_bytes


def methods(output: Output) -> list[str]:
    """The requests that go out."""
    starts = (each.split(b" ", 1)[0].decode() for each in sent(output))
    return [each for each in starts if not each.startswith("SIP/")]


def established(house: UserAgent, changes: Changes | None = None) -> SessionId:
    session, invite = far.calling(house)
    take(house, response_bytes(invite, 200, changes=changes, body=OFFER), FAR)
    return session


# --- leaving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [False, True], ids=["before the BYE is answered", "after it"])
def test_an_offer_that_comes_while_we_leave_is_acknowledged(left: bool) -> None:
    house = far.agent()
    session = established(house)
    (asking,) = sent(house.reinvite(session, None))
    (bye,) = sent(house.end(session))
    if left:
        take(house, far.answer(bye, 200), FAR)
    late = far.answer(asking, 200, body=OFFER)
    assert methods(take(house, late, FAR)) == ["ACK"]
    assert methods(take(house, late, FAR)) == ["ACK"], "and again, each time it comes"
    take(house, far.answer(bye, 200), FAR)
    assert house.idle


def test_an_offer_that_comes_after_their_bye_is_acknowledged() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    (asking,) = sent(house.reinvite(session, None))
    take(house, far.inside(ok, "BYE", 2))
    assert methods(take(house, far.answer(asking, 200, body=OFFER))) == ["ACK"]
    assert house.idle


def test_who_leaves_twice_has_given_their_reason() -> None:
    house = far.agent()
    session, invite = far.calling(house)
    house.end(session, "Q.850;cause=16")
    house.leave()
    crossed = sent(take(house, response_bytes(invite, 200, body=OFFER), FAR))
    assert header(crossed[-1], "CSeq").endswith("BYE")
    assert header(crossed[-1], "Reason") == "Q.850;cause=16"


# --- answers nobody asked for -----------------------------------------------------------------


def test_a_reinvite_is_answered_within_its_dialog_whatever_tag_the_answer_has() -> None:
    house = far.agent()
    session = established(house)
    (again,) = sent(house.reinvite(session, far.AGAIN))
    good = far.answer(again, 200, body=OFFER)
    strange = far.answer(again, 200, {"To": header(again, "To").replace("called", "other")}, OFFER)
    for each in (good, good, strange, strange):
        assert methods(take(house, each, FAR)) == ["ACK"]
    assert house.sessions == (session,)


def test_only_so_many_branches_of_a_fork_are_taken_leave_of() -> None:
    house = far.agent()
    _, invite = far.calling(house)
    ended = [
        methods(take(house, response_bytes(invite, 200, f"branch-{number}", body=OFFER), FAR))
        for number in range(100)
    ]
    assert ended[0] == ["ACK"]
    assert ended[1] == ["ACK", "BYE"]
    assert ended[-1] == []


def test_what_answers_no_request_that_asked_for_it_waits_for_nothing() -> None:
    """A 408 to what is no INVITE would come too late for everybody (RFC 4320, 4.2)."""
    house = far.agent()
    session, ok = far.accepted(house)
    take(house, far.inside(ok, "UPDATE", 2, {"Content-Type": "application/sdp"}, OFFER))
    output = house.reject(session, 408)
    assert codes(output) == []
    assert any(isinstance(each, StartTimer) and each.key.endswith("/J") for each in output)
    again = far.inside(ok, "UPDATE", 2, {"Content-Type": "application/sdp"}, OFFER)
    assert take(house, again) == []


# --- offers -----------------------------------------------------------------------------------


def test_an_offer_in_a_prack_before_anything_is_agreed_is_refused() -> None:
    house = far.agent()
    session = far.offered(house, {"Require": "100rel"}, b"")
    ringing = sent(house.ring(session))[0]
    house.ring(session, 183, far.OURS)
    prack: Changes = {
        "RAck": f"{header(ringing, 'RSeq')} 1 INVITE",
        "Content-Type": "application/sdp",
    }
    output = take(house, far.inside(ringing, "PRACK", 2, prack, OFFER))
    assert codes(output) == [500]
    assert not told(output, SessionReoffered)
    plain = far.inside(ringing, "PRACK", 3, {"RAck": prack["RAck"]})
    assert codes(take(house, plain)) == [200, 183]


REFRESHED: Changes = {"Session-Expires": "600;refresher=uac", "Allow": "INVITE"}


def test_a_refresh_that_met_an_offer_of_theirs_says_what_was_agreed_since() -> None:
    house = far.agent()
    session = established(house, REFRESHED)
    (refresh,) = sent(far.fire(house, session, "refresh"))
    take(house, far.answer(refresh, 491), FAR)
    hold: Changes = {
        "From": header(refresh, "To"),
        "To": header(refresh, "From"),
        "Call-ID": header(refresh, "Call-ID"),
    }
    assert told(take(house, far.inside(refresh, "INVITE", 7, hold, OFFER), FAR), SessionReoffered)
    house.accept(session, far.AGAIN)
    take(house, far.inside(refresh, "ACK", 7, hold), FAR)
    (again,) = sent(far.fire(house, session, "glare"))
    assert bytes(far.AGAIN) in again


def test_a_refresh_that_met_an_offer_of_ours_is_made_later() -> None:
    house = far.agent()
    session = established(house, REFRESHED)
    (again,) = sent(house.reinvite(session, far.AGAIN))
    output = far.fire(house, session, "refresh")
    assert methods(output) == []
    assert StartTimer(f"session/{session}/refresh", 150.0) in output
    refused = take(house, far.answer(again, 488), FAR)
    assert SessionReofferRefused(session, 488) in refused
    assert methods(far.fire(house, session, "refresh")) == ["INVITE"]


def test_a_call_that_ended_while_its_reinvite_was_challenged_stays_ended() -> None:
    house = far.agent()
    session, invite = far.calling(house, user="1001", secret="secret-1001")
    take(house, response_bytes(invite, 200, body=OFFER), FAR)
    (again,) = sent(house.reinvite(session, far.AGAIN))
    (bye,) = sent(house.end(session))
    challenge: Changes = {"WWW-Authenticate": 'Digest realm="x", nonce="y", qop="auth"'}
    assert methods(take(house, far.answer(again, 401, challenge), FAR)) == ["ACK"]
    take(house, far.answer(bye, 200), FAR)
    assert house.idle


def test_hanging_up_is_told_once_however_both_sides_do_it() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    first = house.end(session)
    (bye,) = sent(first)
    crossed = take(house, far.inside(ok, "BYE", 2))
    assert codes(crossed) == [200]
    assert SessionEnded(session, Ended.LOCAL) in first
    assert not told(crossed, SessionEnded)
    take(house, far.answer(bye, 481))
    assert house.idle
