"""UPDATE (RFC 3311) and session timers (RFC 4028), as table and text."""

import pytest

from cti.sip.events import (
    Ended,
    SessionAnswered,
    SessionEnded,
    SessionId,
    SessionReoffered,
    SessionReofferRefused,
    StartTimer,
)
from cti.sip.session.session_timer import Agreed, Terms, ask, grant
from cti.sip.user_agent import Output, UserAgent
from tests.support import far_side as far
from tests.support.far_side import FAR, codes, header, sent, take, told
from tests.support.sip_messages import OFFER, Changes, request, response_bytes

RELIABLE: Changes = {"Supported": "100rel", "Allow": "INVITE, ACK, BYE, PRACK, UPDATE"}


def started(output: Output, name: str) -> list[float]:
    return [
        each.seconds
        for each in output
        if isinstance(each, StartTimer) and each.key.endswith(f"/{name}")
    ]


def early(house: UserAgent) -> tuple[SessionId, bytes]:
    """An INVITE answered by a reliable 183 whose PRACK came: agreed, not yet accepted."""
    session = far.offered(house, RELIABLE)
    data = sent(house.ring(session, 183, far.OURS))[0]
    prack: Changes = {"RAck": f"{header(data, 'RSeq')} 1 INVITE"}
    assert codes(take(house, far.inside(data, "PRACK", 2, prack))) == [200]
    return session, data


def test_an_update_in_a_call_is_reoffered_and_answered_straight_away() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    output = take(house, far.inside(ok, "UPDATE", 2, dict(far.SDP), OFFER))
    assert told(output, SessionReoffered)
    assert codes(output) == []
    (answer,) = sent(house.accept(session, far.AGAIN))
    assert header(answer, "CSeq") == "2 UPDATE"
    assert header(answer, "Contact") == "<sip:hotline@192.0.2.9:5060>"
    assert bytes(far.AGAIN) in answer


def test_an_update_may_be_refused_and_one_nobody_answers_is() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    take(house, far.inside(ok, "UPDATE", 2, dict(far.SDP), OFFER))
    assert codes(house.reject(session, 488)) == [488]
    take(house, far.inside(ok, "UPDATE", 3, dict(far.SDP), OFFER))
    assert codes(far.fire(house, session, "undecided")) == [504]
    assert house.sessions == (session,)
    take(house, far.inside(ok, "UPDATE", 4, dict(far.SDP), OFFER))
    assert codes(take(house, far.inside(ok, "BYE", 5))) == [200, 487]


def test_an_update_without_an_offer_moves_the_target() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    moved: Changes = {"Contact": "<sip:a@192.0.2.1:5070>"}
    assert codes(take(house, far.inside(ok, "UPDATE", 2, moved))) == [200]
    assert sent(house.end(session))[0].startswith(b"BYE sip:a@192.0.2.1:5070 ")


def test_offers_that_meet() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    house.reinvite(session, far.AGAIN)
    assert codes(take(house, far.inside(ok, "UPDATE", 2, dict(far.SDP), OFFER))) == [491]
    assert codes(take(house, far.inside(ok, "UPDATE", 3))) == [200]
    other = far.agent()
    _, ok = far.accepted(other)
    take(other, far.inside(ok, "UPDATE", 2, dict(far.SDP), OFFER))
    second = take(other, far.inside(ok, "UPDATE", 3, dict(far.SDP), OFFER))
    assert codes(second) == [500]
    assert header(sent(second)[0], "Retry-After") == "1"
    assert codes(take(other, far.inside(ok, "INVITE", 4, dict(far.SDP), OFFER))) == [500]


def test_an_update_before_anything_is_agreed_is_answered_500() -> None:
    house = far.agent()
    session = far.offered(house, RELIABLE)
    ringing = sent(house.ring(session))[0]
    output = take(house, far.inside(ringing, "UPDATE", 2, dict(far.SDP), OFFER))
    assert codes(output) == [500]
    assert "Retry-After" in sent(output)[0].decode()


