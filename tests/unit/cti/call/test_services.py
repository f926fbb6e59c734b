"""What only the real call services do: negotiation, holds by the telephone, losses, closing."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from cti.call.clearing import CLOSE_SECONDS
from cti.call.control import PlayEnd
from cti.call.events import (
    CallCleared,
    Failed,
    Held,
    MediaReported,
    RecordingStopped,
    Retrieved,
)
from cti.call.model import Cause, ConnectionState, Party
from cti.call.security import Srtp
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import Codec, Security
from cti.sip import sdp
from cti.sip.events import (
    Ended,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionReoffered,
    Transport,
)
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld

PHONE = DeviceId("1001")
SOUND = [Path("/prompts/welcome.wav")]


def talking(world: RealWorld) -> tuple[CallId, ConnectionId, ConnectionId]:
    """A call between a caller's leg and an agent's leg."""
    world.register("1001")
    call_id = world.dial()
    assert result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, PHONE)
    world.phone_answers(agent)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    return call_id, call.caller.id, agent


def cleared(world: RealWorld) -> CallCleared:
    event = world.events[-1]
    assert isinstance(event, CallCleared)
    return event


def test_a_number_the_house_does_not_have_is_404() -> None:
    world = RealWorld()
    report = world.signalling.offered("13800138000", "12345")
    world.services.report(report)
    assert world.signalling.rejected == {report.session: 404}
    assert world.events == []
    assert not world.media.groups, "no leg was ever opened"
    assert not world.switch.calls
    assert not world.switch.legs
    assert not world.switch.leg_of_session


def test_a_house_with_as_many_calls_as_may_be_is_503_for_a_trunk() -> None:
    world = RealWorld()
    world.switch.settings = replace(world.switch.settings, max_calls=1)
    world.dial()
    report = world.signalling.offered("13800138001", "95588")
    world.services.report(report)
    assert world.signalling.rejected == {report.session: 503}
    assert len(world.switch.calls) == 1


@pytest.mark.parametrize(
    ("transport", "srtp", "keyed", "taken"),
    [
        (Transport.TLS, Srtp.REQUIRED, False, False),
        (Transport.TLS, Srtp.REQUIRED, True, True),
        (Transport.TLS, Srtp.OPTIONAL, False, True),
        (Transport.WSS, Srtp.REQUIRED, False, False),
        (Transport.UDP, Srtp.REQUIRED, False, True),
    ],
)
def test_where_srtp_is_required_a_plain_offer_over_tls_is_488(
    transport: Transport, srtp: Srtp, keyed: bool, taken: bool
) -> None:
    world = RealWorld()
    world.switch.settings = replace(world.switch.settings, srtp=srtp)
    key = sdp.Crypto(1, "AES_CM_128_HMAC_SHA1_80", b64encode(bytes(30)).decode())
    report = world.signalling.offered("13800138000", "95588")
    report = replace(
        report,
        offer=sdp.offer("192.0.2.7", 40000, security=(key,) if keyed else None),
        source=replace(report.source, transport=transport),
    )
    world.services.report(report)
    assert world.signalling.rejected == ({} if taken else {report.session: 488})
    assert [*world.media.security.values()] == (
        [Security.SDES if keyed else Security.NONE] if taken else []
    )


def test_where_srtp_is_required_a_late_offer_over_tls_is_ours_and_has_a_key() -> None:
    world = RealWorld()
    world.switch.settings = replace(world.switch.settings, srtp=Srtp.REQUIRED)
    report = world.signalling.offered("13800138000", "95588")
    source = replace(report.source, transport=Transport.TLS)
    world.services.report(replace(report, offer=None, source=source))
    assert [*world.media.security.values()] == [Security.SDES]


def test_an_offer_without_g711_is_488() -> None:
    world = RealWorld()
    report = world.signalling.offered("13800138000", "95588")
    media = sdp.Media("audio", 4000, "RTP/AVP", ("18",))
    offer = sdp.SessionDescription(sdp.Origin(1, 1, "192.0.2.1"), "192.0.2.1", (media,))
    world.services.report(replace(report, offer=offer))
    assert world.signalling.rejected == {report.session: 488}


def test_a_closing_house_ends_its_calls_and_takes_no_more() -> None:
    world = RealWorld()
    _, caller, agent = talking(world)
    sessions = {world.session(caller), world.session(agent)}
    assert world.services.shut_down().called
    assert set(world.signalling.ended) == sessions
    assert cleared(world).cause is Cause.INTERRUPTED
    late = world.signalling.offered("13800138000", "95588")
    world.services.report(late)
    assert world.signalling.rejected == {late.session: 503}


def test_a_late_offer_gets_ours_and_media_starts_with_the_ack() -> None:
    world = RealWorld()
    report = world.signalling.offered("13800138000", "95588", late=True)
    world.services.report(report)
    call = world.control.calls()[0]
    assert call.caller is not None
    assert result_of(world.control.answer(call.id))
    assert call.caller.id not in world.media.targets
    ours = world.signalling.accepted[report.session]
    answer = sdp.answer(ours, "192.0.2.1", 30000)
    world.services.report(SessionConfirmed(report.session, answer))
    assert world.media.targets[call.caller.id].port == 30000


def test_the_agent_is_offered_the_callers_codec_first() -> None:
    world = RealWorld()
    world.register("1001")
    report = world.signalling.offered("13800138000", "95588")
    offer = sdp.offer("192.0.2.1", 30000, codecs=("PCMU",))
    world.services.report(replace(report, offer=offer))
    call_id = world.control.calls()[0].id
    assert result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, PHONE)
    offered = world.signalling.invited[world.session(agent)].offer
    assert offered is not None
    audio = offered.audio
    assert audio is not None
    assert audio.formats[0] == str(Codec.PCMU.value)


def test_the_bridge_is_made_and_the_figures_arrive() -> None:
    world = RealWorld()
    _, caller, agent = talking(world)
    assert world.media.heard == {caller: (agent,), agent: (caller,)}
    world.phone_hangs_up(agent)
    stopped = [event for event in world.events if isinstance(event, RecordingStopped)]
    assert len(stopped) == 1
    assert stopped[0].seconds == 1.5
    assert not stopped[0].file.startswith("/")
    figures = [event for event in world.events if isinstance(event, MediaReported)]
    assert {(each.packets_sent, each.packets_lost) for each in figures} == {(100, 2)}
    assert world.media.open_legs == set()


def test_lost_media_clears_the_call_and_tells_both_sides() -> None:
    world = RealWorld()
    _, caller, agent = talking(world)
    sessions = {world.session(caller), world.session(agent)}
    world.services.legs_lost([caller, agent])
    assert set(world.signalling.ended) == sessions
    assert "cause=41" in next(iter(world.signalling.ended.values()))
    assert (cleared(world).cause, cleared(world).cleared_by) == (Cause.MEDIA_LOST, Party.SYSTEM)


def test_no_media_worker_refuses_the_caller_with_503() -> None:
    world = RealWorld()
    world.media.unavailable = True
    call_id = world.dial()
    assert not result_of(world.control.answer(call_id))
    assert list(world.signalling.rejected.values()) == [503]
    assert cleared(world).cause is Cause.NO_RESOURCES


def test_the_telephones_own_hold_gives_the_caller_music() -> None:
    world = RealWorld()
    _, caller, agent = talking(world)
    session = world.session(agent)
    held = sdp.offer("192.0.2.7", 40000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(session, held))
    assert isinstance(world.events[-1], Held)
    assert world.media.heard == {}
    assert world.media.playing[caller].repeat
    assert sdp.Direction.RECVONLY is world.signalling.accepted[session].media[0].direction
    world.services.report(SessionReoffered(session, sdp.offer("192.0.2.7", 40000)))
    assert isinstance(world.events[-1], Retrieved)
    assert world.media.heard == {caller: (agent,), agent: (caller,)}


def test_a_call_held_twice_comes_back_when_both_let_go() -> None:
    world = RealWorld()
    call_id, _, agent = talking(world)
    world.control.hold(agent)
    held = sdp.offer("192.0.2.7", 40000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(world.session(agent), held))
    world.services.report(SessionReoffered(world.session(agent), sdp.offer("192.0.2.7", 40000)))
    call = world.control.get(call_id)
    assert call is not None
    assert call.agent is not None
    assert call.agent.state is ConnectionState.HOLD
    world.control.retrieve(agent)
    assert isinstance(world.events[-1], Retrieved)


def test_a_key_by_info_cuts_the_prompt_and_is_collected() -> None:
    world = RealWorld()
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    keys: list[str] = []
    world.control.collect(call_id, keys.append)
    ended = world.control.play(call_id, SOUND, barge_in=True)
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    world.services.report(SessionKey(world.session(call.caller.id), "5"))
    assert result_of(ended) is PlayEnd.INTERRUPTED
    assert keys == ["5"]
    assert world.media.playing == {}


def test_a_caller_who_cancels_before_the_answer_is_cancelled() -> None:
    world = RealWorld()
    call_id = world.dial()
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    session = world.session(call.caller.id)
    world.services.report(SessionEnded(session, Ended.CANCELLED))
    assert (cleared(world).cause, cleared(world).cleared_by) == (Cause.CANCELLED, Party.CALLER)
    assert world.signalling.rejected == {}


def test_an_answer_without_a_codec_fails_that_telephone_only() -> None:
    world = RealWorld()
    world.register("1001")
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    agent = world.control.deliver(call_id, PHONE)
    session = world.session(agent)
    world.services.report(SessionAccepted(session, None))
    assert isinstance(world.events[-1], Failed)
    assert session in world.signalling.ended
    assert world.control.get(call_id) is not None


def test_a_number_is_kept_only_as_far_as_it_can_be_shown_and_stored() -> None:
    world = RealWorld()
    report = world.signalling.offered("%00" + "7" * 100, "95588")
    world.services.report(report)
    calling = world.control.calls()[0].calling
    assert calling.isprintable()
    assert len(calling) == 32


def test_a_withheld_number_is_no_number() -> None:
    world = RealWorld()
    world.services.report(world.signalling.offered("Anonymous", "95588"))
    assert world.control.calls()[0].calling == ""


def test_a_reinvite_without_offer_gets_ours_and_its_answer_moves_the_sound() -> None:
    world = RealWorld()
    _, caller, agent = talking(world)
    session = world.session(agent)
    world.services.report(SessionReoffered(session, None))
    ours = world.signalling.accepted[session]
    assert ours.direction_of(ours.media[0]) is sdp.Direction.SENDRECV
    held = sdp.answer(ours, "192.0.2.8", 41000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionConfirmed(session, held))
    assert (world.media.targets[agent].host, world.media.targets[agent].port) == (
        "192.0.2.8",
        41000,
    )
    assert isinstance(world.events[-1], Held)
    world.services.report(SessionReoffered(session, None))
    ours = world.signalling.accepted[session]
    world.services.report(SessionConfirmed(session, sdp.answer(ours, "192.0.2.8", 41000)))
    assert isinstance(world.events[-1], Retrieved)
    assert world.media.heard == {caller: (agent,), agent: (caller,)}


def test_an_ack_without_the_answer_due_changes_nothing_of_a_call_that_stands() -> None:
    world = RealWorld()
    call_id, _, agent = talking(world)
    before = world.media.targets[agent]
    world.services.report(SessionReoffered(world.session(agent), None))
    world.services.report(SessionConfirmed(world.session(agent), None))
    assert world.media.targets[agent] == before
    assert world.control.get(call_id) is not None


def test_a_caller_on_hold_in_the_menu_is_no_held_conversation() -> None:
    world = RealWorld()
    world.register("1001")
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    call = world.control.get(call_id)
    assert call is not None
    assert call.caller is not None
    session = world.session(call.caller.id)
    held = sdp.offer("192.0.2.1", 30000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(session, held))
    agent = world.control.deliver(call_id, PHONE)
    world.phone_answers(agent)
    world.services.report(SessionReoffered(session, sdp.offer("192.0.2.1", 30000)))
    assert not [each for each in world.events if isinstance(each, Held | Retrieved)]
    caller = call.caller.id
    assert world.media.heard == {caller: (agent,), agent: (caller,)}


def test_a_key_of_the_agent_by_info_stops_nothing() -> None:
    world = RealWorld()
    call_id, caller, agent = talking(world)
    world.control.play(call_id, SOUND, barge_in=True)
    world.services.report(SessionKey(world.session(agent), "5"))
    assert caller in world.media.playing


def test_who_plays_anew_when_told_of_the_end_is_told_of_every_end() -> None:
    world = RealWorld()
    call_id = world.dial()
    result_of(world.control.answer(call_id))
    inner: list[PlayEnd] = []

    def again(_end: PlayEnd) -> None:
        world.control.play(call_id, SOUND).addCallback(inner.append)

    world.control.play(call_id, SOUND).addCallback(again)
    outer = world.control.play(call_id, SOUND)
    assert result_of(outer) is PlayEnd.INTERRUPTED
    world.hang_up(call_id)
    assert inner == [PlayEnd.CLEARED]


def test_a_leg_that_opens_after_its_call_is_over_is_closed() -> None:
    world = RealWorld()
    world.media.slow = True
    world.dial()
    world.signalling.over(SessionId("session-1"), Ended.CANCELLED)
    world.clock.advance(CLOSE_SECONDS)
    assert isinstance(world.events[-1], CallCleared)
    world.media.work()
    assert world.media.open_legs == set()


def test_a_session_our_own_mistake_ended_is_laid_to_nobody_else() -> None:
    world = RealWorld()
    _, caller, _ = talking(world)
    world.signalling.end(world.session(caller))
    assert (cleared(world).cause, cleared(world).cleared_by) == (Cause.INTERRUPTED, Party.SYSTEM)


def test_parameters_behind_the_number_dialled_do_not_lead_elsewhere() -> None:
    world = RealWorld()
    world.services.report(world.signalling.offered("13800138000", "95588;phone-context=bank"))
    assert [call.called for call in world.control.calls()] == ["95588"]
