"""A page that is gone in mid-call: its caller hears music until it is back, or is served on."""

import pytest

from cti.call.control import Snoop
from cti.call.events import (
    Away,
    Back,
    CallCleared,
    ConnectionCleared,
    Established,
    RecordingStarted,
    RecordingStopped,
)
from cti.call.model import Cause, Connection, ConnectionState, Party
from cti.call.returning import SILENT
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip.events import Ended
from tests.support.conversations import consulting, hears, talking, told
from tests.support.stories import check_stories
from tests.support.worlds import RealWorld

pytestmark = pytest.mark.usefixtures("keeper")

WITHIN = 30.0


class Keeper:
    """Waits for 1001 alone, and serves on whom it left, if it is told to."""

    def __init__(self, *, serves: bool = True) -> None:
        self.serves, self.given_up = serves, list[Connection]()

    def keeps_place(self, connection: Connection) -> float:
        return WITHIN if connection.device.id == "1001" else 0.0

    def place_given_up(self, connection: Connection) -> bool:
        self.given_up.append(connection)
        return self.serves


@pytest.fixture
def keeper(world: RealWorld) -> Keeper:
    keeper = Keeper()
    world.keep_places(keeper)
    world.register_page("1001")
    return keeper


def lost(world: RealWorld) -> tuple[CallId, ConnectionId, ConnectionId]:
    """A conversation with a page that has just been left."""
    call_id, caller, agent = talking(world)
    world.unregister("1001")
    world.lose_leg(agent)
    return call_id, caller, agent


def connection(world: RealWorld, name: ConnectionId) -> Connection:
    return world.switch.members[name].connection


def kinds(world: RealWorld, since: int) -> list[type[Event]]:
    return [type(event) for event in world.events[since:]]


def test_a_caller_hears_music_until_the_page_is_back(world: RealWorld) -> None:
    call_id, caller, agent = lost(world)
    before = connection(world, agent)
    assert before.away
    assert before.state is ConnectionState.CONNECTED
    assert world.switch.members[caller].leg.heard.music  # type: ignore[union-attr]  # it is there
    world.clock.advance(10)
    world.register_page("1001", "two.invalid")
    (session,) = [name for name in world.signalling.live if name == world.session(agent)]
    invitation = world.signalling.invited[session]
    assert invitation.target == "sip:1001@two.invalid"
    assert any(
        name == "Call-Info" and "answer-after=0" in value for name, value in invitation.headers
    )
    began = len(world.events)
    world.phone_answers(agent)
    assert kinds(world, began) == [Back]
    assert connection(world, agent) == before.__class__(
        **{**{name: getattr(before, name) for name in before.__slots__}, "away": False}
    )
    assert hears(world, caller) == {"1001"}
    assert hears(world, agent) == {"13800138000"}
    (away,) = told(world, Away)
    assert (away.until - away.at).total_seconds() == WITHIN
    assert told(world, RecordingStopped) == []
    assert len(told(world, RecordingStarted)) == 1
    world.clock.advance(WITHIN)
    assert world.control.get(call_id) is not None, "its time is no more"
    check_stories(world.events)


def test_a_page_that_is_not_back_in_time_leaves_its_caller_waiting(
    world: RealWorld, keeper: Keeper
) -> None:
    call_id, caller, agent = lost(world)
    began = len(world.events)
    world.clock.advance(WITHIN)
    assert kinds(world, began) == [ConnectionCleared]
    (cleared,) = told(world, ConnectionCleared)
    assert (cleared.cause, cleared.cleared_by) == (Cause.MEDIA_LOST, Party.SYSTEM)
    assert [each.id for each in keeper.given_up] == [agent]
    call = world.control.get(call_id)
    assert call is not None
    assert [each.id for each in call.connections] == [caller]
    again = world.control.deliver(call_id, DeviceId("1002"))
    world.phone_answers(again)
    assert hears(world, caller) == {"1002"}
    check_stories(world.events)


