"""One user agent against a far side that writes its own datagrams."""

import pytest
from sipmessage import Address

from cti.kernel.errors import LocalError
from cti.sip import sdp
from cti.sip.access import digest
from cti.sip.events import (
    BindingAdded,
    BindingRemoved,
    Ended,
    Endpoint,
    Invitation,
    Resolve,
    SendDatagram,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionProgressed,
    SessionReoffered,
    StartTimer,
    Transport,
)
from tests.support import far_side as far
from tests.support.far_side import FAR, codes, header, sent, take, told
from tests.support.sip_messages import (
    OFFER,
    TRUNK,
    Changes,
    request_bytes,
    response_bytes,
)


@pytest.mark.parametrize(
    ("method", "changes", "body", "status"),
    [
        ("PUBLISH", {}, b"", 405),
        ("UPDATE", {}, b"", 481),
        ("PRACK", {}, b"", 481),
        ("NOTIFY", {}, b"", 481),
        ("REFER", {"Refer-To": "<sip:1002@192.0.2.9>"}, b"", 403),
        ("SUBSCRIBE", {}, b"", 405),
        ("BYE", {}, b"", 481),
        ("BYE", {"To": "<sip:95588@192.0.2.9>;tag=unknown"}, b"", 481),
        ("INFO", {"To": "<sip:95588@192.0.2.9>;tag=unknown"}, b"", 481),
        ("INVITE", {"To": "<sip:95588@192.0.2.9>;tag=unknown"}, OFFER, 481),
        ("CANCEL", {}, b"", 481),
        ("INVITE", {"Require": "100rel, precondition"}, OFFER, 420),
        ("INVITE", {"Max-Forwards": "0"}, OFFER, 483),
        ("INVITE", {"Content-Type": "application/isup"}, OFFER, 415),
        ("INVITE", {"Content-Encoding": "gzip"}, OFFER, 415),
        ("INVITE", {"Accept": "text/plain"}, OFFER, 406),
        ("INVITE", {}, OFFER.replace(b" 0 8 101", b" 18 101"), 488),
        ("INVITE", {}, OFFER.replace(b"v=0", b"v=9"), 400),
        ("INVITE", {"Contact": "<sip:a@192.0.2.1>, <sip:b@192.0.2.1>"}, OFFER, 400),
        ("INVITE", {"From": "<sip:1001@192.0.2.9>;tag=1"}, OFFER, 401),
        ("OPTIONS", {}, b"", 200),
        ("OPTIONS", {"Max-Forwards": "0"}, b"", 200),
        ("REGISTER", {"To": "<sip:1001@192.0.2.9>"}, b"", 401),
        ("REGISTER", {"To": "<sip:nobody@192.0.2.9>"}, b"", 401),
        ("REGISTER", {"To": "<sip:1001@192.0.2.9>", "Require": "path, Outbound"}, b"", 401),
        ("REGISTER", {"To": "<sip:1001@192.0.2.9>", "Require": "gruu"}, b"", 420),
    ],
)
def test_answers_outside_any_dialog(
    method: str, changes: Changes, body: bytes, status: int
) -> None:
    house = far.agent()
    output = take(house, request_bytes(method, changes, body))
    assert codes(output) == [status]
    assert house.sessions == ()


def test_what_a_refusal_has_to_say() -> None:
    publish = sent(take(far.agent(), request_bytes("PUBLISH")))[0]
    assert "INVITE" in header(publish, "Allow")
    unknown: Changes = {"Require": "100rel, precondition, x"}
    required = sent(take(far.agent(), request_bytes("INVITE", unknown, OFFER)))[0]
    assert header(required, "Unsupported") == "precondition, x"
    isup = sent(take(far.agent(), request_bytes("INVITE", {"Content-Type": "a/b"}, OFFER)))[0]
    assert header(isup, "Accept") == "application/sdp"
    options = sent(take(far.agent(), request_bytes("OPTIONS")))[0]
    assert "application/sdp" in header(options, "Accept")


@pytest.mark.parametrize(
    ("method", "body", "source"),
    [
        ("OPTIONS", b"", Endpoint("203.0.113.9", 5060)),
        ("INVITE", OFFER, Endpoint("203.0.113.9", 5060)),
        ("REGISTER", b"", TRUNK),
        ("BYE", b"", TRUNK),
    ],
)
def test_who_has_no_session_leaves_nothing_behind(
    method: str, body: bytes, source: Endpoint
) -> None:
    house = far.agent()
    data = request_bytes(method, {"Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1"}, body)
    outputs = [take(house, data, source) for _ in range(2)]
    assert all(len(output) == 1 for output in outputs), "no timer, no second copy"
    assert len({header(sent(output)[0], "To") for output in outputs}) == 1
    assert len(house._core.layer) == 0
    to = header(sent(outputs[0])[0], "To")
    assert take(house, request_bytes("ACK", {"To": to}), source) == []


