"""Calls that the house makes: by what way, to which contact, and where they are sent instead."""

from base64 import b64encode
from dataclasses import replace

import pytest

from cti.call.events import CallCleared, Delivered, Diverted, Established, Failed, RecordingStarted
from cti.call.model import Cause, Direction, Party
from cti.call.security import Srtp
from cti.kernel.identifiers import CallId, DeviceId
from cti.media.port import Security
from cti.sip import sdp
from cti.sip.events import Ended, Endpoint, SessionAccepted, SessionProgressed, Transport
from tests.support.conversations import OUTSIDE, hears, other_in, told
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld


def test_a_call_made_for_an_agent_rings_the_telephone_first(world: RealWorld) -> None:
    call_id = world.control.make(DeviceId("1001"), OUTSIDE)
    (agent,) = world.switch.members
    world.phone_answers(agent)
    far = other_in(world, agent)
    session = world.session(far)
    ours = world.signalling.invited[session].offer
    assert ours is not None
    early = sdp.answer(ours, "192.0.2.1", 30000)
    world.services.report(SessionProgressed(session, 183, early))
    assert hears(world, agent) == {OUTSIDE}, "the network is heard before the answer"
    world.phone_answers(far)
    assert hears(world, far) == {"1001"}
    call = world.control.get(call_id)
    assert call is not None
    assert call.direction is Direction.OUTBOUND
    assert len(told(world, RecordingStarted)) == 1


def test_a_call_that_is_busy_outside_is_over_for_the_agent_too(world: RealWorld) -> None:
    world.control.make(DeviceId("1001"), OUTSIDE)
    (agent,) = world.switch.members
    world.phone_answers(agent)
    session = world.session(agent)
    world.phone_refuses(other_in(world, agent))
    assert told(world, CallCleared)[-1].cause is Cause.BUSY
    assert "cause=17" in world.signalling.ended[session]


@pytest.mark.parametrize("silent", [True, False])
def test_the_next_trunk_is_tried_when_the_first_does_not_answer(
    world: RealWorld, silent: bool
) -> None:
    world.lines.ways[OUTSIDE] = ("full", "first", "second")
    world.lines.room["full"] = 0
    entered: list[CallId] = []
    world.control.originate(OUTSIDE, entered.append)
    (far,) = world.switch.members
    assert "first" in world.signalling.invited[world.session(far)].target
    world.signalling.over(world.session(far), Ended.REJECTED, 408, silent=silent)
    assert world.lines.refusals == [("first", 408, silent)]
    assert "second" in world.signalling.invited[world.session(far)].target
    world.phone_answers(far)
    assert len(entered) == 1
    assert {name: up for name, up in world.lines.up.items() if up} == {("second", True): 1}


def test_every_contact_rings_and_the_first_answer_wins(world: RealWorld) -> None:
    (contact,) = world.signalling.contacts_of["1001"]
    browser = replace(
        contact,
        uri="sip:1001@192.0.2.8;transport=ws",
        destination=Endpoint("192.0.2.8", 5060, Transport.WS, "flow"),
    )
    world.signalling.contacts_of["1001"] = [contact, browser]
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, DeviceId("1001"))
    first, second = world.signalling.invited
    assert set(world.media.security.values()) == {Security.NONE, Security.DTLS}
    world.services.report(SessionProgressed(first, 180, None))
    world.services.report(SessionProgressed(second, 180, None))
    assert len([each for each in told(world, Delivered) if each.party is Party.AGENT]) == 1
    world.phone_answers(agent)
    assert 'text="Call completed elsewhere"' in world.signalling.ended[second]
    assert len(told(world, Established)) == 2
    assert len(world.media.open_legs) == 2


@pytest.mark.parametrize(
    ("transport", "srtp", "offered"),
    [
        (Transport.UDP, Srtp.OPTIONAL, [Security.NONE, Security.DTLS, Security.SDES]),
        (Transport.UDP, Srtp.REQUIRED, [Security.NONE, Security.DTLS, Security.SDES]),
        (Transport.TLS, Srtp.OPTIONAL, [Security.SDES, Security.DTLS, Security.NONE]),
        (Transport.TLS, Srtp.REQUIRED, [Security.SDES, Security.DTLS]),
        (Transport.WSS, Srtp.REQUIRED, [Security.DTLS]),
    ],
)
def test_a_telephone_is_offered_other_security_while_it_accepts_none(
    world: RealWorld, transport: Transport, srtp: Srtp, offered: list[Security]
) -> None:
    world.switch.settings = replace(world.switch.settings, srtp=srtp)
    (contact,) = world.signalling.contacts_of["1001"]
    reached = replace(contact.destination, transport=transport)
    world.signalling.contacts_of["1001"] = [replace(contact, destination=reached)]
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    before = len(world.media.security)
    world.control.deliver(call_id, DeviceId("1001"))
    for security in offered:
        assert told(world, Failed) == []
        assert [*world.media.security.values()][-1] is security
        world.signalling.over([*world.signalling.invited][-1], Ended.REJECTED, 488)
    assert [each.cause for each in told(world, Failed)] == [Cause.NETWORK]
    assert [*world.media.security.values()][before:] == offered
    assert len(world.media.open_legs) == 1