def test_a_secluded_caller_is_nobody_to_serve_on_yet(world: RealWorld, keeper: Keeper) -> None:
    call_id, caller, agent = talking(world)
    world.control.seclude(call_id, True)
    world.unregister("1001")
    world.lose_leg(agent)
    leg = world.switch.members[caller].leg
    assert leg is not None
    assert not leg.heard.music
    world.clock.advance(WITHIN)
    assert keeper.given_up == []
    assert agent not in world.switch.members
    assert world.control.get(call_id) is not None
    world.hang_up(call_id)


def test_a_caller_whom_nobody_serves_on_is_let_go(world: RealWorld, keeper: Keeper) -> None:
    keeper.serves = False
    call_id, _, _ = lost(world)
    world.clock.advance(WITHIN)
    assert world.control.get(call_id) is None
    (over,) = told(world, CallCleared)
    assert over.cause is Cause.MEDIA_LOST
    check_stories(world.events)


def test_a_caller_may_hang_up_on_a_page_that_is_away_or_rings(
    world: RealWorld, keeper: Keeper
) -> None:
    for rings in (False, True):
        world.register_page("1001")
        call_id, _, _ = lost(world)
        if rings:
            world.register_page("1001", "two.invalid")
        world.hang_up(call_id)
        world.clock.advance(WITHIN)
        assert world.control.get(call_id) is None
    assert world.signalling.live == set()
    assert world.media.open_legs == set()
    assert keeper.given_up == []
    check_stories(world.events)