def test_offers_go_by_update_before_the_call_is_answered() -> None:
    house = far.agent()
    session, data = early(house)
    (update,) = sent(house.reinvite(session, far.AGAIN))
    assert update.startswith(b"UPDATE sip:13800138000@192.0.2.1:5060 ")
    glare = take(house, far.inside(data, "UPDATE", 3, dict(far.SDP), OFFER))
    assert codes(glare) == [491]
    output = take(house, response_bytes(update, 200, "", {"To": header(update, "To")}, OFFER))
    assert told(output, SessionAnswered)
    assert header(sent(house.accept(session, far.OURS))[0], "Content-Type") == ""


@pytest.mark.parametrize(("status", "told_of"), [(488, True), (504, True), (491, False)])
def test_an_update_refused_leaves_what_was_agreed(status: int, told_of: bool) -> None:
    house = far.agent()
    session, _ = early(house)
    (update,) = sent(house.reinvite(session, far.AGAIN))
    output = take(house, response_bytes(update, status, "", {"To": header(update, "To")}))
    assert (SessionReofferRefused(session, status) in output) is told_of
    assert bool(started(output, "glare")) is not told_of
    if not told_of:
        assert sent(far.fire(house, session, "glare"))[0].startswith(b"UPDATE ")


def test_an_offer_to_who_cannot_update_waits_for_the_answer() -> None:
    house = far.agent()
    session = far.offered(house)
    assert house.reinvite(session, far.AGAIN) == []
    ok = sent(house.accept(session, far.OURS))[0]
    assert sent(take(house, far.inside(ok, "ACK", 1)))[0].startswith(b"INVITE ")


def test_their_update_of_an_early_dialog_of_ours() -> None:
    house = far.agent()
    session, invite = far.calling(house)
    reliable: Changes = {"Require": "100rel", "RSeq": "1", "Allow": "UPDATE"}
    data = response_bytes(invite, 183, changes=reliable, body=OFFER)
    take(house, data, FAR)
    update: Changes = {
        "From": f"{header(invite, 'To')};tag=called",
        "To": header(invite, "From"),
        "Call-ID": header(invite, "Call-ID"),
        **far.SDP,
    }
    output = take(house, far.inside(data, "UPDATE", 1, update, OFFER), FAR)
    assert told(output, SessionReoffered)
    assert codes(house.accept(session, far.AGAIN)) == [200]
    assert sent(house.reinvite(session, far.OURS))[0].startswith(b"UPDATE ")


# --- session timers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "supported", "ours", "answered"),
    [
        ({"Session-Expires": "600;refresher=uac"}, True, False, "600;refresher=uac"),
        ({"Session-Expires": "600;refresher=uas"}, True, True, "600;refresher=uas"),
        ({"Session-Expires": "600"}, True, False, "600;refresher=uac"),
        ({"Session-Expires": "600"}, False, True, "600;refresher=uas"),
        ({"Session-Expires": "60"}, False, True, "90;refresher=uas"),
        ({"Session-Expires": "7200"}, True, False, "1800;refresher=uac"),
        ({"Session-Expires": "7200", "Min-SE": "3600"}, True, False, "3600;refresher=uac"),
        ({}, True, False, "1800;refresher=uac"),
        ({}, False, True, "1800;refresher=uas"),
        ({"Session-Expires": "soon"}, True, False, "1800;refresher=uac"),
    ],
)
def test_what_is_granted(asked: Changes, supported: bool, ours: bool, answered: str) -> None:
    extra: Changes = {"Supported": "timer"} if supported else {}
    agreed, headers = grant(request("INVITE", {**asked, **extra}), Terms(), None)
    assert dict(headers)["Session-Expires"] == answered
    assert agreed == Agreed(int(answered.split(";")[0]), ours)
    assert (("Require", "timer") in headers) is not ours


def test_roles_stay_with_a_reinvite_of_ours() -> None:
    assert ask(Terms(), None) == (("Session-Expires", "1800"),)
    assert ask(Terms(), Agreed(600, ours=True))[0][1] == "600;refresher=uac"
    assert ask(Terms(), Agreed(600, ours=False))[0][1] == "600;refresher=uas"
    assert ask(Terms(1800, 300), Agreed(200, ours=True)) == (
        ("Session-Expires", "300;refresher=uac"),
        ("Min-SE", "300"),
    )
    assert ask(Terms(0), None) == ()