def test_an_invite_is_answered_100_when_it_waits_for_200_ms() -> None:
    house = far.agent()
    output = take(house, request_bytes("INVITE", {}, OFFER))
    (timer,) = (each for each in output if isinstance(each, StartTimer))
    assert timer.seconds == 0.2
    assert codes(house.timer_fired(timer.key, 0.2)) == [100]
    assert codes(take(house, request_bytes("INVITE", {}, OFFER))) == [100]


def test_trying_comes_at_a_repetition_and_the_dialog_headers_with_the_answer() -> None:
    house = far.agent()
    route = "<sip:192.0.2.77;lr>"
    invite = request_bytes("INVITE", {"Record-Route": route, "Timestamp": "54"}, OFFER)
    assert codes(take(house, invite)) == []
    output = take(house, invite)
    assert codes(output) == [100]
    assert header(sent(output)[0], "Timestamp") == "54"
    assert ";tag=" not in header(sent(output)[0], "To")
    session = house.sessions[0]
    ringing = sent(house.ring(session))[0]
    ok = sent(house.accept(session, sdp.offer("192.0.2.9", 40000)))[0]
    for data in (ringing, ok):
        assert header(data, "Record-Route") == route
        assert header(data, "Contact") == "<sip:hotline@192.0.2.9:5060>"
    assert header(ringing, "To") == header(ok, "To")
    take(house, far.inside(ok, "ACK", 1))
    bye = next(each for each in house.end(session) if isinstance(each, SendDatagram))
    assert bye.destination == Endpoint("192.0.2.77", 5060)
    assert header(bye.data, "Route") == route
    assert bye.data.startswith(b"BYE sip:13800138000@192.0.2.1:5060 SIP/2.0\r\n")


def test_a_strict_router_gets_its_own_uri() -> None:
    house = far.agent()
    session, _ = far.accepted(house, {"Record-Route": "<sip:192.0.2.77>, <sip:192.0.2.78;lr>"})
    bye = sent(house.end(session))[0]
    assert bye.startswith(b"BYE sip:192.0.2.77 SIP/2.0\r\n")
    routes = [line for line in bye.decode().split("\r\n") if line.startswith("Route: ")]
    assert routes == ["Route: <sip:192.0.2.78;lr>", "Route: <sip:13800138000@192.0.2.1:5060>"]


def test_the_same_invite_by_two_ways_is_a_loop() -> None:
    house = far.agent()
    far.offered(house)
    other = {"Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-other"}
    assert codes(take(house, request_bytes("INVITE", dict(other), OFFER))) == [482]


def test_a_late_offer_is_answered_in_the_ack() -> None:
    house = far.agent()
    session = far.offered(house, {"Content-Type": None}, b"")
    ok = sent(house.accept(session, sdp.offer("192.0.2.9", 40000)))[0]
    (confirmed,) = [
        each
        for each in take(
            house, far.inside(ok, "ACK", 1, {"Content-Type": "application/sdp"}, OFFER)
        )
        if isinstance(each, SessionConfirmed)
    ]
    assert confirmed.description is not None
    assert confirmed.description.host == far.HERE


def test_a_bye_before_the_answer_ends_the_offer() -> None:
    house = far.agent()
    session = far.offered(house)
    ringing = sent(house.ring(session))[0]
    output = take(house, far.inside(ringing, "BYE", 2))
    assert codes(output) == [200, 487]
    assert SessionEnded(session, Ended.CANCELLED) in output
    assert house.sessions == ()


def test_requests_out_of_order_and_reinvites_at_a_bad_time() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    assert codes(take(house, far.inside(ok, "INFO", 1))) == [500]
    assert told(take(house, far.inside(ok, "INVITE", 2, body=OFFER)), SessionReoffered)
    second = take(house, far.inside(ok, "INVITE", 3, body=OFFER))
    assert codes(second) == [500]
    assert header(sent(second)[0], "Retry-After") == "1"
    assert codes(house.reject(session, 488)) == [488]
    house.reinvite(session, sdp.offer("192.0.2.9", 40002))
    assert codes(take(house, far.inside(ok, "INVITE", 4, body=OFFER))) == [491]
    assert codes(take(house, far.inside(ok, "OPTIONS", 5))) == [200]


def test_a_cancel_is_answered_with_the_tag_of_its_invite() -> None:
    house = far.agent()
    far.offered(house)
    output = take(house, request_bytes("CANCEL"))
    assert codes(output) == [200, 487]
    assert len({header(data, "To") for data in sent(output)}) == 1


def test_a_cancelled_reinvite_leaves_the_session() -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    take(house, far.inside(ok, "INVITE", 2, body=OFFER))
    cancel = far.inside(
        ok, "CANCEL", 2, {"Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-INVITE-2;rport"}
    )
    assert codes(take(house, cancel)) == [200, 487]
    assert house.sessions == (session,)


