"""Services on sound over real sockets: what is played, keyed, and written to recordings."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from cti.call.collecting import Collected, KeyPlan, Why
from cti.call.control import PlayEnd
from cti.call.events import (
    Established,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
)
from cti.kernel.identifiers import CallId, DeviceId
from cti.recording.marks import Mark, MarkKind, joined
from cti.recording.verify import State, verify
from tests.support.audio import RATE, Samples, level, read_wave
from tests.support.exchange import CALLER, TONES, Exchange
from tests.support.handset import Handset
from tests.support.reactor import until
from tests.support.who_hears_whom import GRID, mutual, tones_in

pytestmark = pytest.mark.needs("baresip")
STRETCH = 2400
EXACT = 160
"""Samples: the instant a command takes effect lies within one packet of 20 ms."""


async def answered(exchange: Exchange) -> tuple[Handset, CallId]:
    """A caller from outside who was answered and hears nothing yet."""
    caller, call_id = await exchange.dial()
    assert await exchange.calls.answer(call_id)
    return caller, call_id


# --- playing ------------------------------------------------------------------------------------


def test_play_and_stop(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id = await answered(exchange)
        playing = exchange.calls.play(call_id, [exchange.live.prompt])
        await exchange.hears({"caller": {"prompt"}}, caller)
        exchange.calls.stop(call_id)
        assert await playing is PlayEnd.INTERRUPTED
        await exchange.hears({}, caller)

    exchange.play(scene)


def test_play_to_one_of_two_who_talk(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id, agent = await exchange.talking("1001")
        playing = exchange.calls.play(call_id, [exchange.live.prompt], to=agent)
        await exchange.hears({"caller": {"1001"}, "1001": {"prompt"}}, caller)
        exchange.calls.stop(call_id, to=agent)
        assert await playing is PlayEnd.INTERRUPTED
        await exchange.hears({"caller": {"1001"}, "1001": {"caller"}}, caller)

    exchange.play(scene)


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyed", "plan", "taken", "why"),
    [
        ("1234", KeyPlan(4), "1234", Why.LENGTH),
        ("12#", KeyPlan(4), "12", Why.TERMINATOR),
        ("12", KeyPlan(4, between=2.0), "12", Why.SILENCE),
        ("", KeyPlan(4, first=0.3), "", Why.NO_KEY),
    ],
    ids=["length", "terminator", "silence", "no_key"],
)
def test_collect_keys(exchange: Exchange, keyed: str, plan: KeyPlan, taken: str, why: Why) -> None:
    async def scene() -> None:
        caller, call_id = await answered(exchange)
        collected: Deferred[Collected] = exchange.calls.collect_keys(call_id, plan)
        await caller.press(keyed)
        result = await collected
        assert (result.keys.reveal(), result.why) == (taken, why)

    exchange.play(scene)


def test_a_key_cuts_the_announcement_it_answers_short(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id = await answered(exchange)
        playing = exchange.calls.play(call_id, [exchange.live.prompt], barge_in=True)
        collected = exchange.calls.collect_keys(call_id, KeyPlan(1))
        await exchange.hears({"caller": {"prompt"}}, caller)
        await caller.press("7")
        assert await playing is PlayEnd.INTERRUPTED
        assert (await collected).keys.reveal() == "7"
        await exchange.hears({}, caller)

    exchange.play(scene)


def test_send_keys_reach_the_device(exchange: Exchange) -> None:
    async def scene() -> None:
        _, _, third = await exchange.talking("1003")
        exchange.calls.send_keys(third, "42#")
        await until(lambda: exchange.house_phone.keys.endswith("#"))
        assert exchange.house_phone.keys == "42#"

    exchange.play(scene)


# --- recording ----------------------------------------------------------------------------------


async def closed(exchange: Exchange, call_id: CallId) -> tuple[Samples, list[Mark]]:
    """The recording once the call is over, a column per side, and what is noted in it."""
    exchange.calls.clear(call_id)
    stopped = await exchange.happened(RecordingStopped)
    path = exchange.folder / "recordings" / stopped.file
    samples, verdict = read_wave(path), verify(path, stopped.digest)
    assert (verdict.state, verdict.witnessed) == (State.WHOLE, True)
    assert len(samples) == round(stopped.seconds * 8000)
    return samples, list(joined(verdict.marks))


def stretches(samples: Samples) -> Iterator[list[set[str]]]:
    """Whose tones each side has in each stretch."""
    tones = TONES | {"caller": CALLER}
    for at in range(0, len(samples) - STRETCH + 1, GRID):
        stretch = samples[at : at + STRETCH]
        yield [tones_in(stretch[:, side], tones, strict=False) for side in (0, 1)]


def test_a_call_between_telephones_is_recorded_when_told_to(exchange: Exchange) -> None:
    async def scene() -> None:
        call_id = exchange.calls.make(DeviceId("1001"), "1003")
        await exchange.happened(Established, 2)
        assert not exchange.told(RecordingStarted)
        exchange.calls.record(call_id)
        await exchange.hears(mutual("1001", "1003"))
        samples, _ = await closed(exchange, call_id)
        assert any(sides == [{"1001"}, {"1003"}] for sides in stretches(samples))

    exchange.play(scene)


def test_a_paused_stretch_is_silence_of_its_length(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id, _ = await exchange.talking("1001")
        await exchange.hears(mutual("caller", "1001"), caller)
        await exchange.undisturbed(caller, "1001")
        exchange.calls.pause_recording(call_id, paused=True)
        await exchange.hears({"caller": {"1001"}, "1001": {"caller"}}, caller)
        exchange.calls.pause_recording(call_id, paused=False)
        await exchange.hears(mutual("caller", "1001"), caller)
        samples, marks = await closed(exchange, call_id)
        (paused,) = [mark for mark in marks if mark.kind is MarkKind.PAUSED]
        between = exchange.told(RecordingResumed)[0].at - exchange.told(RecordingPaused)[0].at
        late = round(caller.phone.lateness() * RATE)
        assert abs(paused.length - between.total_seconds() * RATE) <= EXACT + late
        assert not samples[paused.start : paused.end].any()
        check_sides(samples, paused)

    exchange.play(scene)


def test_a_masked_stretch_is_heard_by_nobody_and_silence_of_its_length(
    exchange: Exchange,
) -> None:
    async def scene() -> None:
        caller, call_id, _ = await exchange.talking("1001")
        await exchange.hears(mutual("caller", "1001"), caller)
        await exchange.undisturbed(caller, "1001")
        exchange.calls.mark(call_id, "card")
        exchange.calls.mask(call_id, masked=True)
        await exchange.hears({"caller": {"1001"}}, caller)
        exchange.calls.mask(call_id, masked=False)
        exchange.calls.mark(call_id, "end of card")
        await exchange.hears(mutual("caller", "1001"), caller)
        samples, marks = await closed(exchange, call_id)
        begin, end = [mark for mark in marks if mark.kind is MarkKind.LABEL]
        (masked,) = [mark for mark in marks if mark.kind is MarkKind.MASKED]
        assert (begin.label, end.label) == ("card", "end of card")
        assert abs(masked.start - begin.start) <= EXACT
        assert abs(masked.end - end.start) <= EXACT
        assert not samples[masked.start : masked.end].any()
        check_sides(samples, masked)

    exchange.play(scene)


def check_sides(samples: Samples, silence: Mark) -> None:
    """Before and behind the silence both sides are there, and one of them right up to it.

    The other's last packet may be late where others want the processors, too.
    """
    wanted = [{"caller"}, {"1001"}]
    assert list(stretches(samples[silence.start - STRETCH : silence.start])) == [wanted]
    assert any(sides == wanted for sides in stretches(samples[silence.end :]))
    edge = samples[silence.start - EXACT : silence.start]
    assert max(level(edge[:, side]) for side in (0, 1)) > -20
