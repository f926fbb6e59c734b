"""A restart is not seen in what comes after it: two houses do the same, one of them is restarted.

Both tell the same events from then on, and in both the same people hear the same.
"""

from contextlib import suppress
from dataclasses import fields
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cti.call.control import Snoop
from cti.call.events import CallEvent, CallResumed
from cti.call.model import Party
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip import sdp
from cti.sip.events import Ended, SessionAccepted, SessionId, SessionReferred, SessionReoffered
from tests.support.conversations import OUTSIDE, talking
from tests.support.examples import examples
from tests.support.worlds import RealWorld

PHONES = ("1001", "1002", "1003", "1004")
PICK = st.integers(0, 50)
NUMBER = st.sampled_from([*PHONES, OUTSIDE])
Step = tuple[str, int, int, str]
TWO_CALLS = ("alternate", "reconnect", "transfer", "conference")
OF_CONNECTIONS = ("hold", "retrieve", "consult", "intercept", "hand on", "drop", *TWO_CALLS)
OF_CALLS = ("join", "snoop", "record", "pause", "mask", "unmask")
FAR_SIDE = ("refer", "own refer", "reoffer", "hang up", "lost")
WHAT = (*OF_CONNECTIONS, *OF_CALLS, *FAR_SIDE, "dial in", "phone dials")
STEP = st.tuples(st.sampled_from(WHAT), PICK, PICK, NUMBER)


class House:
    """Call control where every telephone that is called answers at once."""

    def __init__(self) -> None:
        self.world = RealWorld()
        for phone in PHONES:
            self.world.register(phone)
        self.world.line_leads_to(OUTSIDE)
        self._answered: set[SessionId] = set()
        self._refers = 0
        talking(self.world)
        self._answered |= self.world.signalling.live

    def do(self, steps: list[Step]) -> None:
        for step in steps:
            with suppress(Refused):
                self._do(*step)
            self._everybody_answers()
            self.world.clock.advance(2.0)

    def _do(self, what: str, pick: int, other: int, number: str) -> None:
        world, members = self.world, self.connections()
        match what:
            case "dial in":
                world.control.answer(world.dial())
            case "phone dials":
                phone = PHONES[pick % len(PHONES)]
                world.services.report(world.signalling.offered(phone, number, account=phone))
            case _ if members:
                one, two = members[pick % len(members)], members[other % len(members)]
                if what in FAR_SIDE:
                    self._far_side(what, one, two, number)
                elif what in OF_CALLS:
                    self._of_call(what, world.switch.members[one].connection.call_id, other, number)
                else:
                    self._of_connection(what, one, two, number)

    def _of_call(self, what: str, call_id: CallId, other: int, number: str) -> None:
        control, modes = self.world.control, list(Snoop)
        match what:
            case "join":
                control.join(call_id, DeviceId(number))
            case "snoop":
                control.snoop(call_id, DeviceId(number), modes[other % len(modes)])
            case "record":
                control.record(call_id)
            case "pause":
                control.pause_recording(call_id, bool(other % 2))
            case "mask" | "unmask":
                control.mask(call_id, what == "mask")

    def _of_connection(self, what: str, one: ConnectionId, two: ConnectionId, number: str) -> None:
        control = self.world.control
        match what:
            case "hold" | "retrieve":
                getattr(control, what)(one)
            case "consult":
                control.consult(one, number)
            case "intercept":
                control.intercept(one, DeviceId(number))
            case "hand on":
                control.single_step_transfer(one, number)
            case "drop":
                control.clear_connection(one, Party.SYSTEM)
            case _:
                getattr(control, what)(one, two)

    def _far_side(self, what: str, one: ConnectionId, two: ConnectionId, number: str) -> None:
        world = self.world
        leg, other = world.switch.members[one].leg, world.switch.members[two].leg
        if leg is None or leg.session is None or other is None:
            return
        match what:
            case "refer" | "own refer":
                self._refers += 1
                name, replaces = f"refer-{self._refers}", other.session
                if what == "refer":
                    replaces = None
                target = f"sip:{number}@192.0.2.9"
                world.services.report(SessionReferred(leg.session, name, target, replaces))
            case "reoffer":
                direction = list(sdp.Direction)[len(number) % 4]
                offer = sdp.offer("192.0.2.8", 42000, direction=direction)
                world.services.report(SessionReoffered(leg.session, offer))
            case "hang up":
                world.signalling.over(leg.session, Ended.REMOTE)
            case "lost":
                world.services.legs_lost([leg.id])

    def _everybody_answers(self) -> None:
        signalling = self.world.signalling
        for _ in range(10):
            ringing = (signalling.live & signalling.invited.keys()) - self._answered
            if not ringing:
                return
            session = min(ringing, key=lambda each: int(each.rpartition("-")[2]))
            self._answered.add(session)
            ours = signalling.invited[session].offer
            assert ours is not None
            theirs = sdp.answer(ours, "192.0.2.7", 40000)
            signalling.on_report(SessionAccepted(session, theirs))

    # --- what can be seen -------------------------------------------------------------------

    def connections(self) -> list[ConnectionId]:
        """In the order in which they were told of."""
        return sorted(self.world.switch.members, key=self._places().__getitem__)

    def told(self, since: int) -> list[tuple[str, dict[str, Any]]]:
        """The events from there on, with places in the telling for connections and files."""
        places, files = self._places(), dict[str, int]()
        seen = [each for each in self.world.events if not isinstance(each, CallResumed)]
        told = [(type(each).__name__, _seen(each, places, files)) for each in seen]
        return told[since:]

    def stands(self) -> dict[int, tuple[Any, ...]]:
        """How each connection stands, and what its leg hears."""
        places, media = self._places(), self.world.media
        found: dict[int, tuple[Any, ...]] = {}
        for name, member in self.world.switch.members.items():
            leg = member.leg
            assert leg is not None
            sources = media.heard.get(leg.id, ())
            heard = sorted(self.world.switch.legs[each].session or "" for each in sources)
            playing = media.playing.get(leg.id)
            found[places[name]] = (
                member.state,
                member.connection.role,
                member.connection.call_id,
                leg.session,
                leg.current is member,
                heard,
                playing.files if playing else None,
            )
        return found

    def _places(self) -> dict[ConnectionId, int]:
        places: dict[ConnectionId, int] = {}
        for event in self.world.events:
            for connection in _connections(event):
                places.setdefault(connection, len(places))
        return places


