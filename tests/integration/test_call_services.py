"""Services on calls over real sockets: who hears whom is measured on what arrived."""

import pytest

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
    Originated,
    RoleChanged,
    Transferred,
)
from cti.call.model import Cause, Party, Role
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip.events import SessionEnded
from tests.support.exchange import OTHER, OUTSIDE, Exchange
from tests.support.reactor import until
from tests.support.who_hears_whom import mutual

pytestmark = pytest.mark.needs("baresip")
ONE, TWO, THREE, FOUR = (DeviceId(each) for each in ("1001", "1002", "1003", "1004"))


# --- beginning ----------------------------------------------------------------------------------


def test_make_rings_the_agent_first(exchange: Exchange) -> None:
    async def scene() -> None:
        called = exchange.handset("called", OTHER, port=exchange.carrier_port)
        call_id = exchange.calls.make(ONE, OUTSIDE)
        agent, outside = (
            await exchange.happened(Established),
            await exchange.happened(Established, 2),
        )
        assert (agent.party, outside.party) == (Party.AGENT, Party.CALLED)
        assert exchange.told(Originated)[0].called == OUTSIDE
        await exchange.hears(mutual("called", "1001"), called)
        exchange.calls.clear(call_id)
        await called.reports_of(SessionEnded)

    exchange.play(scene)


def test_originate_calls_the_number_first(exchange: Exchange) -> None:
    async def scene() -> None:
        called = exchange.handset("called", OTHER, port=exchange.carrier_port)
        taken: list[CallId] = []
        exchange.calls.originate(OUTSIDE, taken.append)
        assert (await exchange.happened(Established)).party is Party.CALLED
        await exchange.hears({}, called)
        await exchange.deliver(taken[0], ONE)
        await exchange.hears(mutual("called", "1001"), called)

    exchange.play(scene)


