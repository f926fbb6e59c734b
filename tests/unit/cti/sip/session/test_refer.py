"""Calls on behalf of others (RFC 3515) and in the place of others (RFC 3891), as text."""

from urllib.parse import quote

import pytest

from cti.kernel.errors import Refused
from cti.sip.errors import RequestError
from cti.sip.events import (
    Ended,
    SessionEnded,
    SessionId,
    SessionOffered,
    SessionReferProgressed,
    SessionReferred,
)
from cti.sip.session.replaces import ReferTarget, Replaces
from cti.sip.user_agent import Output, UserAgent
from tests.support import far_side as far
from tests.support.far_side import FAR, codes, header, sent, take, told
from tests.support.sip_messages import OFFER, TRUNK, Changes, request_bytes, response_bytes


def refer(ok: bytes, changes: Changes | None = None, sequence: int = 2) -> bytes:
    given: Changes = {"Refer-To": "<sip:1002@192.0.2.9>", **(changes or {})}
    return far.inside(ok, "REFER", sequence, given)


def referred(output: Output) -> SessionReferred:
    (report,) = [each for each in output if isinstance(each, SessionReferred)]
    return report


def done(house: UserAgent, request: bytes, status: int = 200) -> Output:
    """The far side answers a request of ours inside a dialog."""
    return take(house, far.answer(request, status))


def test_a_call_made_for_them_is_reported_until_it_is_answered() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    by = "<sip:13800138000@192.0.2.1>"
    report = referred(take(house, refer(ok, {"Referred-By": by})))
    assert report == SessionReferred(session, "2", "sip:1002@192.0.2.9", None, "", by)
    taken, trying = sent(house.answer_refer(session, "2", 202))
    assert taken.startswith(b"SIP/2.0 202 ")
    assert trying.startswith(b"NOTIFY ")
    assert header(trying, "Event") == "refer;id=2"
    assert header(trying, "Subscription-State").startswith("active;expires=")
    assert header(trying, "Content-Type") == "message/sipfrag;version=2.0"
    assert trying.endswith(b"SIP/2.0 100 Trying\r\n")
    assert sent(house.notify_refer(session, "2", 180)) == [], "one NOTIFY at a time"
    assert sent(house.notify_refer(session, "2", 200)) == []
    (final,) = sent(done(house, trying))
    assert final.endswith(b"SIP/2.0 200 OK\r\n")
    assert header(final, "Subscription-State") == "terminated;reason=noresource"
    assert sent(done(house, final)) == []
    assert house.notify_refer(session, "2", 486) == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Refer-To": None}, 400),
        ({"Refer-To": "<sip:a@b>, <sip:c@d>"}, 400),
        ({"Refer-To": "<http://bank.example>"}, 416),
        ({"Refer-To": "<sip:a@b;method=BYE>"}, 403),
        ({"Refer-To": "<sip:a@b?Replaces=nothing>"}, 400),
        ({"Require": "eventlist"}, 420),
    ],
)
def test_what_is_not_done_for_them(changes: Changes, status: int) -> None:
    house = far.agent()
    _, ok = far.accepted(house)
    output = take(house, refer(ok, changes))
    assert codes(output) == [status]
    assert not told(output, SessionReferred)


def test_a_refusal_and_a_refer_without_subscription() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    take(house, refer(ok))
    assert codes(house.answer_refer(session, "2", 603)) == [603]
    silent: Changes = {"Refer-Sub": "false", "Require": "norefersub"}
    take(house, refer(ok, silent, 3))
    (taken,) = sent(house.answer_refer(session, "3", 202))
    assert header(taken, "Refer-Sub") == "false"
    assert house.notify_refer(session, "3", 200) == []


def test_what_waits_to_be_told_is_told_before_goodbye() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    take(house, refer(ok))
    house.answer_refer(session, "2", 202)
    house.notify_refer(session, "2", 200)
    notify, bye = sent(house.end(session))
    assert notify.endswith(b"SIP/2.0 200 OK\r\n")
    assert bye.startswith(b"BYE ")


def test_a_subscription_runs_out_and_a_refer_nobody_answered_dies_with_its_session() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    take(house, refer(ok))
    house.answer_refer(session, "2", 202)
    (last,) = sent(house.timer_fired(f"session/{session}/notifying", 300.0))
    assert header(last, "Subscription-State") == "terminated;reason=timeout"
    take(house, refer(ok, sequence=3))
    assert codes(take(house, far.inside(ok, "BYE", 4))) == [200, 487]


# --- ours -------------------------------------------------------------------------------------


