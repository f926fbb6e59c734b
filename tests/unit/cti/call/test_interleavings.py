"""Whatever callers, telephones, workers and commands do, in whatever order: calls end well.

Media answers when it pleases, so every command also meets legs half open and calls half cleared.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from twisted.internet.defer import Deferred

from cti.call.collecting import KeyPlan, Why
from cti.call.control import PlayEnd, Snoop
from cti.call.hearing import SILENCE
from cti.call.live import Leg, LiveCall, Member
from cti.call.model import Cause, Connection, ConnectionState, Party, Role
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip import sdp
from cti.sip.events import (
    Ended,
    SessionAccepted,
    SessionConfirmed,
    SessionId,
    SessionKey,
    SessionProgressed,
    SessionReferProgressed,
    SessionReferred,
    SessionReoffered,
)
from tests.support.examples import examples
from tests.support.stories import check_over, check_stories, closing
from tests.support.worlds import KEYS, RealWorld

SOUND = [Path("/prompts/welcome.wav")]
PAGE = "1004"
PHONES = ("1001", "1002", PAGE)
OUTSIDE = "13700137000"
NUMBERS = st.sampled_from([*PHONES, OUTSIDE, "1003"])
PICK = st.integers(0, 10_000)
T = TypeVar("T")
DIRECTIONS = st.sampled_from([*sdp.Direction, None])


def answer_of(ours: sdp.SessionDescription) -> sdp.SessionDescription:
    """How any telephone answers that offer."""
    return sdp.answer(ours, "192.0.2.7", 40000, security=KEYS[sdp.offered_keying(ours)])


class Patient:
    """Waits for every page, and serves every second caller on whom one left."""

    def __init__(self) -> None:
        self.asked = 0

    def keeps_place(self, connection: Connection) -> float:
        del connection
        return 3.0

    def place_given_up(self, connection: Connection) -> bool:
        del connection
        self.asked += 1
        return self.asked % 2 == 0


class CallsInterleaved(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = RealWorld()
        self.calls: list[CallId] = []
        self.legs: list[ConnectionId] = []
        self.plays: list[Counter[PlayEnd]] = []
        self.collections: list[Counter[Why]] = []
        self.refers = 0
        self.talking: set[SessionId] = set()
        """Sessions whose INVITE of ours was accepted."""
        for phone in PHONES:
            self.world.register(phone)
        self.world.keep_places(Patient())
        self.world.register_page(PAGE, "page-0")
        self.world.lines.ways = {OUTSIDE: ("first", "second")}
        self.world.lines.room = {"first": 1}

    @initialize(
        talking=st.booleans(),
        phone=st.sampled_from([PHONES[0], PAGE]),
        consulting=st.booleans(),
        joined=st.booleans(),
        gone=st.sampled_from(["", "away", "back"]),
    )
    def some_begin_with_a_conversation(
        self, talking: bool, phone: str, consulting: bool, joined: bool, gone: str
    ) -> None:
        if talking:
            self.a_caller_comes(late=False)
            self.answer(0)
            self.deliver(0, phone)
            self.a_telephone_answers(0, 200, readable=True)
            if consulting:
                asked = self.world.control.consult(self.legs[0], PHONES[1])
                self.a_telephone_answers(0, 200, readable=True)
                if joined:
                    self.world.control.conference(self.legs[0], asked)
            if gone and phone == PAGE:
                self.world.register_page(PAGE, "page-1")
                if gone == "back":
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
    @rule(
        pick=PICK,
        what=st.sampled_from([180, 183, 200, 200, 200, 302, 486, 408, 503, 603]),
        readable=st.booleans(),
    )
    def a_telephone_answers(self, pick: int, what: int, readable: bool) -> None:
        signalling = self.world.signalling
        session = self.one_of(self.ringing(), pick)
        if what < 200:
            ours = signalling.invited[session].offer
            assert ours is not None
            early = answer_of(ours) if what == 183 and readable else None
            signalling.on_report(SessionProgressed(session, what, early))
        elif what > 200:
            contacts = ("sip:1002@192.0.2.7",) if what == 302 else ()
            signalling.over(session, Ended.REJECTED, what, contacts=contacts)
        else:
            self.talking.add(session)
            ours = signalling.invited[session].offer
            assert ours is not None
            theirs = answer_of(ours) if readable else None
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

    @rule(phone=st.sampled_from(PHONES), number=NUMBERS)
    def a_telephone_dials(self, phone: str, number: str) -> None:
        offered = self.world.signalling.offered(phone, number, account=phone)
        self.world.services.report(offered)
        if offered.session in self.world.signalling.live:
            self.calls.append(self.world.control.calls()[-1].id)

    @precondition(lambda self: self.established())
    @rule(pick=PICK, other=PICK, number=NUMBERS, what=st.sampled_from(["blind", "own", "other"]))
    def a_far_side_refers(self, pick: int, other: int, number: str, what: str) -> None:
        self.refers += 1
        sessions = self.established()
        report = SessionReferred(
            self.one_of(sessions, pick),
            f"refer-{self.refers}",
            f"sip:{number}@192.0.2.9",
            replaces=self.one_of(sessions, other) if what == "own" else None,
            elsewhere="1@192.0.2.7;to-tag=a;from-tag=b" if what == "other" else "",
        )
        self.world.services.report(report)

    @precondition(lambda self: self.established())
    @rule(pick=PICK, status=st.sampled_from([100, 200, 486]))
    def a_refer_of_ours_goes_on(self, pick: int, status: int) -> None:
        session = self.one_of(self.established(), pick)
        self.world.services.report(SessionReferProgressed(session, status))

    @precondition(lambda self: self.sessions())
    @rule(pick=PICK, phone=st.sampled_from([*PHONES, None]))
    def somebody_takes_a_place(self, pick: int, phone: str | None) -> None:
        replaces = self.one_of(self.sessions(), pick)
        offered = self.world.signalling.offered(
            phone or "13900139000", "95588", account=phone, replaces=replaces
        )
        self.world.services.report(offered)

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

    @rule(name=st.sampled_from(["page-0", "page-1", "page-2"]), gone=st.booleans())
    def a_page_is_loaded_or_left(self, name: str, gone: bool) -> None:
        if gone and self.world.signalling.contacts_of.get(PAGE):
            self.world.unregister(PAGE)
        else:
            self.world.register_page(PAGE, name)

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @rule()
    def the_server_is_restarted(self) -> None:
        self.world.media.work()
        before = self.world.control.calls()
        going_on = self.world.restart()
        self.world.events += [
            event
            for call in before
            if call.id not in going_on
            for event in closing(call.id, self.world.events)
        ]
        self.talking &= self.world.signalling.live
        self.plays.clear()
        self.collections.clear()

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
        act = self.world.control.hold if held else self.world.control.retrieve
        self.attempt(lambda: act(leg))

    @precondition(lambda self: self.legs)
    @rule(pick=PICK)
    def clear_connection(self, pick: int) -> None:
        self.world.control.clear_connection(self.one_of(self.legs, pick), Party.SYSTEM)

    @rule(phone=st.sampled_from(PHONES), number=NUMBERS)
    def make(self, phone: str, number: str) -> None:
        self.attempt(lambda: self.world.control.make(DeviceId(phone), number))

    @rule(number=NUMBERS)
    def originate(self, number: str) -> None:
        self.attempt(lambda: self.world.control.originate(number, lambda _: None))

    @precondition(lambda self: self.connections())
    @rule(pick=PICK, number=NUMBERS, redirect=st.booleans())
    def deflect(self, pick: int, number: str, redirect: bool) -> None:
        connection = self.one_of(self.connections(), pick)
        self.attempt(lambda: self.world.control.deflect(connection, number, redirect=redirect))

    @precondition(lambda self: self.connections())
    @rule(pick=PICK, number=NUMBERS)
    def consult(self, pick: int, number: str) -> None:
        connection = self.one_of(self.connections(), pick)
        self.attempt(lambda: self.world.control.consult(connection, number))

    @precondition(lambda self: self.pairs())
    @rule(pick=PICK, what=st.sampled_from(["alternate", "reconnect", "transfer", "conference"]))
    def with_two_calls(self, pick: int, what: str) -> None:
        one, other = self.one_of(self.pairs(), pick)
        self.attempt(lambda: getattr(self.world.control, what)(one, other))

    @precondition(lambda self: self.connections())
    @rule(pick=PICK, number=NUMBERS, release=st.booleans())
    def single_step_transfer(self, pick: int, number: str, release: bool) -> None:
        connection = self.one_of(self.connections(), pick)
        self.attempt(
            lambda: self.world.control.single_step_transfer(connection, number, release=release)
        )

    @precondition(lambda self: self.connections())
    @rule(pick=PICK)
    def park(self, pick: int) -> None:
        connection = self.one_of(self.connections(), pick)
        self.attempt(lambda: self.world.control.park(connection))

    @precondition(lambda self: self.connections())
    @rule(pick=PICK, muted=st.booleans())
    def mute(self, pick: int, muted: bool) -> None:
        connection = self.one_of(self.connections(), pick)
        self.attempt(lambda: self.world.control.mute(connection, muted))

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, number=NUMBERS)
    def join(self, pick: int, number: str) -> None:
        call_id = self.one_of(self.calls, pick)
        self.attempt(lambda: self.world.control.join(call_id, DeviceId(number)))

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, phone=st.sampled_from(PHONES), mode=st.sampled_from(Snoop))
    def snoop(self, pick: int, phone: str, mode: Snoop) -> None:
        call_id = self.one_of(self.calls, pick)
        self.attempt(lambda: self.world.control.snoop(call_id, DeviceId(phone), mode))

    @precondition(lambda self: self.connections())
    @rule(pick=PICK, phone=st.sampled_from(PHONES))
    def intercept(self, pick: int, phone: str) -> None:
        connection = self.one_of(self.connections(), pick)
        self.attempt(lambda: self.world.control.intercept(connection, DeviceId(phone)))

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, masked=st.booleans())
    def mask(self, pick: int, masked: bool) -> None:
        self.world.control.mask(self.one_of(self.calls, pick), masked)

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, secluded=st.booleans())
    def seclude(self, pick: int, secluded: bool) -> None:
        self.world.control.seclude(self.one_of(self.calls, pick), secluded)

    @precondition(lambda self: self.calls)
    @rule(pick=PICK, length=st.integers(1, 3))
    def collect_keys(self, pick: int, length: int) -> None:
        ends: Counter[Why] = Counter()
        self.collections.append(ends)
        collecting = self.world.control.collect_keys(self.one_of(self.calls, pick), KeyPlan(length))
        collecting.addCallback(lambda collected: ends.update([collected.why]))

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
            active = [
                each
                for each in leg.members
                if each.state is ConnectionState.CONNECTED and not each.away
            ]
            assert len(active) <= 1
            assert all(each is leg.current for each in active)
        for session, carried in switch.leg_of_session.items():
            assert carried.session == session
            assert session in self.world.signalling.live
            assert carried.id in switch.legs

    def teardown(self) -> None:
        for call in self.world.control.calls():
            self.world.control.clear(call.id)
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
        assert all(ends.total() == 1 for ends in self.collections)
        assert not any(self.world.lines.up.values())

    @invariant()
    def media_was_told_who_hears_whom(self) -> None:
        for leg in self.world.switch.legs.values():
            if leg.members:
                assert self.world.media.heard.get(leg.id, ()) == leg.heard.sources

    @invariant()
    def who_hears_whom_is_what_the_connections_say(self) -> None:
        for call in self.world.switch.calls.values():
            for member in call.members.values():
                leg = member.leg
                if leg is None or not member.answered or leg.current is not member:
                    continue
                if call.secluded:
                    self.check_seclusion(call, member, leg)
                else:
                    self.check_sources(call, member, leg)
                    self.check_company(call, member, leg)

    def check_seclusion(self, call: LiveCall, member: Member, leg: Leg) -> None:
        """The customer hears nobody and is masked; nobody hears them, supervisors nobody."""
        customer = call.customer
        assert customer is not None
        assert customer.leg is None or customer.leg.id not in leg.heard.sources
        if member is customer:
            assert leg.heard == SILENCE
            assert leg.id in self.world.media.masked
        elif member.connection.role is not Role.PARTICIPANT:
            assert leg.heard == SILENCE

    def check_sources(self, call: LiveCall, member: Member, leg: Leg) -> None:
        """A held party hears nobody; listeners, held and masked parties are heard by nobody."""
        if member.state is ConnectionState.HOLD:
            assert leg.heard == SILENCE
        for other in call.others(member):
            if other.leg is not None and other.leg.id in leg.heard.sources:
                assert other.connection.role is not Role.LISTENER
                assert other.early or self.talks(other)

    def check_company(self, call: LiveCall, member: Member, leg: Leg) -> None:
        """Who talks hears all who talk; whom everybody else holds hears music."""
        if not self.talks(member):
            return
        partners = call.partners(member)
        talking = [each.leg.id for each in partners if self.talks(each) and each.leg is not None]
        assert set(talking) <= set(leg.heard.sources)
        held = [each for each in partners if each.state is ConnectionState.HOLD]
        alone = not any(each.answered and each not in held for each in call.others(member))
        if held and alone and member.participates and not leg.heard.sources:
            assert leg.heard.music

    @staticmethod
    def talks(member: Member) -> bool:
        """Whether it can be heard, as far as its connection goes."""
        leg = member.leg
        talking = member.state is ConnectionState.CONNECTED and not member.connection.muted
        return talking and leg is not None and not leg.masked and member is leg.current

    # --- picking ----------------------------------------------------------------------------

    @staticmethod
    def one_of(things: list[T], pick: int) -> T:
        return things[pick % len(things)]

    def sessions(self) -> list[SessionId]:
        return sorted(self.world.signalling.live)

    def ringing(self) -> list[SessionId]:
        invited = self.world.signalling.invited
        return [each for each in self.sessions() if each in invited and each not in self.talking]

    def connections(self) -> list[ConnectionId]:
        return sorted(self.world.switch.members)

    def pairs(self) -> list[tuple[ConnectionId, ConnectionId]]:
        members = self.world.switch.members
        return [
            (one, other)
            for one in sorted(members)
            for other in sorted(members)
            if members[one].connection.device == members[other].connection.device
            and members[one].connection.call_id != members[other].connection.call_id
        ]

    @staticmethod
    def attempt(act: Callable[[], object]) -> None:
        """What the state forbids is refused by its name, and by nothing else."""
        with suppress(Refused):
            act()

    def established(self) -> list[SessionId]:
        accepted = self.world.signalling.accepted
        return [each for each in self.sessions() if each in accepted or each in self.talking]


TestCallsInterleaved = CallsInterleaved.TestCase
TestCallsInterleaved.settings = settings(
    max_examples=examples(90), stateful_step_count=50, deadline=None
)