def _connections(event: Event) -> list[ConnectionId]:
    connection = getattr(event, "connection_id", None)
    return [connection] if isinstance(event, CallEvent) and connection else []


def _seen(event: Event, places: dict[ConnectionId, int], files: dict[str, int]) -> dict[str, Any]:
    values = {each.name: getattr(event, each.name) for each in fields(event)}
    if "connection_id" in values:
        values["connection_id"] = places[values["connection_id"]]
    if "file" in values:
        values["file"] = files.setdefault(values["file"], len(files))
    return values


@settings(max_examples=examples(150), deadline=None)
@example([("phone dials", 0, 0, "1002"), ("consult", 2, 0, "1003"), ("mask", 2, 0, "")], [])
@given(st.lists(STEP, max_size=8), st.lists(STEP, max_size=8))
def test_what_comes_after_is_as_if_nothing_had_been(before: list[Step], after: list[Step]) -> None:
    one, other = House(), House()
    for house in (one, other):
        house.do(before)
    assert one.stands() == other.stands()
    calls: set[CallId] = {call.id for call in one.world.control.calls()}
    count = len(one.world.events)
    assert set(other.world.restart()) == calls
    resumed = [each for each in other.world.events[count:] if isinstance(each, CallResumed)]
    assert other.told(count) == []
    assert {each.call_id for each in resumed} == calls
    assert one.stands() == other.stands()
    for house in (one, other):
        house.do(after)
    assert one.told(count) == other.told(count)
    assert one.stands() == other.stands()
    assert one.world.lines.up == other.world.lines.up
    assert one.world.signalling.live == other.world.signalling.live
    assert len(one.world.media.open_legs) == len(other.world.media.open_legs)