def test_reject_gives_the_callers_exchange_the_cause(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id = await exchange.dial()
        exchange.calls.reject(call_id, Cause.BUSY)
        assert (await caller.reports_of(SessionEnded)).status == 486
        assert (await exchange.happened(CallCleared)).cause is Cause.BUSY

    exchange.play(scene)


def test_deflect_passes_an_unanswered_caller_on(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id = await exchange.dial()
        exchange.calls.deflect(exchange.connection(call_id, caller.name), "1002")
        await exchange.happened(Established, 2)
        await exchange.hears(mutual("caller", "1002"), caller)

    exchange.play(scene)


def test_deflect_sends_what_rings_elsewhere(exchange: Exchange) -> None:
    async def scene() -> None:
        ringing = await exchange.second("1004", OTHER, rings=True)
        caller, call_id = await exchange.dial()
        assert await exchange.calls.answer(call_id)
        alerting = exchange.calls.deliver(call_id, FOUR)
        await until(lambda: ringing.ringing)
        await exchange.up(exchange.calls.deflect(alerting, "1002"))
        assert (await exchange.happened(Diverted)).diverted_to == "1002"
        assert exchange.told(Failed)[0].cause is Cause.DIVERTED
        await exchange.hears(mutual("caller", "1002"), caller, ringing)
        assert not ringing.telephone.calls

    exchange.play(scene)


def test_deflect_redirects_at_the_callers_exchange(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id = await exchange.dial()
        exchange.calls.deflect(exchange.connection(call_id, caller.name), OUTSIDE, redirect=True)
        ended = await caller.reports_of(SessionEnded)
        assert ended.status == 302
        assert OUTSIDE in ended.contacts[0]
        assert (await exchange.happened(CallCleared)).cause is Cause.DIVERTED

    exchange.play(scene)


def test_all_contacts_ring_and_the_one_that_answers_wins(exchange: Exchange) -> None:
    async def scene() -> None:
        desk = await exchange.second("1004", 1400.0, rings=True)
        home = await exchange.second("1004", OTHER, rings=True)
        caller, call_id = await exchange.dial()
        assert await exchange.calls.answer(call_id)
        connection = exchange.calls.deliver(call_id, FOUR)
        await until(lambda: desk.ringing and home.ringing)
        home.answer()
        await exchange.up(connection)
        await exchange.hears(mutual("caller", home.name), caller, desk, home)
        assert not desk.telephone.calls
        assert len([each for each in exchange.told(Delivered) if each.device_id == FOUR]) == 1

    exchange.play(scene)


# --- two calls of one telephone -----------------------------------------------------------------


def test_hold_and_retrieve(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, _, agent = await exchange.talking("1001")
        await exchange.hears(mutual("caller", "1001"), caller)
        exchange.calls.hold(agent)
        await exchange.hears({"caller": {"music"}}, caller)
        exchange.calls.retrieve(agent)
        await exchange.hears(mutual("caller", "1001"), caller)

    exchange.play(scene)


async def consulting(exchange: Exchange) -> tuple[ConnectionId, ConnectionId]:
    """1001 holds a caller and talks with 1002: its two connections."""
    _, _, held = await exchange.talking("1001")
    active = exchange.calls.consult(held, "1002")
    await exchange.happened(Established, 3)
    return held, active


def test_who_consults_hears_the_telephone_ring_until_it_is_answered(exchange: Exchange) -> None:
    async def scene() -> None:
        asked = await exchange.second("1004", 1400.0, rings=True)
        caller, _, agent = await exchange.talking("1001")
        exchange.calls.consult(agent, "1004")
        await until(lambda: any(each.device_id == FOUR for each in exchange.told(Delivered)))
        waiting = {"caller": {"music"}}
        await exchange.hears(waiting | {"1001": {"ringing"}}, caller)
        asked.answer()
        await until(lambda: any(each.device_id == FOUR for each in exchange.told(Established)))
        await exchange.hears(waiting | mutual("1001", asked.name), caller, asked)

    exchange.play(scene)


def test_consult_alternate_and_reconnect(exchange: Exchange) -> None:
    async def scene() -> None:
        held, active = await consulting(exchange)
        (caller,) = exchange.guests
        waiting = {"caller": {"music"}}
        await exchange.hears(waiting | mutual("1001", "1002"), caller)
        exchange.calls.alternate(held, active)
        waiting = {"1002": {"music"}}
        await exchange.hears(waiting | mutual("caller", "1001"), caller)
        exchange.calls.alternate(active, held)
        exchange.calls.reconnect(held, active)
        await exchange.hears(mutual("caller", "1001"), caller)
        assert len(exchange.calls.calls()) == 1

    exchange.play(scene)


def test_an_attended_transfer_joins_the_other_two(exchange: Exchange) -> None:
    async def scene() -> None:
        held, active = await consulting(exchange)
        (caller,) = exchange.guests
        exchange.calls.transfer(held, active)
        await exchange.hears(mutual("caller", "1002"), caller)
        (call,) = exchange.calls.calls()
        inbound, _ = exchange.told(CallStarted)
        assert call.id == inbound.call_id
        assert {each.transferring_device for each in exchange.told(Transferred)} == {ONE}

    exchange.play(scene)


def test_an_attended_transfer_begun_by_the_one_who_was_called(exchange: Exchange) -> None:
    """The other way round: who was consulted holds, consults in turn, and hands on."""

    async def scene() -> None:
        caller, _, agent = await exchange.talking("1001")
        onward = exchange.calls.consult(agent, "1002")
        await exchange.happened(Established, 3)
        exchange.calls.alternate(agent, onward)
        exchange.calls.transfer(onward, agent)
        await exchange.hears(mutual("caller", "1002"), caller)

    exchange.play(scene)


def test_a_blind_transfer_hands_the_caller_on(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, _, agent = await exchange.talking("1001")
        ringing = await exchange.second("1004", OTHER, rings=True)
        new = exchange.calls.single_step_transfer(agent, "1004")
        await until(lambda: ringing.ringing)
        await exchange.hears({"caller": {"music"}}, caller, ringing)
        ringing.answer()
        await exchange.up(new)
        await exchange.hears(mutual("caller", ringing.name), caller, ringing)
        (left,) = exchange.told(ConnectionCleared)
        assert (left.device_id, left.cause) == (ONE, Cause.TRANSFERRED)

    exchange.play(scene)


# --- many in one call ---------------------------------------------------------------------------


def test_a_conference_of_two_calls(exchange: Exchange) -> None:
    async def scene() -> None:
        held, active = await consulting(exchange)
        (caller,) = exchange.guests
        exchange.calls.conference(held, active)
        await exchange.hears(mutual("caller", "1001", "1002"), caller)
        assert len(exchange.calls.calls()) == 1
        assert len(exchange.told(Conferenced)) == 2

    exchange.play(scene)


def test_a_conference_of_four_and_one_is_dropped(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id, _ = await exchange.talking("1001")
        await exchange.up(exchange.calls.join(call_id, TWO))
        third = await exchange.up(exchange.calls.join(call_id, THREE))
        await exchange.hears(mutual("caller", "1001", "1002", "1003"), caller)
        exchange.calls.clear_connection(third)
        await exchange.hears(mutual("caller", "1001", "1002"), caller)
        assert not exchange.house_phone.telephone.calls

    exchange.play(scene)


def test_a_supervisor_listens_whispers_and_barges_in(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id, agent = await exchange.talking("1001")
        await exchange.up(exchange.calls.snoop(call_id, THREE, Snoop.LISTEN))
        talk, all_of_it = mutual("caller", "1001"), {"1003": {"caller", "1001"}}
        await exchange.hears(talk | all_of_it, caller)
        exchange.calls.snoop(call_id, THREE, Snoop.WHISPER, agent=agent)
        whispered = {"1001": {"caller", "1003"}}
        await exchange.hears(talk | all_of_it | whispered, caller)
        exchange.calls.snoop(call_id, THREE, Snoop.BARGE)
        await exchange.hears(mutual("caller", "1001", "1003"), caller)
        roles = [each.role for each in exchange.told(RoleChanged)]
        assert roles == [Role.WHISPERER, Role.INTRUDER]

    exchange.play(scene)


def test_an_interceptor_takes_the_agents_place(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, _, agent = await exchange.talking("1001")
        await exchange.up(exchange.calls.intercept(agent, THREE))
        await exchange.hears(mutual("caller", "1003"), caller)
        (left,) = exchange.told(ConnectionCleared)
        assert (left.device_id, left.cause) == (ONE, Cause.TRANSFERRED)

    exchange.play(scene)


def test_clear_ends_the_call_for_all_of_them(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id, _ = await exchange.talking("1001")
        await exchange.up(exchange.calls.join(call_id, THREE))
        exchange.calls.clear(call_id)
        await caller.reports_of(SessionEnded)
        await exchange.hears({}, caller)
        assert len(exchange.told(ConnectionCleared)) == 3
        assert not exchange.house_phone.telephone.calls

    exchange.play(scene)
