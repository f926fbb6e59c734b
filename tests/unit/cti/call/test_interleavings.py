"""Whatever callers, telephones, workers and commands do, in whatever order: calls end well.

Media answers when it pleases, so every command also meets legs half open and calls half cleared.
"""

from collections import Counter
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from twisted.internet.defer import Deferred

from cti.call.control import PlayEnd
from cti.call.model import Cause, ConnectionState, Party
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip import sdp
from cti.sip.events import (
    Ended,
    SessionAccepted,
    SessionConfirmed,
    SessionId,
    SessionKey,
    SessionProgressed,
    SessionReoffered,
)
from tests.support.stories import check_over, check_stories
from tests.support.worlds import RealWorld

SOUND = [Path("/prompts/welcome.wav")]
PHONES = ("1001", "1002")
PICK = st.integers(0, 10_000)
T = TypeVar("T")
DIRECTIONS = st.sampled_from([*sdp.Direction, None])


class CallsInterleaved(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = RealWorld()
        self.calls: list[CallId] = []
        self.legs: list[ConnectionId] = []
        self.plays: list[Counter[PlayEnd]] = []
        self.talking: set[SessionId] = set()
        """Sessions whose INVITE of ours was accepted."""
        for phone in PHONES:
            self.world.register(phone)

    @initialize(talking=st.booleans())
    def some_begin_with_a_conversation(self, talking: bool) -> None:
        if talking:
            self.a_caller_comes(late=False)
            self.answer(0)
            self.deliver(0, PHONES[0])
            self.a_telephone_answers(0, 200, readable=True)
        self.world.media.slow = True

    # --- from outside -----------------------------------------------------------------------

    @rule(late=st.booleans())
    def a_caller_comes(self, late: bool) -> None:
        offered = self.world.signalling.offered("13800138000", "95588", late=late)
        self.world.services.report(offered)
        self.calls.append(self.world.control.calls()[-1].id)

    @precondition(lambda self: self.sessions())
    @rule(pick=PICK, why=st.sampled_from([Ended.REMOTE, Ended.TIMEOUT, Ended.CANCELLED]))
    def a_far_side_ends(self, pick: int, why: Ended) -> None:
        self.world.signalling.over(self.one_of(self.sessions(), pick), why)

    @precondition(lambda self: self.ringing())
    @rule(pick=PICK, what=st.sampled_from([180, 183, 200, 486, 408]), readable=st.booleans())
    def a_telephone_answers(self, pick: int, what: int, readable: bool) -> None:
        signalling = self.world.signalling
        session = self.one_of(self.ringing(), pick)
        if what < 200:
            signalling.on_report(SessionProgressed(session, what, None))
        elif what > 200:
            signalling.over(session, Ended.REJECTED, what)
        else:
            self.talking.add(session)
            ours = signalling.invited[session].offer
            assert ours is not None
            theirs = sdp.answer(ours, "192.0.2.7", 40000) if readable else None
            signalling.on_report(SessionAccepted(session, theirs))

    @precondition(lambda self: self.established())
    @rule(pick=PICK, direction=DIRECTIONS)
    def a_far_side_offers_anew(self, pick: int, direction: sdp.Direction | None) -> None:
        session = self.one_of(self.established(), pick)
        offer = direction and sdp.offer("192.0.2.8", 42000, direction=direction)
        self.world.signalling.on_report(SessionReoffered(session, offer))

    @precondition(lambda self: self.established())
    @rule(pick=PICK, direction=DIRECTIONS)
    def an_ack_comes(self, pick: int, direction: sdp.Direction | None) -> None:
        session = self.one_of(self.established(), pick)
        answer = direction and sdp.offer("192.0.2.8", 42002, direction=direction)
        self.world.signalling.on_report(SessionConfirmed(session, answer))

    @precondition(lambda self: self.established())
    @rule(pick=PICK)
    def a_key_comes_by_info(self, pick: int) -> None:
        self.world.signalling.on_report(SessionKey(self.one_of(self.established(), pick), "5"))

    @rule(slow=st.booleans())
    def media_catches_up(self, slow: bool) -> None:
        self.world.media.work()
        self.world.media.slow = slow

    @rule(unavailable=st.booleans())
    def media_is_short_of_ports_or_not(self, unavailable: bool) -> None:
        self.world.media.unavailable = unavailable

    @precondition(lambda self: self.world.media.playing)
    @rule(pick=PICK, pressed=st.booleans())
    def media_speaks(self, pick: int, pressed: bool) -> None:
        leg = self.one_of(sorted(self.world.media.playing), pick)
        if pressed:
            self.world.media.press(leg, "1")
        else:
            self.world.media.finish(leg)

    @precondition(lambda self: self.world.media.open_legs)
    @rule(pick=PICK)
    def media_is_lost(self, pick: int) -> None:
        self.world.services.legs_lost([self.one_of(sorted(self.world.media.open_legs), pick)])

    @rule(seconds=st.sampled_from([0.1, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    # --- from above -------------------------------------------------------------------------

    @precondition(lambda self: self.calls)
    @rule(pick=PICK)
    def answer(self, pick: int) -> None:
        self.world.control.answer(self.one_of(self.calls, pick))

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, barge_in=st.booleans(), sounds=st.sampled_from([SOUND, []]))
    def play(self, pick: int, barge_in: bool, sounds: list[Path]) -> None:
        ends: Counter[PlayEnd] = Counter()
        self.plays.append(ends)
        playing: Deferred[PlayEnd] = self.world.control.play(
            self.one_of(self.calls, pick), sounds, barge_in=barge_in
        )
        playing.addCallback(lambda end: ends.update([end]))

    @precondition(lambda self: self.calls)
    @rule(pick=PICK)
    def stop(self, pick: int) -> None:
        self.world.control.stop(self.one_of(self.calls, pick))

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, phone=st.sampled_from([*PHONES, "1003"]))
    def deliver(self, pick: int, phone: str) -> None:
        leg = self.world.control.deliver(self.one_of(self.calls, pick), DeviceId(phone))
        if leg:
            self.legs.append(leg)

    @precondition(lambda self: self.legs)
    @rule(pick=PICK, held=st.booleans())
    def hold_or_retrieve(self, pick: int, held: bool) -> None:
        leg = self.one_of(self.legs, pick)
        (self.world.control.hold if held else self.world.control.retrieve)(leg)

    @precondition(lambda self: self.legs)
    @rule(pick=PICK)
    def clear_connection(self, pick: int) -> None:
        self.world.control.clear_connection(self.one_of(self.legs, pick), Party.SYSTEM)

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, cause=st.sampled_from(Cause))
    def clear(self, pick: int, cause: Cause) -> None:
        self.world.control.clear(self.one_of(self.calls, pick), cause=cause)

    # --- what holds -------------------------------------------------------------------------

    @invariant()
    def the_stories_hang_together(self) -> None:
        check_stories(self.world.events)

    @invariant()
    def the_tables_agree(self) -> None:
        switch = self.world.switch
        for name, member in switch.members.items():
            assert member.id == name
            assert switch.call_of(member).members[name] is member
            assert all(member in leg.members for leg in member.legs)
        for name, leg in switch.legs.items():
            assert leg.id == name
            assert all(leg in member.legs for member in leg.members)
            active = [each for each in leg.members if each.state is ConnectionState.CONNECTED]
            assert len(active) <= 1
            assert all(each is leg.current for each in active)
        for session, carried in switch.leg_of_session.items():
            assert carried.session == session
            assert session in self.world.signalling.live
            assert carried.id in switch.legs

    def teardown(self) -> None:
        for call_id in self.calls:
            self.world.control.clear(call_id)
        self.world.media.work()
        self.world.clock.advance(1.0)
        self.world.media.work()
        check_stories(self.world.events)
        check_over(self.world.events)
        switch = self.world.switch
        assert not switch.calls
        assert not switch.members
        assert not switch.legs
        assert not switch.leg_of_session
        assert not self.world.signalling.live
        assert not self.world.media.open_legs
        assert not self.world.clock.getDelayedCalls()
        assert all(ends.total() == 1 for ends in self.plays)

    # --- picking ----------------------------------------------------------------------------

    @staticmethod
    def one_of(things: list[T], pick: int) -> T:
        return things[pick % len(things)]

    def sessions(self) -> list[SessionId]:
        return sorted(self.world.signalling.live)

    def ringing(self) -> list[SessionId]:
        invited = self.world.signalling.invited
        return [each for each in self.sessions() if each in invited and each not in self.talking]

    def established(self) -> list[SessionId]:
        accepted = self.world.signalling.accepted
        return [each for each in self.sessions() if each in accepted or each in self.talking]


TestCallsInterleaved = CallsInterleaved.TestCase
TestCallsInterleaved.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
