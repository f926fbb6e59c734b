"""Keys, masking and recordings of a call as legs see them."""

from pathlib import Path

from cti.call.collecting import KeyPlan, Why
from cti.call.events import RecordingPaused, RecordingStarted
from cti.call.hearing import SILENCE
from cti.kernel.identifiers import DeviceId
from tests.support.conversations import OUTSIDE, device_of, hears, other_in, talking, told
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld


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


def test_a_secluded_caller_is_alone_while_the_agent_hears_music(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.control.seclude(call_id, True)
    assert world.media.masked == {caller}
    assert hears(world, agent) == hears(world, caller) == set()
    assert world.switch.legs[agent].heard.music
    world.control.mask(call_id, True)
    world.control.mask(call_id, False)
    assert world.media.masked == {caller}, "a mask within it uncovers nothing"
    world.control.seclude(call_id, False)
    assert not world.media.masked
    assert len(hears(world, agent)) == len(hears(world, caller)) == 1


def test_who_held_the_call_before_holds_it_after(world: RealWorld) -> None:
    call_id, caller, agent = talking(world)
    world.control.hold(agent)
    world.control.seclude(call_id, True)
    assert world.switch.legs[caller].heard == SILENCE
    world.control.seclude(call_id, False)
    assert world.switch.legs[caller].heard.music
    world.control.seclude(call_id, True)
    world.control.retrieve(agent)
    assert hears(world, agent) == set()
    world.control.seclude(call_id, False)
    assert len(hears(world, agent)) == 1


def test_recordings_are_paused_and_marked(world: RealWorld) -> None:
    call_id, caller, _ = talking(world)
    world.control.pause_recording(call_id, True)
    assert world.media.paused == {caller}
    assert len(told(world, RecordingPaused)) == 1
    world.control.mark(call_id, "complaint")
    assert world.media.marks == [(caller, "complaint")]


def test_a_house_without_recordings_still_records_what_somebody_wants_recorded() -> None:
    world = RealWorld(record=False)
    for phone in ("1001", "1002"):
        world.register(phone)
    world.line_leads_to(OUTSIDE)
    call_id, caller, _ = talking(world)
    world.control.make(DeviceId("1002"), OUTSIDE)
    (calling,) = [each for each in world.switch.members if device_of(world, each) == "1002"]
    world.phone_answers(calling)
    world.phone_answers(other_in(world, calling))
    assert hears(world, calling) == {OUTSIDE}
    assert world.media.recordings == {}
    assert told(world, RecordingStarted) == []
    world.control.record(call_id)
    assert list(world.media.recordings) == [caller]


def test_keys_are_sent_to_a_device(world: RealWorld) -> None:
    _, caller, _ = talking(world)
    world.control.send_keys(caller, "12")
    assert world.media.keys_sent == [(caller, "12")]
