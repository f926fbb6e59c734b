"""Calls through a restart: what is kept, what goes on, and what has failed."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cti.call.control import Snoop
from cti.call.events import (
    CallCleared,
    CallResumed,
    ConnectionCleared,
    Failed,
    Held,
    MediaReported,
    RecordingStopped,
    Retrieved,
    Transferred,
)
from cti.call.model import Cause, ConnectionState, Role
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.kernel.plain import to_plain
from cti.media.port import SdesKey
from cti.sip import sdp
from cti.sip.events import SessionChanged, SessionId, SessionReferred, SessionReoffered
from cti.sip.session.kept import KeptSession
from tests.support.conversations import OUTSIDE, consulting, hears, other_in, talking, told
from tests.support.deferred import result_of
from tests.support.worlds import MUSIC, RealWorld

SUITE = "AES_CM_128_HMAC_SHA1_80"


def resumed(world: RealWorld) -> CallResumed:
    (event,) = told(world, CallResumed)
    assert isinstance(event, CallResumed)
    return event


def ended_with(world: RealWorld, call_id: CallId) -> Cause:
    (event,) = [each for each in told(world, CallCleared) if each.call_id == call_id]
    cause: Cause = event.cause
    return cause


# --- what is worth keeping ----------------------------------------------------------------------


def test_nothing_is_kept_of_a_call_that_nobody_answered(world: RealWorld) -> None:
    call_id = world.dial()
    assert world.services.keep(call_id) is None
    assert result_of(world.control.answer(call_id))
    assert world.services.keep(call_id) is not None


def test_nothing_is_kept_of_a_call_that_ends(world: RealWorld) -> None:
    call_id, _, _ = talking(world)
    world.media.slow = True
    world.hang_up(call_id)
    assert call_id in world.switch.calls
    assert world.services.keep(call_id) is None
    world.media.work()
    assert world.services.keep(call_id) is None


def test_no_key_is_in_what_is_kept(world: RealWorld) -> None:
    key = sdp.Crypto(1, SUITE, "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNl")
    call_id, caller, _ = talking(world)
    leg = world.switch.legs[caller]
    offer = sdp.offer("192.0.2.8", 42000, security=(key,))
    leg.described, leg.offer = offer, offer
    kept = json.dumps(to_plain(world.services.keep(call_id)))
    assert key.key not in kept
    assert "secret" not in kept.lower()


def test_a_session_under_way_is_kept_as_it_was_when_it_was_settled(
    world: RealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, _, agent = talking(world)
    before = world.services.keep(call_id)
    monkeypatch.setattr(world.signalling, "keep", lambda _: None)
    world.control.hold(agent)
    world.services.report(SessionChanged(world.session(agent)))
    after = world.services.keep(call_id)
    assert before is not None
    assert after is not None
    assert [leg.session for leg in after.legs] == [leg.session for leg in before.legs]


def test_a_changed_session_is_asked_for_again_and_told_of(
    world: RealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, _, agent = talking(world)
    world.services.keep(call_id)
    changed: list[CallId] = []
    asked: list[str] = []
    keep = world.signalling.keep
    monkeypatch.setattr(world.switch, "changed", changed.append)

    def asking(session: SessionId) -> KeptSession | None:
        asked.append(session)
        return keep(session)

    monkeypatch.setattr(world.signalling, "keep", asking)
    world.services.keep(call_id)
    assert asked == [], "settled sessions are not asked for at every change of the call"
    world.services.report(SessionChanged(world.session(agent)))
    assert asked == [world.session(agent)]
    assert changed == [call_id]


# --- what goes on -------------------------------------------------------------------------------


def not_to_be_told(leg: ConnectionId, sources: Sequence[ConnectionId]) -> None:
    raise AssertionError(f"{leg} hears {sources} already")


def test_a_conversation_goes_on_and_nothing_is_sent_for_it(
    world: RealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, caller, agent = talking(world)
    before = world.control.get(call_id)
    targets = dict(world.media.targets)
    world.media.targets.clear()
    monkeypatch.setattr(world.media, "hear", not_to_be_told)
    assert world.restart(away=2.5) == [call_id]
    assert world.control.get(call_id) == before
    assert not world.media.targets, "only the worker has its keys"
    world.media.targets = targets
    monkeypatch.undo()
    event = resumed(world)
    assert (event.call_id, event.connections, event.away) == (call_id, (caller, agent), 2.5)
    assert not told(world, Failed)
    world.phone_hangs_up(agent)
    assert ended_with(world, call_id) is Cause.NORMAL
    assert not world.signalling.live
    assert not world.media.open_legs
    assert len(told(world, MediaReported)) == 2


def test_the_call_is_counted_on_its_trunk_again_and_its_secret_is_at_hand(
    world: RealWorld,
) -> None:
    world.dial()
    made = world.control.make(DeviceId("1001"), OUTSIDE)
    (phone,) = [each.id for each in world.switch.calls[made].members.values()]
    world.phone_answers(phone)
    outside = other_in(world, phone)
    world.phone_answers(outside)
    assert world.restart() == [made]
    assert world.lines.up == {("carrier", True): 1}, "the caller nobody answered is gone"
    (_, secret, _) = world.signalling.resumed[world.session(outside)]
    assert secret == "secret of carrier"
    world.phone_hangs_up(outside)
    assert world.lines.up["carrier", True] == 0


def test_a_recording_under_way_ends_in_the_journal_with_its_digest(world: RealWorld) -> None:
    call_id, _, _ = talking(world)
    world.restart()
    world.hang_up(call_id)
    (stopped,) = told(world, RecordingStopped)
    assert stopped.file.endswith(f"{call_id}.wav")
    assert stopped.digest == "5ea1"


def test_new_connections_have_names_that_nobody_had(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    before = set(world.switch.members)
    rang = world.control.join(call_id, DeviceId("1002"))
    world.restart()
    again = world.control.join(call_id, DeviceId("1002"))
    assert again not in {*before, rang, agent}


def test_a_consultation_goes_on_as_two_calls_on_one_leg(world: RealWorld) -> None:
    call_id, caller, held, active, asked = consulting(world)
    world.restart()
    assert len(world.switch.legs) == 3
    leg = world.switch.members[held].leg
    assert leg is world.switch.members[active].leg
    assert leg is not None
    assert leg.current is world.switch.members[active]
    assert world.media.playing[caller].files == (MUSIC,)
    world.control.alternate(held, active)
    assert hears(world, caller) == {"1001"}
    world.control.transfer(active, held)
    assert {each.device.id for each in world.control.calls()[0].connections} >= {"1002"}
    assert [each.resulting_call_id for each in told(world, Transferred)] == [call_id, call_id]
    assert asked not in world.switch.members


def test_a_whisper_reaches_the_same_ear(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    supervisor = world.control.snoop(call_id, DeviceId("1003"), Snoop.WHISPER, agent=agent)
    world.phone_answers(supervisor)
    world.restart()
    member = world.switch.members[supervisor]
    assert (member.connection.role, member.whispers_to) == (Role.WHISPERER, agent)
    assert hears(world, agent) >= {"1003"}
    assert "1003" not in hears(world, caller)
    world.phone_hangs_up(supervisor)
    assert world.control.get(call_id) is not None


def test_a_masked_customer_stays_masked(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    world.control.mask(call_id, True)
    world.restart()
    assert hears(world, agent) == set()
    world.control.mask(call_id, False)
    assert len(hears(world, agent)) == 1


def test_a_secluded_customer_stays_so_until_the_next_process_knows_better(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.control.seclude(call_id, True)
    world.restart()
    assert world.switch.calls[call_id].secluded
    assert hears(world, agent) == hears(world, caller) == set()
    world.phone_hangs_up(agent)
    assert world.control.get(call_id) is not None
    world.control.seclude(call_id, False)
    world.hang_up(call_id)


def test_a_telephone_that_holds_takes_back_by_itself(world: RealWorld) -> None:
    _, _, agent = talking(world)
    session = world.session(agent)
    silent = sdp.offer("192.0.2.7", 40000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(session, silent))
    assert len(told(world, Held)) == 1
    world.restart()
    world.services.report(SessionReoffered(session, sdp.offer("192.0.2.7", 40000)))
    assert len(told(world, Retrieved)) == 1
    assert world.media.targets[agent].port == 40000


def test_a_description_after_the_restart_has_a_higher_version(world: RealWorld) -> None:
    _, caller, _ = talking(world)
    session = world.session(caller)
    world.restart()
    kept, _, _ = world.signalling.resumed[session]
    held = sdp.offer("192.0.2.1", 30000, direction=sdp.Direction.SENDONLY)
    world.services.report(SessionReoffered(session, held))
    assert kept.described is not None
    before, after = kept.described.origin, world.signalling.accepted[session].origin
    assert (after.session_id, after.version) == (before.session_id, before.version + 1)


def test_an_srtp_leg_describes_the_keys_it_has(world: RealWorld) -> None:
    theirs = sdp.Crypto(1, SUITE, b64encode(bytes(range(30))).decode())
    report = world.signalling.offered("13800138000", "95588")
    report = replace(report, offer=sdp.offer("192.0.2.1", 30000, security=(theirs,)))
    world.services.report(report)
    (call,) = world.control.calls()
    assert result_of(world.control.answer(call.id))
    world.restart()
    moved = sdp.offer("192.0.2.1", 31000, security=(theirs,))
    world.services.report(SessionReoffered(report.session, moved))
    assert call.caller is not None
    ours = world.media.addresses[call.caller.id].security
    assert isinstance(ours, tuple)
    assert ours[0].key in str(world.signalling.accepted[report.session])
    target = world.media.targets[call.caller.id]
    assert (target.port, target.security) == (31000, SdesKey(1, SUITE, theirs.key))


# --- what does not ------------------------------------------------------------------------------


def test_a_device_that_rang_has_failed_and_the_caller_stays(world: RealWorld) -> None:
    call_id = world.dial()
    assert result_of(world.control.answer(call_id))
    rang = world.control.deliver(call_id, DeviceId("1001"))
    world.phone_rings(rang)
    assert world.restart() == [call_id]
    (failed,) = told(world, Failed)
    assert (failed.connection_id, failed.cause) == (rang, Cause.INTERRUPTED)
    assert resumed(world).connections == (f"{call_id}.1",)
    again = world.control.deliver(call_id, DeviceId("1001"))
    world.phone_answers(again)
    assert world.switch.members[again].state is ConnectionState.CONNECTED


def test_who_consulted_somebody_that_rang_is_left_holding_the_first_call(world: RealWorld) -> None:
    call_id, _, held = talking(world)
    active = world.control.consult(held, "1002")
    second = world.switch.call_of(world.switch.members[active]).id
    world.phone_rings(other_in(world, active))
    world.restart()
    assert ended_with(world, second) is Cause.INTERRUPTED
    assert world.switch.members[held].state is ConnectionState.HOLD
    world.control.retrieve(held)
    assert hears(world, held) == {world.switch.calls[call_id].calling}


def test_a_blind_transfer_under_way_rings_back(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    world.control.single_step_transfer(agent, "1002")
    world.restart()
    (ringing,) = [each for each in world.switch.members.values() if each.calling]
    assert ringing.connection.device.id == "1001"
    world.phone_answers(ringing.id)
    assert len(told(world, CallResumed)) == 1
    assert hears(world, ringing.id) == {world.switch.calls[call_id].calling}


def test_a_telephone_that_referred_takes_the_caller_back(world: RealWorld) -> None:
    _, _, agent = talking(world)
    report = SessionReferred(world.session(agent), "refer-1", "sip:1002@192.0.2.9")
    world.services.report(report)
    assert world.switch.members[agent].state is ConnectionState.HOLD
    world.restart()
    assert world.switch.members[agent].state is ConnectionState.CONNECTED


def test_a_leg_whose_sound_is_gone_leaves(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    joined = world.control.join(call_id, DeviceId("1002"))
    world.phone_answers(joined)
    session = world.session(joined)
    world.services.keep(call_id)
    world.media.open_legs.discard(joined)
    assert world.restart() == [call_id]
    (left,) = told(world, ConnectionCleared)
    assert (left.connection_id, left.cause) == (joined, Cause.MEDIA_LOST)
    assert session in world.signalling.ended
    assert hears(world, agent) == {world.switch.calls[call_id].calling}


def test_a_call_without_any_sound_is_over_for_its_far_sides_and_told_to_nobody(
    world: RealWorld,
) -> None:
    call_id, caller, agent = talking(world)
    sessions = {world.session(caller), world.session(agent)}
    world.media.open_legs.clear()
    before = len(world.events)
    assert world.restart() == []
    assert set(world.signalling.ended) == sessions
    assert world.control.get(call_id) is None
    assert world.events[before:] == []


def test_a_call_whose_sound_ended_since_it_was_found_is_told_to_be_over(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    sessions = {world.session(caller), world.session(agent)}
    world.media.open_legs.clear()
    world.restart(expected=[call_id])
    assert set(world.signalling.ended) == sessions
    assert world.control.get(call_id) is None
    assert ended_with(world, call_id) is Cause.MEDIA_LOST


@pytest.mark.parametrize("held", [True, False])
def test_sound_agrees_with_what_was_kept_whatever_was_told_since(
    world: RealWorld, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    call_id, caller, agent = talking(world)
    if held:
        world.control.hold(agent)
    kept = world.services.keep(call_id)
    (world.control.retrieve if held else world.control.hold)(agent)
    monkeypatch.setattr(world.services, "keep", lambda _: kept)
    world.restart()
    ears = hears(world, agent), hears(world, caller)
    assert ears == ((set(), set()) if held else ({"13800138000"}, {"1001"}))
    music = world.media.playing.get(caller)
    assert (music is not None and music.files == (MUSIC,)) == held


def test_a_stray_leg_is_closed(world: RealWorld) -> None:
    call_id, _, _ = talking(world)
    world.media.open(ConnectionId("stray"), CallId("unknown"))
    world.restart()
    assert len(world.media.open_legs) == 2
    world.hang_up(call_id)
    assert not world.media.open_legs


# --- leaving in order ---------------------------------------------------------------------------


def test_who_leaves_ends_what_cannot_go_on_and_nothing_else(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    rang = world.control.join(call_id, DeviceId("1002"))
    ringing, talks = world.session(rang), {world.session(caller), world.session(agent)}
    waits = world.dial()
    waiting = world.session(ConnectionId(f"{waits}.1"))
    changed: list[CallId] = []
    world.switch.changed = changed.append
    assert world.services.leave().called
    assert ended_with(world, waits) is Cause.INTERRUPTED
    assert waiting in world.signalling.rejected
    assert ringing in world.signalling.ended
    assert world.signalling.live == talks
    assert changed == [call_id]
    late = world.signalling.offered("13800138000", "95588")
    world.services.report(late)
    assert world.signalling.rejected[late.session] == 503
    assert world.restart() == [call_id]
    assert [each.connection_id for each in told(world, Failed)] == [rang]