@pytest.mark.parametrize(
    ("kind", "body", "status", "key"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", 200, "5"),
        ("application/dtmf-relay", b"Signal= #\nDuration= 250", 200, "#"),
        ("application/dtmf-relay", b"Signal=11", 200, "#"),
        ("application/dtmf", b"*", 200, "*"),
        ("Application/DTMF; x=y", b"d\r\n", 200, "D"),
        ("application/dtmf", b"55", 400, None),
        ("application/dtmf-relay", b"Duration=160", 400, None),
        ("application/broadsoft", b"event talk", 415, None),
        (None, b"", 200, None),
    ],
)
def test_keys_in_info(kind: str | None, body: bytes, status: int, key: str | None) -> None:
    house = far.agent()
    session, ok = far.accepted(house)
    output = take(house, far.inside(ok, "INFO", 2, {"Content-Type": kind}, body))
    assert codes(output) == [status]
    pressed = [each for each in output if isinstance(each, SessionKey)]
    assert pressed == ([SessionKey(session, key)] if key else [])


def test_a_repeated_2xx_is_acknowledged_again_and_told_once() -> None:
    house = far.agent()
    _, invite = far.calling(house)
    ok = response_bytes(invite, 200, body=OFFER)
    first, again = take(house, ok, FAR), take(house, ok, FAR)
    assert told(first, SessionAccepted)
    assert not told(again, SessionAccepted)
    assert sent(first) == sent(again)
    assert sent(first)[0].startswith(b"ACK sip:hotline@192.0.2.9:5060 ")


def test_a_2xx_from_another_branch_of_a_fork_is_acknowledged_and_ended() -> None:
    house = far.agent()
    session, invite = far.calling(house)
    take(house, response_bytes(invite, 200, body=OFFER), FAR)
    output = take(house, response_bytes(invite, 200, tag="other", body=OFFER), FAR)
    ack, bye = sent(output)
    assert ack.startswith(b"ACK")
    assert bye.startswith(b"BYE")
    assert header(ack, "To").endswith(";tag=other")
    assert header(bye, "To").endswith(";tag=other")
    assert not told(output, SessionAccepted)
    assert house.sessions == (session,)


def test_a_2xx_without_contact_or_description_is_acknowledged_all_the_same() -> None:
    house = far.agent()
    session, invite = far.calling(house)
    output = take(house, response_bytes(invite, 200, changes={"Contact": None}), FAR)
    assert sent(output)[0].startswith(b"ACK sip:1001@192.0.2.9:5060 ")
    assert SessionAccepted(session, None) in output


def test_a_response_to_somebody_else_says_nothing() -> None:
    house = far.agent()
    _, invite = far.calling(house)
    stray = response_bytes(invite.replace(b"z9hG4bK", b"z9hG4bKx"), 200, body=OFFER)
    assert take(house, stray, FAR) == []


@pytest.mark.parametrize("status", [100, 180, 181, 183])
def test_progress_is_told_from_180_on(status: int) -> None:
    house = far.agent()
    session, invite = far.calling(house)
    output = take(house, response_bytes(invite, status), FAR)
    expected = [] if status == 100 else [SessionProgressed(session, status, None)]
    assert [each for each in output if isinstance(each, SessionProgressed)] == expected


CHALLENGE = {"WWW-Authenticate": 'Digest realm="carrier", nonce="abc", qop="auth"'}


def test_a_challenge_is_answered_once_and_the_ack_carries_the_answer() -> None:
    house = far.agent()
    session, invite = far.calling(house, user="bank", secret="s")
    output = take(house, response_bytes(invite, 401, changes=dict(CHALLENGE)), FAR)
    ack, again = sent(output)
    assert ack.startswith(b"ACK")
    assert header(again, "CSeq") == "2 INVITE"
    assert header(again, "Call-ID") == header(invite, "Call-ID")
    assert header(again, "Authorization").startswith('Digest username="bank", realm="carrier"')
    refused = take(house, response_bytes(again, 401, changes=dict(CHALLENGE)), FAR)
    assert SessionEnded(session, Ended.REJECTED, 401) in refused
    _, invite = far.calling(house, user="bank", secret="s")
    again = sent(take(house, response_bytes(invite, 401, changes=dict(CHALLENGE)), FAR))[1]
    ack = sent(take(house, response_bytes(again, 200, body=OFFER), FAR))[0]
    assert header(ack, "Authorization") == header(again, "Authorization")