def test_a_telephone_that_answers_by_another_kind_of_key_is_called_again(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, DeviceId("1001"))
    first = world.session(agent)
    key = sdp.Crypto(1, "AES_CM_128_HMAC_SHA1_80", b64encode(bytes(30)).decode())
    keyed = sdp.offer("192.0.2.7", 40000, security=(key,))
    world.services.report(SessionAccepted(first, keyed))
    assert first in world.signalling.ended
    assert told(world, Failed) == []
    assert world.session(agent) != first
    world.phone_answers(agent)
    assert len(told(world, Established)) == 2
    assert len(world.media.open_legs) == 2


def test_where_srtp_is_required_an_answer_without_it_makes_no_call(world: RealWorld) -> None:
    world.switch.settings = replace(world.switch.settings, srtp=Srtp.REQUIRED)
    (contact,) = world.signalling.contacts_of["1001"]
    reached = replace(contact.destination, transport=Transport.TLS)
    world.signalling.contacts_of["1001"] = [replace(contact, destination=reached)]
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    world.control.deliver(call_id, DeviceId("1001"))
    for _ in range(2):
        assert told(world, Failed) == []
        session = [*world.signalling.invited][-1]
        world.services.report(SessionAccepted(session, sdp.offer("192.0.2.7", 40000)))
    assert len(world.signalling.invited) == 2
    assert [each.cause for each in told(world, Failed)] == [Cause.NETWORK]


def test_refusals_of_contacts_combine_to_one(world: RealWorld) -> None:
    (contact,) = world.signalling.contacts_of["1001"]
    world.signalling.contacts_of["1001"] = [contact, replace(contact, uri="sip:1001@192.0.2.8")]
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    world.control.deliver(call_id, DeviceId("1001"))
    first, second = world.signalling.invited
    world.signalling.over(first, Ended.REJECTED, 486)
    assert told(world, Failed) == []
    world.signalling.over(second, Ended.REJECTED, 480)
    assert [each.cause for each in told(world, Failed)] == [Cause.BUSY]


def test_a_ringing_call_is_sent_elsewhere(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    ringing = world.control.deliver(call_id, DeviceId("1001"))
    elsewhere = world.control.deflect(ringing, "1002")
    assert told(world, Diverted)[0].diverted_to == "1002"
    assert told(world, Failed)[0].cause is Cause.DIVERTED
    world.phone_answers(elsewhere)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert hears(world, call.caller.id) == {"1002"}


def test_a_telephone_sends_its_call_elsewhere_by_302(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    ringing = world.control.deliver(call_id, DeviceId("1001"))
    session = world.session(ringing)
    world.signalling.over(session, Ended.REJECTED, 302, contacts=("sip:1002@192.0.2.7",))
    assert told(world, Diverted)[0].diverted_to == "1002"
    call = world.control.get(call_id)
    assert call is not None
    assert call.agent is not None
    assert call.agent.device.id == "1002"


def test_a_number_outside_sends_nobody_elsewhere_at_the_houses_expense(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    called = world.control.deliver(call_id, DeviceId(OUTSIDE))
    session = world.session(called)
    world.signalling.over(session, Ended.REJECTED, 302, contacts=("sip:0019005550100@192.0.2.7",))
    assert not told(world, Diverted)
    assert told(world, Failed)[-1].connection_id == called
    assert world.lines.up["carrier", True] == 0


def test_an_unanswered_caller_is_redirected(world: RealWorld) -> None:
    call_id = world.dial()
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    session = world.session(call.caller.id)
    world.control.deflect(call.caller.id, OUTSIDE, redirect=True)
    assert world.signalling.rejected[session] == 302
    assert OUTSIDE in dict(world.signalling.headers[session])["Contact"]
    assert world.control.get(call_id) is None


def test_a_telephone_calls_only_what_it_may_and_diverts_only_there(world: RealWorld) -> None:
    world.services.restrict(lambda device, number: (device, number) != ("1001", OUTSIDE))
    offered = world.signalling.offered("1001", OUTSIDE, account="1001")
    world.services.report(offered)
    assert world.control.calls() == []
    assert world.signalling.rejected[offered.session] == 403
    assert world.phone_dials("1002", OUTSIDE)


def test_a_telephone_sends_no_call_where_it_may_not_call(world: RealWorld) -> None:
    world.services.restrict(lambda _device, number: number != OUTSIDE)
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    ringing = world.control.deliver(call_id, DeviceId("1001"))
    session = world.session(ringing)
    world.signalling.over(session, Ended.REJECTED, 302, contacts=(f"sip:{OUTSIDE}@192.0.2.7",))
    assert told(world, Diverted) == []
    assert len(told(world, Failed)) == 1