def test_a_page_loaded_again_before_anybody_noticed_is_the_news(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    world.register_page("1001", "two.invalid")
    assert len(told(world, Away)) == 1
    world.phone_answers(agent)
    assert hears(world, caller) == {"1001"}


def test_a_page_whose_connection_only_blinked_talks_on(world: RealWorld) -> None:
    _, caller, _ = talking(world)
    world.unregister("1001")
    world.register_page("1001")
    assert told(world, Away) == []
    assert hears(world, caller) == {"1001"}


def test_a_ring_that_fails_is_tried_again(world: RealWorld) -> None:
    _, caller, agent = lost(world)
    world.register_page("1001", "two.invalid")
    world.phone_refuses(agent)
    assert connection(world, agent).away
    world.clock.advance(2)
    world.lose_leg(agent)
    world.clock.advance(2)
    world.phone_answers(agent)
    assert hears(world, caller) == {"1001"}
    assert told(world, ConnectionCleared) == []


def test_both_calls_of_a_consultation_wait(world: RealWorld) -> None:
    call_id, caller, held, active, asked = consulting(world)
    world.unregister("1001")
    world.lose_leg(active)
    assert {each.connection_id for each in told(world, Away)} == {held, active}
    for act in (
        lambda: world.control.alternate(held, active),
        lambda: world.control.retrieve(held),
        lambda: world.control.conference(held, active),
        lambda: world.control.transfer(held, active),
        lambda: world.control.consult(held, "1004"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.error_id == "call.away"
    world.register_page("1001", "two.invalid")
    world.phone_answers(active)
    assert hears(world, active) == {"1002"}
    assert hears(world, asked) == {"1001"}
    assert connection(world, held).state is ConnectionState.HOLD
    world.control.alternate(held, active)
    assert hears(world, caller) == {"1001"}
    world.hang_up(call_id)
    check_stories(world.events)


def test_the_call_that_is_left_is_rung_for_when_the_other_is_over(world: RealWorld) -> None:
    _, caller, held, active, asked = consulting(world)
    world.unregister("1001")
    world.lose_leg(active)
    world.register_page("1001", "two.invalid")
    world.phone_hangs_up(asked)
    assert held in world.switch.members
    world.clock.advance(2)
    world.phone_answers(held)
    assert not connection(world, held).away
    world.control.retrieve(held)
    assert hears(world, caller) == {"1001"}
    check_stories(world.events)


def test_who_listens_in_does_not_stay_with_a_caller_alone(world: RealWorld) -> None:
    call_id, caller, _ = talking(world)
    ear = world.control.snoop(call_id, DeviceId("1002"), Snoop.LISTEN)
    world.phone_answers(ear)
    world.unregister("1001")
    world.services.legs_lost([leg.id for leg in world.switch.legs.values() if leg.page])
    assert hears(world, caller) == set()
    world.clock.advance(WITHIN)
    call = world.control.get(call_id)
    assert call is not None
    assert [each.id for each in call.connections] == [caller]


def test_desk_telephones_and_strangers_are_not_waited_for(world: RealWorld) -> None:
    for phone in ("1001", "1002"):
        world.register(phone)
        call_id, _, agent = talking(world, phone)
        world.lose_leg(agent)
        assert world.control.get(call_id) is None
    world.register_page("1004")
    call_id, _, agent = talking(world, "1004")
    world.lose_leg(agent)
    assert world.control.get(call_id) is None
    assert told(world, Away) == []


def test_whoever_hangs_up_in_their_page_is_not_away(world: RealWorld) -> None:
    call_id, _, agent = talking(world)
    world.phone_hangs_up(agent)
    assert world.control.get(call_id) is None
    assert told(world, Away) == []


def test_a_session_that_found_nobody_is_a_page_that_is_gone(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    world.signalling.over(world.session(agent), Ended.TIMEOUT)
    assert connection(world, agent).away
    world.phone_answers(agent)
    assert hears(world, caller) == {"1001"}


@pytest.mark.parametrize("rings", [False, True])
def test_a_page_may_come_back_after_a_restart(world: RealWorld, rings: bool) -> None:
    call_id, caller, agent = lost(world)
    if rings:
        world.register_page("1001", "two.invalid")
        world.unregister("1001")
    assert world.restart() == [call_id]
    assert connection(world, agent).away
    world.register_page("1001", "three.invalid")
    world.phone_answers(agent)
    assert hears(world, caller) == {"1001"}
    assert len(told(world, Established)) == 2
    check_stories(world.events)


def test_a_page_that_talks_through_a_restart_may_be_loaded_again_behind_it(
    world: RealWorld,
) -> None:
    _, caller, agent = talking(world)
    world.unregister("1001")
    world.restart()
    assert hears(world, caller) == {"1001"}
    world.register_page("1001", "two.invalid")
    world.phone_answers(agent)
    assert hears(world, caller) == {"1001"}
    assert len(told(world, Away)) == len(told(world, Back)) == 1


def test_a_page_answers_at_once_what_its_person_began(world: RealWorld) -> None:
    world.register("1002")
    world.register("1004")
    for phone, expected in (("1001", True), ("1002", False)):
        call_id = world.control.make(DeviceId(phone), "1004" if phone == "1001" else "1001")
        call = world.control.get(call_id)
        assert call is not None
        (made,) = call.connections
        said = dict(world.signalling.invited[world.session(made.id)].headers)
        assert ("answer-after=0" in said.get("Call-Info", "")) is expected
    call_id = world.dial()
    world.control.answer(call_id)
    rung = world.control.deliver(call_id, DeviceId("1001"))
    assert "Call-Info" not in dict(world.signalling.invited[world.session(rung)].headers)


def test_a_page_that_sends_nothing_is_gone_sooner_than_a_desk_telephone(world: RealWorld) -> None:
    _, caller, agent = talking(world)
    legs = {name: world.switch.members[name].leg for name in (caller, agent)}
    patience = {name: leg.target.patience for name, leg in legs.items() if leg and leg.target}
    assert patience == {caller: 0.0, agent: SILENT}


def test_a_page_by_another_connection_is_rung_there(world: RealWorld) -> None:
    _, caller, agent = lost(world)
    world.register_page("1001")
    before = world.session(agent)
    world.register_page("1001")
    again = world.session(agent)
    assert again != before
    assert before in world.signalling.ended
    world.phone_answers(agent)
    assert hears(world, caller) == {"1001"}