def notify(
    ok: bytes, status: int, sequence: int, state: str = "active;expires=60", event: str = "refer"
) -> bytes:
    changes: Changes = {
        "Event": event,
        "Subscription-State": state,
        "Content-Type": "message/sipfrag;version=2.0",
    }
    return far.inside(ok, "NOTIFY", sequence, changes, f"SIP/2.0 {status} X\r\n".encode())


def progress(output: Output) -> list[int]:
    return [each.status for each in output if isinstance(each, SessionReferProgressed)]


def asked(house: UserAgent) -> tuple[SessionId, bytes, bytes]:
    session, ok = far.accepted(house)
    (data,) = sent(house.refer(session, "sip:1002@192.0.2.9", referred_by="<sip:1001@bank>"))
    return session, ok, data


def test_we_ask_and_hear_how_it_goes() -> None:
    house = far.agent()
    _, ok, data = asked(house)
    assert header(data, "Refer-To") == "<sip:1002@192.0.2.9>"
    assert header(data, "Referred-By") == "<sip:1001@bank>"
    assert progress(done(house, data, 202)) == [100]
    number = header(data, "CSeq").split()[0]
    ringing = take(house, notify(ok, 180, 2, event=f"refer;id={number}"))
    assert codes(ringing) == [200]
    assert progress(ringing) == [180]
    assert progress(take(house, notify(ok, 200, 3, "terminated;reason=noresource"))) == [200]
    late = take(house, notify(ok, 200, 4, "terminated"))
    assert codes(late) == [481]
    assert progress(late) == []


@pytest.mark.parametrize("status", [403, 481, 603])
def test_a_refused_refer_leaves_the_session(status: int) -> None:
    house = far.agent()
    session, _, data = asked(house)
    assert progress(done(house, data, status)) == [status]
    assert house.sessions == (session,)


@pytest.mark.parametrize(
    ("state", "status", "told_of"),
    [
        ("terminated;reason=timeout", 100, [408]),
        ("terminated;reason=giveup", 180, [480]),
        ("terminated;reason=noresource", 486, [486]),
        ("active", 503, [503]),
    ],
)
def test_a_subscription_that_ends_settles_it(state: str, status: int, told_of: list[int]) -> None:
    house = far.agent()
    _, ok, _ = asked(house)
    assert progress(take(house, notify(ok, status, 2, state))) == told_of


def test_silence_settles_it_too() -> None:
    house = far.agent()
    session, _, data = asked(house)
    done(house, data, 202)
    assert progress(house.timer_fired(f"session/{session}/referring", 300.0)) == [408]
    other = far.agent()
    _, _, data = asked(other)
    silent: Changes = {"To": header(data, "To"), "Refer-Sub": "false"}
    assert progress(take(other, response_bytes(data, 202, "", silent))) == [200]


@pytest.mark.parametrize(
    ("event", "kind", "body", "status"),
    [
        ("presence", "message/sipfrag", b"SIP/2.0 200 OK", 489),
        ("refer", "text/plain", b"SIP/2.0 200 OK", 415),
        ("refer", "message/sipfrag", b"well done", 400),
    ],
)
def test_a_notify_that_says_nothing(event: str, kind: str, body: bytes, status: int) -> None:
    house = far.agent()
    _, ok, _ = asked(house)
    changes: Changes = {"Event": event, "Subscription-State": "active", "Content-Type": kind}
    assert codes(take(house, far.inside(ok, "NOTIFY", 2, changes, body))) == [status]


# --- Replaces ---------------------------------------------------------------------------------


def tags(ok: bytes) -> tuple[str, str]:
    """Our tag and theirs."""
    return header(ok, "To").split("tag=")[1], header(ok, "From").split("tag=")[1]


def taking_over(value: str | None, more: Changes | None = None) -> bytes:
    changes: Changes = {
        "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-over;rport",
        "Call-ID": "call-2@192.0.2.1",
        "From": "<sip:1002@192.0.2.1>;tag=over",
        "Replaces": value,
    }
    return request_bytes("INVITE", changes | (more or {}), OFFER)


def test_an_invite_takes_the_place_of_a_session() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    ours, theirs = tags(ok)
    value = f"call-1@192.0.2.1;from-tag={theirs};to-tag={ours}"
    output = take(house, taking_over(value, {"Require": "replaces"}))
    (offered_now,) = [each for each in output if isinstance(each, SessionOffered)]
    assert offered_now.replaces == session
    assert set(house.sessions) == {session, offered_now.session}


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("call-1@192.0.2.1;to-tag={0};from-tag=other", 481),
        ("call-1@192.0.2.1;to-tag=other;from-tag={1}", 481),
        ("call-9@192.0.2.1;to-tag={0};from-tag={1}", 481),
        ("call-1@192.0.2.1;to-tag={0}", 400),
        (";to-tag={0};from-tag={1}", 400),
        ("call-1@192.0.2.1;to-tag={0};from-tag={1}, x;to-tag=1;from-tag=2", 400),
        ("call-1@192.0.2.1;to-tag={0};from-tag={1};early-only", 486),
    ],
)
def test_what_can_not_be_replaced(value: str, status: int) -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    assert codes(take(house, taking_over(value.format(*tags(ok))))) == [status]
    assert house.sessions == (session,)


