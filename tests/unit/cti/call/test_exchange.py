"""Services of the exchange as sessions and legs see them: who hears whom, who is told what."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from cti.call.collecting import KeyPlan, Why
from cti.call.control import Snoop
from cti.call.events import (
    CallCleared,
    CallStarted,
    Conferenced,
    ConnectionCleared,
    Delivered,
    Diverted,
    Established,
    Failed,
    RecordingPaused,
    RecordingStarted,
    Transferred,
)
from cti.call.lines import Identity
from cti.call.model import Cause, ConnectionState, Direction, Party
from cti.call.security import Srtp
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import Security
from cti.sip import sdp
from cti.sip.events import (
    Ended,
    Endpoint,
    SessionAccepted,
    SessionProgressed,
    SessionReferProgressed,
    SessionReferred,
    SessionReoffered,
    Transport,
)
from tests.support.deferred import result_of
from tests.support.worlds import MUSIC, RING_BACK, RealWorld

OUTSIDE = "13700137000"


@pytest.fixture
def world() -> RealWorld:
    world = RealWorld()
    for phone in ("1001", "1002", "1003"):
        world.register(phone)
    world.line_leads_to(OUTSIDE)
    return world


def talking(world: RealWorld, phone: str = "1001") -> tuple[CallId, ConnectionId, ConnectionId]:
    """A caller's call with the caller's connection and the telephone's."""
    call_id = world.dial()
    assert result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, DeviceId(phone))
    world.phone_answers(agent)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    return call_id, call.caller.id, agent


def consulting(
    world: RealWorld, number: str = "1002"
) -> tuple[CallId, ConnectionId, ConnectionId, ConnectionId, ConnectionId]:
    """Caller's call, caller, the agent's held connection, its active one, the consulted one."""
    call_id, caller, held = talking(world)
    active = world.control.consult(held, number)
    asked = other_in(world, active)
    world.phone_answers(asked)
    return call_id, caller, held, active, asked


def other_in(world: RealWorld, connection: ConnectionId) -> ConnectionId:
    """The other connection of a call of two."""
    call = world.switch.call_of(world.switch.members[connection])
    (other,) = [each.id for each in call.members.values() if each.id != connection]
    return other


def hears(world: RealWorld, connection: ConnectionId) -> set[str]:
    """The devices the connection's leg hears."""
    leg = world.switch.members[connection].leg
    assert leg is not None
    heard = world.media.heard.get(leg.id, ())
    return {world.switch.legs[source].device.id for source in heard}


def told(world: RealWorld, kind: type) -> list:  # type: ignore[type-arg]  # events of that class
    return [event for event in world.events if type(event) is kind]


def device_of(world: RealWorld, connection: ConnectionId) -> str:
    return world.switch.members[connection].connection.device.id


# --- two calls of one device --------------------------------------------------------------------


def test_a_consultation_is_a_second_call_on_the_same_leg(world: RealWorld) -> None:
    _, caller, held, active, asked = consulting(world)
    assert len(world.signalling.invited) == 2, "the agent's telephone was not called again"
    assert world.media.playing[caller].files == (MUSIC,)
    assert hears(world, asked) == {"1001"}
    assert hears(world, active) == {"1002"}
    world.control.alternate(held, active)
    assert hears(world, caller) == {"1001"}
    assert hears(world, held) == {device_of(world, caller)}
    leg = world.switch.members[asked].leg
    assert leg is not None
    assert world.media.playing[leg.id].repeat


def test_reconnecting_ends_the_consultation_and_takes_the_caller_back(world: RealWorld) -> None:
    _, caller, held, active, _ = consulting(world)
    world.control.reconnect(held, active)
    assert hears(world, caller) == {"1001"}
    assert len(told(world, CallCleared)) == 1
    assert len(world.switch.calls) == 1


def test_a_held_call_cannot_be_taken_back_while_talking_in_another(world: RealWorld) -> None:
    _, _, held, _, _ = consulting(world)
    with pytest.raises(Refused, match=r"call\.not_now"):
        world.control.retrieve(held)


def test_the_consulted_one_leaving_leaves_the_caller_held(world: RealWorld) -> None:
    call_id, _, held, _, asked = consulting(world)
    world.phone_hangs_up(asked)
    assert world.control.get(call_id) is not None
    assert world.switch.members[held].state is ConnectionState.HOLD
    world.control.retrieve(held)
    assert world.switch.members[held].state is ConnectionState.CONNECTED