def test_endless_stale_challenges_come_to_an_end() -> None:
    house = far.agent()
    session, invite = far.calling(house, user="bank", secret="s")
    stale = {"WWW-Authenticate": CHALLENGE["WWW-Authenticate"] + ", stale=true"}
    for _ in range(10):
        output = take(house, response_bytes(invite, 401, changes=dict(stale)), FAR)
        if told(output, SessionEnded):
            break
        invite = sent(output)[1]
    assert house.sessions == ()
    assert SessionEnded(session, Ended.REJECTED, 401) in output


def test_a_bye_that_is_challenged_is_sent_again() -> None:
    house = far.agent()
    session, invite = far.calling(house, user="bank", secret="s")
    take(house, response_bytes(invite, 200, body=OFFER), FAR)
    bye = sent(house.end(session))[0]
    again = sent(take(house, response_bytes(bye, 401, changes=dict(CHALLENGE)), FAR))[0]
    assert again.startswith(b"BYE")
    assert header(again, "CSeq") == "3 BYE"
    take(house, response_bytes(again, 200), FAR)
    assert house.sessions == ()


def test_a_far_side_that_lost_the_dialog_ends_the_session() -> None:
    house = far.agent()
    session, invite = far.calling(house)
    take(house, response_bytes(invite, 200, body=OFFER), FAR)
    info = sent(house.send_key(session, "1"))[0]
    output = take(house, response_bytes(info, 481), FAR)
    assert SessionEnded(session, Ended.TIMEOUT) in output
    assert sent(output)[0].startswith(b"BYE")


def test_a_name_that_leads_nowhere_ends_the_session() -> None:
    house = far.agent()
    invitation = Invitation(
        "sip:1001@phone.example.com",
        Address.parse("<sip:95588@192.0.2.1>"),
        Address.parse("<sip:1001@192.0.2.9>"),
        sdp.offer(far.HERE, 40000),
    )
    session, output = house.invite(invitation)
    assert output == [Resolve("1", "sip:1001@phone.example.com")]
    assert house.resolved("1", (), 100.0)[0] == SessionEnded(session, Ended.REJECTED, 503)
    assert house.idle


def test_no_header_of_ours_can_be_split() -> None:
    house = far.agent()
    with pytest.raises(LocalError):
        far.calling(house, headers=(("X-Note", "a\r\nEvil: 1"),))
    assert house.idle


def test_commands_on_sessions_that_are_gone_do_nothing() -> None:
    house, gone = far.agent(), SessionId("gone")
    description = sdp.offer(far.HERE, 40000)
    assert house.ring(gone) == house.accept(gone, description) == house.reject(gone, 486) == []
    assert house.reinvite(gone, description) == house.end(gone) == house.send_key(gone, "1") == []
    assert house.timer_fired("session/gone/repeat", 1.0) == []


def test_a_caller_behind_a_translator_is_answered_where_it_came_from() -> None:
    house = far.agent(trunks={"203.0.113.5": "carrier"})
    outside = Endpoint("203.0.113.5", 31000)
    invite = request_bytes("INVITE", {"Contact": "<sip:a@10.0.0.5:5060>"}, OFFER)
    take(house, invite, outside)
    output = take(house, invite, outside)
    session = house.sessions[0]
    ok = sent(house.accept(session, sdp.offer("192.0.2.9", 40000)))[0]
    take(house, far.inside(ok, "ACK", 1), outside)
    (bye,) = [each for each in house.end(session) if isinstance(each, SendDatagram)]
    assert bye.destination == outside
    assert [each.destination for each in output if isinstance(each, SendDatagram)] == [outside]


def test_a_session_is_known_by_its_call_id_as_long_as_it_lives() -> None:
    house = far.agent()
    session = far.offered(house)
    assert house.call_id(session) == "call-1@192.0.2.1"
    house.reject(session, 486)
    take(house, request_bytes("ACK"))
    assert house.call_id(SessionId("gone")) == ""


def test_who_registered_over_a_connection_is_gone_with_it() -> None:
    house = far.agent()
    flow = Endpoint("192.0.2.1", 40000, Transport.TLS, "flow-1")
    to: Changes = {"To": "<sip:1001@192.0.2.9>", "Contact": "<sip:1@phone.invalid>"}
    challenged = sent(take(house, request_bytes("REGISTER", to), flow))[0]
    challenge = digest.strongest([header(challenged, "WWW-Authenticate")])
    assert challenge is not None
    given = digest.authorization(challenge, "1001", "secret-1001", "REGISTER", "sip:bank", "c0ffee")
    proved = request_bytes("REGISTER", {**to, "Authorization": given, "CSeq": "2 REGISTER"})
    output = take(house, proved.replace(b"bK-1", b"bK-2"), flow)
    assert codes(output) == [200]
    assert BindingAdded("1001") in output
    assert [each.destination for each in house.contacts("1001", 101.0)] == [flow]
    assert BindingRemoved("1001") in house.transport_failed(flow, 102.0)
    assert house.contacts("1001", 103.0) == ()
    assert house.transport_failed(flow, 104.0) == []