def test_a_dialog_that_is_over_and_one_that_rings_at_ours() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    ours, theirs = tags(ok)
    value = f"call-1@192.0.2.1;to-tag={ours};from-tag={theirs}"
    house.end(session)
    assert codes(take(house, taking_over(value))) == [603]
    ringing = far.agent()
    ours, theirs = tags(sent(ringing.ring(far.offered(ringing)))[0])
    value = f"call-1@192.0.2.1;to-tag={ours};from-tag={theirs}"
    assert codes(take(ringing, taking_over(value))) == [481]


def test_strangers_replace_nobody() -> None:
    house = far.agent()
    _, ok = far.accepted(house)
    ours, theirs = tags(ok)
    value = f"call-1@192.0.2.1;to-tag={ours};from-tag={theirs}"
    stranger = type(TRUNK)("203.0.113.9", 5060)
    output = take(house, taking_over(value), stranger)
    assert codes(output)[0] in (401, 403)
    assert not told(output, SessionOffered)


def test_a_telephone_joins_its_two_calls() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    ours, theirs = tags(ok)
    value = f"call-1@192.0.2.1;to-tag={ours};from-tag={theirs}"
    for written in (value, f"call-1@192.0.2.1;to-tag={theirs};from-tag={ours}"):
        target: Changes = {"Refer-To": f"<sip:1002@192.0.2.9?Replaces={quote(written, safe='')}>"}
        sequence = 2 if written == value else 3
        report = referred(take(house, refer(ok, target, sequence)))
        assert (report.target, report.replaces) == ("sip:1002@192.0.2.9", session)
    abroad: Changes = {"Refer-To": "<sip:a@b?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2>"}
    report = referred(take(house, refer(ok, abroad, 4)))
    assert (report.replaces, report.elsewhere) == (None, "x@y;to-tag=1;from-tag=2")


def test_we_name_a_dialog_as_its_far_side_knows_it() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    ours, theirs = tags(ok)
    named = Replaces("call-1@192.0.2.1", theirs, ours)
    _, invite = far.calling(house, replaces=session)
    assert Replaces.parse(header(invite, "Replaces")) == named
    other, invite = far.calling(house)
    take(house, response_bytes(invite, 200, body=OFFER), FAR)
    (data,) = sent(house.refer(other, "sip:1001@192.0.2.1", replaces=session))
    target = ReferTarget.parse(header(data, "Refer-To").strip("<>"))
    assert target == ReferTarget("sip:1001@192.0.2.1", str(named))


def test_a_session_that_is_over_is_not_taken_over() -> None:
    house = far.agent()
    with pytest.raises(Refused, match=r"call\.replaced_over"):
        far.calling(house, replaces=SessionId("gone"))
    session, _ = far.accepted(house)
    with pytest.raises(Refused):
        house.refer(session, "sip:1@2", replaces=SessionId("gone"))


@pytest.mark.parametrize("value", ["", "x", "x;to-tag=1", "x;from-tag=1", ";to-tag=1;from-tag=2"])
def test_a_replaces_that_names_no_dialog(value: str) -> None:
    with pytest.raises(RequestError):
        Replaces.parse(value)


# --- why it ended -----------------------------------------------------------------------------


def test_reason_and_contacts_are_told() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    reason = 'Q.850;cause=17;text="busy"'
    output = take(house, far.inside(ok, "BYE", 2, {"Reason": reason}))
    assert SessionEnded(session, Ended.REMOTE, reason=reason) in output
    session, invite = far.calling(house, max_forwards=12)
    assert header(invite, "Max-Forwards") == "12"
    moved: Changes = {"Contact": "<sip:a@b>;q=1, <sip:c@d>", "Reason": reason}
    output = take(house, response_bytes(invite, 302, changes=moved), FAR)
    ended = SessionEnded(session, Ended.REJECTED, 302, reason, ("sip:a@b", "sip:c@d"))
    assert ended in output


def test_a_cancel_says_why() -> None:
    house = far.agent()
    session = far.offered(house)
    reason = 'SIP;cause=200;text="Call completed elsewhere"'
    output = take(house, request_bytes("CANCEL", {"Reason": reason}))
    assert SessionEnded(session, Ended.CANCELLED, reason=reason) in output