def test_nobody_to_consult_is_refused_before_the_caller_is_held(world: RealWorld) -> None:
    _, _, agent = talking(world)
    with pytest.raises(Refused, match=r"call\.no_route"):
        world.control.consult(agent, "12")
    assert world.switch.members[agent].state is ConnectionState.CONNECTED


# --- transfer -----------------------------------------------------------------------------------


def test_an_attended_transfer_joins_both_under_the_callers_call(world: RealWorld) -> None:
    call_id, caller, held, active, _ = consulting(world)
    world.control.attach(call_id, customer_name="Li")
    agents_session = world.session(held)
    world.control.transfer(held, active)
    assert agents_session in world.signalling.ended
    (consulted,) = [each for each in world.switch.members if each != caller]
    assert hears(world, caller) == {"1002"}
    assert hears(world, consulted) == {device_of(world, caller)}
    assert [call.id for call in world.control.calls()] == [call_id]
    assert world.control.calls()[0].user_data.customer_name == "Li"
    both = told(world, Transferred)
    assert {each.resulting_call_id for each in both} == {call_id}
    assert len(both) == 2
    assert told(world, CallCleared)[0].cause is Cause.TRANSFERRED
    assert len(told(world, RecordingStarted)) == 1
    assert caller in world.media.recordings, "the caller is recorded on"


def test_a_transfer_to_a_ringing_telephone_rings_back_when_it_refuses(world: RealWorld) -> None:
    call_id, caller, held = talking(world)
    active = world.control.consult(held, "1002")
    world.control.transfer(held, active)
    assert world.media.playing[caller].repeat, "the caller waits with music"
    (ringing,) = [each for each in world.switch.members if each != caller]
    world.phone_refuses(ringing)
    (back,) = [each for each in world.switch.members if each != caller]
    assert device_of(world, back) == "1001"
    world.phone_answers(back)
    assert hears(world, caller) == {"1001"}
    assert [call.id for call in world.control.calls()] == [call_id]