def test_too_short_an_interval_is_refused_with_ours() -> None:
    house = far.agent()
    short: Changes = {"Session-Expires": "60", "Supported": "timer"}
    output = take(house, inside_new(short))
    assert codes(output) == [422]
    assert header(sent(output)[0], "Min-SE") == "90"
    assert house.idle


def inside_new(changes: Changes) -> bytes:
    return far.inside(
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
        b"To: <sip:95588@192.0.2.9>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n",
        "INVITE",
        1,
        changes,
        OFFER,
    )


def test_a_422_is_obeyed_with_a_renewed_invite() -> None:
    house = far.agent()
    _, invite = far.calling(house)
    refused = take(house, response_bytes(invite, 422, changes={"Min-SE": "3600"}), FAR)
    ack, again = sent(refused)
    assert ack.startswith(b"ACK ")
    assert header(again, "CSeq") == "2 INVITE"
    assert header(again, "Session-Expires") == "3600"
    assert header(again, "Min-SE") == "3600"
    over = take(house, response_bytes(again, 422, changes={"Min-SE": "3600"}), FAR)
    assert told(over, SessionEnded), "the same refusal again ends it"


def lasting(
    house: UserAgent, session_expires: str | None, allow: str = "INVITE, UPDATE"
) -> tuple[SessionId, bytes, Output]:
    session, invite = far.calling(house)
    changes: Changes = {"Session-Expires": session_expires, "Allow": allow}
    return session, invite, take(house, response_bytes(invite, 200, changes=changes, body=OFFER))


def test_we_refresh_by_update_at_half_the_interval() -> None:
    house = far.agent()
    session, _, output = lasting(house, "600;refresher=uac")
    assert started(output, "refresh") == [300]
    assert started(output, "expired") == [568]
    (update,) = sent(far.fire(house, session, "refresh"))
    assert update.startswith(b"UPDATE ")
    assert header(update, "Session-Expires") == "600;refresher=uac"
    assert header(update, "Content-Type") == ""
    granted: Changes = {"To": header(update, "To"), "Session-Expires": "600;refresher=uac"}
    assert started(take(house, response_bytes(update, 200, "", granted), FAR), "refresh") == [300]


def test_we_refresh_by_the_same_offer_where_update_is_unknown_and_tell_nobody() -> None:
    house = far.agent()
    session, invite, _ = lasting(house, "600;refresher=uac", "INVITE")
    (again,) = sent(far.fire(house, session, "refresh"))
    assert again.startswith(b"INVITE ")
    assert again.split(b"\r\n\r\n")[1] == invite.split(b"\r\n\r\n")[1]
    granted: Changes = {"To": header(again, "To"), "Session-Expires": "600;refresher=uac"}
    output = take(house, response_bytes(again, 200, "", granted, OFFER), FAR)
    assert {type(each).__name__ for each in output} <= {"SendDatagram", "StartTimer", "StopTimer"}


def test_a_refused_refresh_is_tried_again_at_half_of_what_is_left() -> None:
    house = far.agent()
    session, _, _ = lasting(house, "600;refresher=uac")
    (update,) = sent(far.fire(house, session, "refresh"))
    busy = response_bytes(update, 500, "", {"To": header(update, "To")})
    assert started(take(house, busy, FAR), "refresh") == [150]


@pytest.mark.parametrize("session_expires", ["600;refresher=uas", "600;refresher=uac"])
def test_a_session_nobody_refreshed_ends(session_expires: str) -> None:
    house = far.agent()
    session, _, output = lasting(house, session_expires)
    assert started(output, "expired") == [568]
    output = far.fire(house, session, "expired")
    assert SessionEnded(session, Ended.TIMEOUT) in output
    bye = sent(output)[0]
    assert bye.startswith(b"BYE ")
    assert "408" in header(bye, "Reason")


def test_who_knows_no_timers_is_asked_by_us_all_the_same() -> None:
    house = far.agent()
    session, _, output = lasting(house, None, "INVITE")
    assert started(output, "refresh") == [900]
    assert started(output, "expired") == []
    (options,) = sent(far.fire(house, session, "refresh"))
    assert options.startswith(b"OPTIONS ")
    gone = take(house, response_bytes(options, 481, "", {"To": header(options, "To")}), FAR)
    assert SessionEnded(session, Ended.TIMEOUT) in gone
