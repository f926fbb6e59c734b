"""Call control, the fake and the real thing: the same suite on both."""

import pytest
from twisted.internet.defer import Deferred

from cti.call.collecting import KeyPlan, Why
from cti.call.control import PlayEnd, Snoop, Sound
from cti.call.events import (
    CallCleared,
    CallEvent,
    CallStarted,
    Conferenced,
    ConnectionCleared,
    Delivered,
    Diverted,
    Established,
    Failed,
    Held,
    MediaReported,
    Muted,
    Originated,
    Parked,
    RecordingStarted,
    Retrieved,
    RoleChanged,
    Transferred,
    Unmuted,
    UserDataAttached,
)
from cti.call.model import Cause, Connection, ConnectionState, Party, Role
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.kernel.vocabulary import Language
from tests.support.deferred import result_of
from tests.support.worlds import FakeWorld, RealWorld, World

SOUND = [Sound("/prompts/welcome.wav")]
PHONE = DeviceId("1001")


@pytest.fixture(params=[FakeWorld, RealWorld], ids=["fake", "real"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = request.param()
    return made


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def caller_is_there(world: World, call_id: CallId) -> bool:
    call = world.control.get(call_id)
    return call is not None and call.caller is not None


def answered(world: World) -> CallId:
    call_id = world.dial()
    assert result_of(world.control.answer(call_id))
    return call_id


def talking(world: World) -> tuple[CallId, ConnectionId]:
    world.register("1001")
    call_id = answered(world)
    connection_id = world.control.deliver(call_id, PHONE)
    world.phone_rings(connection_id)
    world.phone_answers(connection_id)
    return call_id, connection_id


def test_a_caller_is_delivered_answered_and_recorded(world: World) -> None:
    call_id = world.dial("13900000001")
    assert kinds(world.events) == [CallStarted.kind, Delivered.kind]
    assert result_of(world.control.answer(call_id))
    assert kinds(world.events)[2:] == [Established.kind, RecordingStarted.kind]
    call = world.control.get(call_id)
    assert call is not None
    assert (call.calling, call.called) == ("13900000001", "95588")
    assert call.caller is not None
    assert call.caller.state is ConnectionState.CONNECTED


def test_answering_who_left_says_so(world: World) -> None:
    call_id = world.dial()
    world.hang_up(call_id)
    assert not result_of(world.control.answer(call_id))
    assert world.control.get(call_id) is None
    ends = [ConnectionCleared.kind, MediaReported.kind, CallCleared.kind]
    assert kinds(world.events)[-3:] == ends


def test_an_announcement_ends_once_for_each_reason(world: World) -> None:
    call_id = answered(world)
    first = world.control.play(call_id, SOUND)
    second = world.control.play(call_id, SOUND)
    assert result_of(first) is PlayEnd.INTERRUPTED
    world.finish_play(call_id)
    assert result_of(second) is PlayEnd.FINISHED
    third = world.control.play(call_id, SOUND)
    world.control.stop(call_id)
    assert result_of(third) is PlayEnd.INTERRUPTED
    fourth = world.control.play(call_id, SOUND)
    world.hang_up(call_id)
    assert result_of(fourth) is PlayEnd.CLEARED
    assert result_of(world.control.play(call_id, SOUND)) is PlayEnd.CLEARED


def test_keys_cut_short_only_what_allows_it_and_go_to_the_collector(world: World) -> None:
    call_id = answered(world)
    keys: list[str] = []
    world.control.collect(call_id, keys.append)
    stubborn = world.control.play(call_id, SOUND)
    world.press(call_id, "1")
    assert not stubborn.called
    polite = world.control.play(call_id, SOUND, barge_in=True)
    world.press(call_id, "2#")
    assert result_of(polite) is PlayEnd.INTERRUPTED
    world.control.collect(call_id, None)
    world.press(call_id, "3")
    assert keys == ["1", "2", "#"]


def test_attached_data_is_seen_and_published(world: World) -> None:
    call_id = answered(world)
    world.control.attach(call_id, language=Language.ENGLISH, path=("rates",))
    call = world.control.get(call_id)
    assert call is not None
    assert call.user_data.path == ("rates",)
    event = world.events[-1]
    assert isinstance(event, UserDataAttached)
    assert event.language is Language.ENGLISH


def test_a_telephone_rings_answers_and_takes_the_caller_from_the_music(world: World) -> None:
    world.register("1001")
    assert world.control.registered(PHONE)
    call_id = answered(world)
    music: Deferred[PlayEnd] = world.control.play(call_id, SOUND, repeat=True)
    connection_id = world.control.deliver(call_id, PHONE)
    world.phone_rings(connection_id)
    assert isinstance(world.events[-1], Delivered)
    assert not music.called
    world.phone_answers(connection_id)
    assert result_of(music) is PlayEnd.INTERRUPTED
    event = world.events[-1]
    assert isinstance(event, Established)
    assert (event.party, event.device_id) == (Party.AGENT, PHONE)


def test_a_telephone_that_is_not_there_fails_and_the_caller_waits_on(world: World) -> None:
    call_id = answered(world)
    world.control.deliver(call_id, PHONE)
    event = world.events[-1]
    assert isinstance(event, Failed)
    assert event.cause is Cause.NOT_OBTAINABLE
    assert world.control.get(call_id) is not None


@pytest.mark.parametrize("cause", [Cause.BUSY, Cause.REFUSED])
def test_a_refused_call_fails_and_the_caller_waits_on(world: World, cause: Cause) -> None:
    world.register("1001")
    call_id = answered(world)
    connection_id = world.control.deliver(call_id, PHONE)
    world.phone_refuses(connection_id, cause)
    event = world.events[-1]
    assert isinstance(event, Failed)
    assert event.cause is cause
    call = world.control.get(call_id)
    assert call is not None
    assert call.agent is None


def test_taking_a_ringing_telephone_out_stops_it_once(world: World) -> None:
    world.register("1001")
    call_id = answered(world)
    connection_id = world.control.deliver(call_id, PHONE)
    world.phone_rings(connection_id)
    world.control.clear_connection(connection_id)
    world.control.clear_connection(connection_id)
    failed = [event for event in world.events if isinstance(event, Failed)]
    assert [event.cause for event in failed] == [Cause.CANCELLED]
    assert world.control.get(call_id) is not None


def test_a_caller_who_leaves_stops_the_ringing_first(world: World) -> None:
    world.register("1001")
    call_id = answered(world)
    connection_id = world.control.deliver(call_id, PHONE)
    world.phone_rings(connection_id)
    seen: list[bool] = []
    world.bus.subscribe(Failed, lambda _: seen.append(caller_is_there(world, call_id)))
    world.hang_up(call_id)
    assert seen == [False], "whoever hears of the telephone can tell that the caller is gone"
    ends = [each for each in world.events if isinstance(each, Failed | ConnectionCleared)]
    assert {type(each) for each in ends} == {Failed, ConnectionCleared}
    assert isinstance(world.events[-1], CallCleared)
    assert world.events[-1].cleared_by is Party.CALLER


@pytest.mark.parametrize("who", [Party.CALLER, Party.AGENT])
def test_a_conversation_that_loses_a_side_is_over(world: World, who: Party) -> None:
    call_id, connection_id = talking(world)
    if who is Party.CALLER:
        world.hang_up(call_id)
    else:
        world.phone_hangs_up(connection_id)
    ends = [each for each in world.events if isinstance(each, ConnectionCleared)]
    assert ends[0].party is who
    assert len(ends) == 2
    last = world.events[-1]
    assert isinstance(last, CallCleared)
    assert last.cleared_by is who
    assert world.control.calls() == []


def test_hold_and_retrieve(world: World) -> None:
    call_id, connection_id = talking(world)
    world.control.hold(connection_id)
    world.control.hold(connection_id)
    assert isinstance(world.events[-1], Held)
    world.control.retrieve(connection_id)
    world.control.retrieve(connection_id)
    assert isinstance(world.events[-1], Retrieved)
    assert kinds(world.events).count(Held.kind) == 1
    call = world.control.get(call_id)
    assert call is not None
    assert call.agent is not None
    assert call.agent.state is ConnectionState.CONNECTED


def test_commands_on_what_is_gone_do_nothing(world: World) -> None:
    call_id, connection_id = talking(world)
    world.control.clear(call_id)
    before = list(world.events)
    world.control.hold(connection_id)
    world.control.clear(call_id)
    world.control.clear_connection(connection_id)
    world.control.park(connection_id)
    world.control.mute(connection_id, True)
    world.control.mask(call_id, True)
    world.control.attach(call_id, path=("x",))
    world.control.collect(call_id, lambda _: None)
    assert world.events == before


def test_a_telephone_that_unregisters_cannot_be_rung(world: World) -> None:
    world.register("1001")
    world.unregister("1001")
    assert not world.control.registered(PHONE)


# --- two calls, many parties ---------------------------------------------------------------------

OUTSIDE = "13700137000"
COLLEAGUE = DeviceId("1002")


def connection_of(world: World, device: str) -> Connection:
    """The only connection of that device."""
    (found,) = connections_of(world, device)
    return found


def connections_of(world: World, device: str) -> list[Connection]:
    everybody = [each for call in world.control.calls() for each in call.connections]
    return [each for each in everybody if each.device.id == device]


def told_of(world: World, call_id: CallId) -> list[str]:
    """What was told of the call, without figures and network."""
    told = [each for each in world.events if isinstance(each, CallEvent)]
    quiet = (MediaReported.kind, "call.network_reached", "call.recording_started")
    return [each.kind for each in told if each.call_id == call_id and each.kind not in quiet]


def consulting(world: World) -> tuple[CallId, ConnectionId, ConnectionId]:
    """The caller's call, and the agent's held and active connections."""
    world.register("1002")
    call_id, held = talking(world)
    active = world.control.consult(held, "1002")
    ringing = connection_of(world, "1002")
    world.phone_rings(ringing.id)
    world.phone_answers(ringing.id)
    return call_id, held, active


def test_a_consultation_is_a_call_of_its_own(world: World) -> None:
    call_id, held, active = consulting(world)
    assert told_of(world, call_id)[-1] == Held.kind
    second = next(call for call in world.control.calls() if call.id != call_id)
    assert told_of(world, second.id) == [
        CallStarted.kind,
        Originated.kind,
        Delivered.kind,
        Established.kind,
    ]
    states = {each.id: each.state for each in connections_of(world, "1001")}
    assert states == {held: ConnectionState.HOLD, active: ConnectionState.CONNECTED}
    with pytest.raises(Refused):
        world.control.retrieve(held)
    world.control.alternate(held, active)
    states = {each.id: each.state for each in connections_of(world, "1001")}
    assert states == {held: ConnectionState.CONNECTED, active: ConnectionState.HOLD}


def test_reconnect_ends_the_consultation(world: World) -> None:
    call_id, held, active = consulting(world)
    world.control.reconnect(held, active)
    assert [call.id for call in world.control.calls()] == [call_id]
    assert connection_of(world, "1001").state is ConnectionState.CONNECTED


def test_transfer_leaves_the_callers_call_with_the_colleague(world: World) -> None:
    call_id, held, active = consulting(world)
    before = len(told_of(world, call_id))
    world.control.transfer(held, active)
    (call,) = world.control.calls()
    assert call.id == call_id
    assert {each.device.id for each in call.connections} == {"13800138000", "1002"}
    after = [ConnectionCleared.kind, Established.kind, Transferred.kind]
    assert told_of(world, call_id)[before:] == after
    ended = [each for each in world.events if isinstance(each, CallCleared)]
    assert [each.cause for each in ended] == [Cause.TRANSFERRED]


def test_conference_has_all_three_and_goes_on_with_two(world: World) -> None:
    call_id, held, active = consulting(world)
    world.control.conference(held, active)
    (call,) = world.control.calls()
    assert call.id == call_id
    assert {each.device.id for each in call.connections} == {"13800138000", "1001", "1002"}
    assert {each.state for each in call.connections} == {ConnectionState.CONNECTED}
    assert told_of(world, call_id)[-1] == Conferenced.kind
    world.control.clear_connection(connection_of(world, "1001").id, Party.AGENT)
    assert world.control.get(call_id) is not None
    world.phone_hangs_up(connection_of(world, "1002").id)
    assert world.control.calls() == []


def test_a_single_step_transfer_frees_the_agent_before_anybody_answers(world: World) -> None:
    world.register("1002")
    call_id, agent = talking(world)
    target = world.control.single_step_transfer(agent, "1002")
    assert told_of(world, call_id)[-2:] == [ConnectionCleared.kind, Transferred.kind]
    assert connections_of(world, "1001") == []
    world.phone_refuses(target)
    assert connection_of(world, "1001").state is ConnectionState.INITIATED, "rung back"
    world.phone_answers(connection_of(world, "1001").id)
    assert told_of(world, call_id)[-1] == Established.kind


def test_a_parked_caller_waits_alone_and_can_be_served_again(world: World) -> None:
    for phone in ("1002", "1003"):
        world.register(phone)
    call_id, agent = talking(world)
    world.control.attach(call_id, path=("cards",))
    world.phone_answers(world.control.snoop(call_id, DeviceId("1003"), Snoop.LISTEN))
    joining = world.control.join(call_id, COLLEAGUE)
    world.control.hold(agent)
    world.control.park(agent)
    ends = [ConnectionCleared.kind, Failed.kind, ConnectionCleared.kind, Parked.kind]
    assert told_of(world, call_id)[-4:] == ends
    parked = next(each for each in world.events if isinstance(each, Parked))
    assert (parked.connection_id, parked.parking_device) == (agent, PHONE)
    call = world.control.get(call_id)
    assert call is not None
    assert [each.party for each in call.connections] == [Party.CALLER]
    assert call.user_data.path == ("cards",)
    assert joining not in {each.id for each in call.connections}
    world.phone_answers(world.control.deliver(call_id, COLLEAGUE))
    assert connection_of(world, "1002").state is ConnectionState.CONNECTED


def test_only_a_customer_with_one_other_party_is_parked(world: World) -> None:
    call_id, held, active = consulting(world)
    caller = connection_of(world, "13800138000")
    for connection_id in (caller.id, active):
        with pytest.raises(Refused):
            world.control.park(connection_id)
    world.control.conference(held, active)
    with pytest.raises(Refused):
        world.control.park(connection_of(world, "1001").id)
    assert world.control.get(call_id) is not None


def test_mute_is_told_once_and_lasts_through_a_hold(world: World) -> None:
    call_id, agent = talking(world)
    world.control.mute(agent, True)
    world.control.mute(agent, True)
    assert told_of(world, call_id)[-1] == Muted.kind
    world.control.hold(agent)
    world.control.retrieve(agent)
    assert connection_of(world, "1001").muted
    world.control.mute(agent, False)
    world.control.mute(agent, False)
    assert isinstance(world.events[-1], Unmuted)
    assert kinds(world.events).count(Muted.kind) == kinds(world.events).count(Unmuted.kind) == 1
    assert not connection_of(world, "1001").muted


def test_join_listen_and_intercept(world: World) -> None:
    for phone in ("1002", "1003"):
        world.register(phone)
    call_id, agent = talking(world)
    world.phone_answers(world.control.join(call_id, COLLEAGUE))
    assert told_of(world, call_id)[-2:] == [Established.kind, Conferenced.kind]
    listening = world.control.snoop(call_id, DeviceId("1003"), Snoop.LISTEN)
    world.phone_answers(listening)
    supervisor = connection_of(world, "1003")
    assert (supervisor.party, supervisor.role) == (Party.SUPERVISOR, Role.LISTENER)
    assert world.control.snoop(call_id, DeviceId("1003"), Snoop.BARGE) == listening
    assert isinstance(world.events[-1], RoleChanged)
    world.phone_hangs_up(listening)
    assert world.control.get(call_id) is not None
    taking = world.control.intercept(agent, DeviceId("1003"))
    world.phone_answers(taking)
    assert connections_of(world, "1001") == []
    assert connection_of(world, "1003").state is ConnectionState.CONNECTED


def test_a_secluded_call_is_closed_and_goes_on_without_its_agent(world: World) -> None:
    for phone in ("1002", "1003"):
        world.register(phone)
    call_id, agent = talking(world)
    listening = world.control.snoop(call_id, DeviceId("1003"), Snoop.LISTEN)
    world.phone_answers(listening)
    control = world.control
    control.seclude(call_id, True)
    for service in (
        lambda: control.snoop(call_id, COLLEAGUE, Snoop.LISTEN),
        lambda: control.snoop(call_id, DeviceId("1003"), Snoop.BARGE),
        lambda: control.intercept(agent, COLLEAGUE),
        lambda: control.join(call_id, COLLEAGUE),
        lambda: control.consult(agent, "1002"),
        lambda: control.single_step_transfer(agent, "1002"),
        lambda: control.park(agent),
    ):
        with pytest.raises(Refused) as refused:
            service()
        assert refused.value.error_id == "call.secure"
    keys: list[str] = []
    control.collect(call_id, keys.append)
    playing = control.play(call_id, SOUND)
    world.phone_hangs_up(agent)
    assert control.get(call_id) is not None
    assert not playing.called
    world.press(call_id, "1")
    assert keys == ["1"]
    control.seclude(call_id, False)
    assert control.snoop(call_id, DeviceId("1003"), Snoop.LISTEN)
    world.hang_up(call_id)
    assert world.control.get(call_id) is None


def test_a_secluded_call_opens_again(world: World) -> None:
    world.register("1002")
    call_id, agent = talking(world)
    world.control.seclude(call_id, True)
    world.control.seclude(call_id, False)
    world.phone_answers(world.control.join(call_id, COLLEAGUE))
    world.phone_hangs_up(agent)
    assert world.control.get(call_id) is not None
    world.hang_up(call_id)


def test_what_rings_is_deflected(world: World) -> None:
    for phone in ("1001", "1002"):
        world.register(phone)
    call_id = answered(world)
    ringing = world.control.deliver(call_id, PHONE)
    elsewhere = world.control.deflect(ringing, "1002")
    assert told_of(world, call_id)[-2:] == [Diverted.kind, Failed.kind]
    world.phone_answers(elsewhere)
    assert connection_of(world, "1002").state is ConnectionState.CONNECTED


def test_calls_of_the_house_itself(world: World) -> None:
    world.register("1001")
    world.line_leads_to(OUTSIDE)
    made = world.control.make(PHONE, OUTSIDE)
    world.phone_answers(connection_of(world, "1001").id)
    world.phone_answers(connection_of(world, OUTSIDE).id)
    kinds_of = [CallStarted.kind, Established.kind, Originated.kind, Established.kind]
    assert told_of(world, made) == kinds_of
    world.phone_hangs_up(connection_of(world, "1001").id)
    entered: list[CallId] = []
    world.control.originate(OUTSIDE, entered.append)
    world.phone_answers(connection_of(world, OUTSIDE).id)
    (call,) = world.control.calls()
    assert entered == [call.id]
    assert call.customer is not None
    assert call.customer.party is Party.CALLED
    with pytest.raises(Refused):
        world.control.originate("12", entered.append)
    with pytest.raises(Refused):
        world.control.make(DeviceId("1009"), OUTSIDE)


def test_keys_by_a_plan(world: World) -> None:
    call_id = answered(world)
    first = world.control.collect_keys(call_id, KeyPlan(2))
    second = world.control.collect_keys(call_id, KeyPlan(2))
    assert result_of(first).why is Why.REPLACED
    world.press(call_id, "42")
    collected = result_of(second)
    assert (collected.keys.reveal(), collected.why) == ("42", Why.LENGTH)
    third = world.control.collect_keys(call_id, KeyPlan(2))
    world.hang_up(call_id)
    assert result_of(third).why is Why.CLEARED


def test_services_on_what_is_gone_do_nothing(world: World) -> None:
    call_id, held, active = consulting(world)
    world.control.clear(call_id)
    world.control.clear(world.control.calls()[0].id)
    before = list(world.events)
    for service in (world.control.alternate, world.control.transfer, world.control.conference):
        service(held, active)
    assert not world.control.consult(held, "1002")
    assert not world.control.join(call_id, COLLEAGUE)
    assert not world.control.snoop(call_id, COLLEAGUE, Snoop.LISTEN)
    assert not world.control.intercept(held, COLLEAGUE)
    assert not world.control.single_step_transfer(held, "1002")
    assert world.events == before