def test_a_single_step_transfer_frees_the_agent_at_once(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    target = world.control.single_step_transfer(agent, OUTSIDE)
    assert told(world, ConnectionCleared)[0].cause is Cause.TRANSFERRED
    assert world.media.playing[caller].repeat
    world.phone_answers(target)
    assert hears(world, caller) == {OUTSIDE}
    world.hang_up(world.control.calls()[0].id)
    assert not any(world.lines.up.values())


def test_a_caller_passed_on_by_the_house_comes_back_when_it_is_busy(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    target = world.control.single_step_transfer(call.caller.id, OUTSIDE)
    world.phone_refuses(target)
    assert told(world, Failed)[-1].cause is Cause.BUSY
    assert world.control.get(call_id) is not None


def test_a_release_asks_the_far_exchange_and_ends_when_it_has_done_it(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    session = world.session(caller)
    world.control.single_step_transfer(agent, OUTSIDE, release=True)
    assert OUTSIDE in world.signalling.asked_to_call[session]
    world.services.report(SessionReferProgressed(session, 100))
    world.services.report(SessionReferProgressed(session, 486))
    assert world.control.get(call_id) is not None
    world.control.single_step_transfer(agent, OUTSIDE, release=True)
    world.services.report(SessionReferProgressed(session, 200))
    assert told(world, CallCleared)[-1].cause is Cause.TRANSFERRED


def test_a_telephone_that_refers_leaves_when_the_target_answers(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    session = world.session(agent)
    world.services.report(SessionReferred(session, "r1", "sip:1002@192.0.2.9"))
    assert world.signalling.refer_answers == {"r1": 202}
    target = next(each for each in world.switch.members if each not in (caller, agent))
    world.phone_rings(target)
    world.phone_answers(target)
    assert world.signalling.notified == {"r1": [100, 180, 200]}
    assert session in world.signalling.ended
    assert hears(world, caller) == {"1002"}


def test_nobody_outside_has_calls_made_at_the_houses_expense(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.services.report(SessionReferred(world.session(caller), "r1", f"sip:{OUTSIDE}@192.0.2.9"))
    world.services.report(
        SessionReferred(
            world.session(caller), "r2", "sip:1002@192.0.2.9", replaces=world.session(agent)
        )
    )
    assert world.signalling.refer_answers == {"r1": 403, "r2": 403}
    assert [each.id for each in world.control.calls()] == [call_id]
    assert set(world.switch.members) == {caller, agent}
    assert hears(world, caller) == {"1001"}


def test_a_telephone_that_refers_in_vain_talks_on(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    world.services.report(SessionReferred(world.session(agent), "r1", "sip:1002@192.0.2.9"))
    target = next(each for each in world.switch.members if each not in (caller, agent))
    world.phone_refuses(target)
    assert world.signalling.notified == {"r1": [100, 486]}
    assert hears(world, caller) == {"1001"}


def test_a_telephone_joins_its_own_two_calls_by_refer(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    held = sdp.offer("192.0.2.7", 40000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(world.session(agent), held))
    second = world.phone_dials("1001", "1002")
    dialled = world.control.get(second)
    assert dialled is not None
    assert dialled.caller is not None
    assert dialled.agent is not None
    world.phone_answers(dialled.agent.id)
    assert hears(world, dialled.caller.id) == {"1002"}
    report = SessionReferred(
        world.session(agent),
        "r1",
        "sip:1002@192.0.2.9",
        replaces=world.session(dialled.caller.id),
    )
    world.services.report(report)
    assert world.signalling.notified == {"r1": [200]}
    assert [call.id for call in world.control.calls()] == [call_id]
    assert hears(world, caller) == {"1002"}


def test_somebody_takes_the_place_of_a_far_side(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    session = world.session(agent)
    report = world.signalling.offered("1003", "95588", account="1003", replaces=session)
    world.services.report(report)
    assert report.session in world.signalling.accepted
    assert session in world.signalling.ended
    assert hears(world, caller) == {"1003"}
    assert [call.id for call in world.control.calls()] == [call_id]


def test_a_telephone_picks_up_what_rings_at_another(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    ringing = world.control.deliver(call_id, DeviceId("1001"))
    world.phone_rings(ringing)
    replaces = world.session(ringing)
    world.services.report(
        world.signalling.offered("1003", "1001", account="1003", replaces=replaces)
    )
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert hears(world, call.caller.id) == {"1003"}
    assert replaces in world.signalling.ended


# --- more than two ------------------------------------------------------------------------------


def test_a_conference_of_four_and_one_who_leaves_it(world: RealWorld) -> None:
    call_id, caller, held, active, _ = consulting(world)
    world.control.conference(held, active)
    assert [call.id for call in world.control.calls()] == [call_id]
    fourth = world.control.join(call_id, DeviceId(OUTSIDE))
    world.phone_answers(fourth)
    outside = device_of(world, caller)
    assert hears(world, caller) == {"1001", "1002", OUTSIDE}
    assert hears(world, held) == {outside, "1002", OUTSIDE}
    assert hears(world, fourth) == {outside, "1001", "1002"}
    assert len(told(world, Conferenced)) == 3
    world.control.clear_connection(held, Party.AGENT)
    assert hears(world, caller) == {"1002", OUTSIDE}
    world.phone_hangs_up(fourth)
    assert hears(world, caller) == {"1002"}
    assert world.control.get(call_id) is not None
    world.hang_up(call_id)
    assert not world.switch.legs


def test_eight_can_be_in_one_call(world: RealWorld) -> None:
    call_id, caller, _ = talking(world)
    for number in range(6):
        world.register(f"20{number}")
        world.phone_answers(world.control.join(call_id, DeviceId(f"20{number}")))
    assert len(hears(world, caller)) == 7


def test_listen_whisper_and_barge(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    outside = device_of(world, caller)
    supervisor = world.control.snoop(call_id, DeviceId("1003"), Snoop.LISTEN)
    world.phone_answers(supervisor)
    assert hears(world, supervisor) == {outside, "1001"}
    assert (hears(world, caller), hears(world, agent)) == ({"1001"}, {outside})
    assert world.control.snoop(call_id, DeviceId("1003"), Snoop.WHISPER) == supervisor
    assert (hears(world, caller), hears(world, agent)) == ({"1001"}, {outside, "1003"})
    world.control.snoop(call_id, DeviceId("1003"), Snoop.BARGE)
    assert (hears(world, caller), hears(world, agent)) == ({"1001", "1003"}, {outside, "1003"})
    world.phone_hangs_up(supervisor)
    assert hears(world, caller) == {"1001"}
    assert world.control.get(call_id) is not None


def test_a_supervisor_does_not_keep_a_conversation_alive(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    world.phone_answers(world.control.snoop(call_id, DeviceId("1003"), Snoop.BARGE))
    world.phone_hangs_up(agent)
    assert world.control.get(call_id) is None


def test_an_intercepting_telephone_takes_the_agents_place(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    taking = world.control.intercept(agent, DeviceId("1003"))
    assert hears(world, caller) == {"1001"}, "nothing changes while it rings"
    world.phone_answers(taking)
    assert hears(world, caller) == {"1003"}
    assert agent not in world.switch.members
    assert world.control.get(call_id) is not None


# --- making, deflecting, forking ----------------------------------------------------------------


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


# --- a back-to-back user agent ------------------------------------------------------------------


def test_a_telephone_calls_another_and_hears_it_ring(world: RealWorld) -> None:
    call_id = world.phone_dials("1001", "1002")
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert call.agent is not None
    assert world.signalling.invited[world.session(call.agent.id)].max_forwards == 69
    world.phone_rings(call.agent.id)
    session = world.session(call.caller.id)
    assert world.signalling.rung[session] == [(180, None)]
    world.phone_answers(call.agent.id)
    assert session in world.signalling.accepted
    assert hears(world, call.caller.id) == {"1002"}
    assert told(world, RecordingStarted) == []


def test_early_media_of_the_network_reaches_an_unanswered_telephone(world: RealWorld) -> None:
    call_id = world.phone_dials("1001", OUTSIDE)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    far = other_in(world, call.caller.id)
    ours = world.signalling.invited[world.session(far)].offer
    assert ours is not None
    early = sdp.answer(ours, "192.0.2.1", 30000)
    world.services.report(SessionProgressed(world.session(far), 183, early))
    ((status, description),) = world.signalling.rung[world.session(call.caller.id)]
    assert status == 183
    assert description is not None
    assert hears(world, call.caller.id) == {OUTSIDE}


def test_the_cause_of_one_side_is_told_to_the_other(world: RealWorld) -> None:
    call_id = world.phone_dials("1001", "1002")
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    assert call.agent is not None
    session = world.session(call.caller.id)
    world.phone_refuses(call.agent.id, Cause.REFUSED)
    assert world.signalling.rejected[session] == 603


def test_a_call_passed_on_too_often_is_483(world: RealWorld) -> None:
    report = world.signalling.offered("1001", "1002", account="1001", max_forwards=0)
    world.services.report(report)
    assert world.signalling.rejected == {report.session: 483}


def test_a_trunk_that_is_full_brings_no_more(world: RealWorld) -> None:
    world.lines.room["carrier"] = 1
    world.dial()
    report = world.signalling.offered("13800138001", "95588")
    world.services.report(report)
    assert world.signalling.rejected == {report.session: 503}
    assert dict(world.signalling.headers[report.session])["Retry-After"]


# --- sound and keys -----------------------------------------------------------------------------


def test_keys_are_collected_by_a_plan(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    raw: list[str] = []
    world.control.collect(call_id, raw.append)
    prompt = world.control.play(call_id, [Path("/prompts/pin.wav")])
    collecting = world.control.collect_keys(call_id, KeyPlan(4))
    world.press(call_id, "1")
    assert prompt.called, "a key cuts the prompt"
    world.press(call_id, "2#")
    collected = result_of(collecting)
    assert (collected.keys.reveal(), collected.why) == ("12", Why.TERMINATOR)
    assert raw == []
    world.press(call_id, "9")
    assert raw == ["9"]
    again = world.control.collect_keys(call_id, KeyPlan(4))
    world.clock.advance(5.0)
    assert result_of(again).why is Why.NO_KEY
    last = world.control.collect_keys(call_id, KeyPlan(4))
    world.hang_up(call_id)
    assert result_of(last).why is Why.CLEARED


def test_a_masked_caller_is_heard_by_nobody(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    world.control.mask(call_id, True)
    assert hears(world, agent) == set()
    world.control.mask(call_id, False)
    assert len(hears(world, agent)) == 1


def test_recordings_are_paused_and_marked(world: RealWorld) -> None:
    call_id, caller, _ = talking(world)
    world.control.pause_recording(call_id, True)
    assert world.media.paused == {caller}
    assert len(told(world, RecordingPaused)) == 1
    world.control.mark(call_id, "complaint")
    assert world.media.marks == [(caller, "complaint")]


def test_keys_are_sent_to_a_device(world: RealWorld) -> None:
    _, caller, _ = talking(world)
    world.control.send_keys(caller, "12")
    assert world.media.keys_sent == [(caller, "12")]


def test_lost_sound_of_one_in_a_conference_leaves_the_others(world: RealWorld) -> None:
    call_id, caller, held, active, _ = consulting(world)
    world.control.conference(held, active)
    leg = world.switch.members[held].leg
    assert leg is not None
    world.services.legs_lost([leg.id])
    assert world.control.get(call_id) is not None
    assert hears(world, caller) == {"1002"}


def test_a_call_tells_whom_it_was_first_for(world: RealWorld) -> None:
    world.lines.identity = Identity(
        "+8613800138000", "95588", diverted_from="+861066668888", diverted_why="user-busy"
    )
    call = world.control.get(world.dial())
    assert call is not None
    assert (call.diverted_from, call.diverted_why) == ("+861066668888", "user-busy")
    (started,) = told(world, CallStarted)
    assert (started.diverted_from, started.diverted_why) == ("+861066668888", "user-busy")


# --- the ringing tone -------------------------------------------------------------------------


def heard_ringing(world: RealWorld, connection: ConnectionId) -> bool:
    leg = world.switch.members[connection].leg
    assert leg is not None
    play = world.media.playing.get(leg.id)
    return play is not None and play.files == (RING_BACK,) and play.repeat


def test_a_telephone_that_calls_hears_it_ring_until_it_is_answered(world: RealWorld) -> None:
    world.control.make(DeviceId("1001"), "1002")
    (agent,) = world.switch.members
    world.phone_rings(agent)
    assert not world.media.playing, "nobody waits for that telephone yet"
    world.phone_answers(agent)
    other = other_in(world, agent)
    assert not heard_ringing(world, agent)
    world.phone_rings(other)
    assert heard_ringing(world, agent)
    world.phone_answers(other)
    assert not world.media.playing
    assert hears(world, agent) == {device_of(world, other)}


def test_the_networks_own_tone_takes_the_place_of_ours(world: RealWorld) -> None:
    world.control.make(DeviceId("1001"), OUTSIDE)
    (agent,) = world.switch.members
    world.phone_answers(agent)
    far = other_in(world, agent)
    world.phone_rings(far)
    assert heard_ringing(world, agent)
    session = world.session(far)
    ours = world.signalling.invited[session].offer
    assert ours is not None
    early = SessionProgressed(session, 183, sdp.answer(ours, "192.0.2.1", 40000))
    world.services.report(early)
    assert not world.media.playing
    assert hears(world, agent) == {OUTSIDE}


def test_who_consults_hears_it_ring_and_the_caller_hears_music(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    asking = world.control.consult(agent, "1002")
    world.phone_rings(other_in(world, asking))
    assert heard_ringing(world, asking)
    leg = world.switch.members[caller].leg
    assert leg is not None
    assert world.media.playing[leg.id].files == (MUSIC,)
    world.phone_refuses(other_in(world, asking))
    assert not any(each.files == (RING_BACK,) for each in world.media.playing.values())


def test_a_caller_handed_on_hears_it_ring_once_nothing_else_plays(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    call = world.control.get(call_id)
    assert call is not None
    assert call.customer is not None
    caller = call.customer.id
    prompt = world.control.play(call_id, [Path("/passing-on.wav")])
    other = world.control.single_step_transfer(caller, "1002")
    world.phone_rings(other)
    assert not prompt.called
    assert not heard_ringing(world, caller)
    world.finish_play(call_id)
    assert prompt.called
    assert heard_ringing(world, caller)
    world.phone_refuses(other)
    assert not world.media.playing


def test_who_waits_in_a_queue_hears_no_telephone_ring(world: RealWorld) -> None:
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    world.phone_rings(world.control.deliver(call_id, DeviceId("1001")))
    assert not world.media.playing
