"""The machines over a transport that loses nothing, and the layer when a way is gone."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cti.sip.events import Endpoint, SendDatagram, StartTimer, Transport
from cti.sip.outgoing import response_to
from cti.sip.timers import TimerSettings
from cti.sip.transaction import ict, ist, nict, nist
from cti.sip.transaction.layer import (
    RequestUndelivered,
    TransactionEnded,
    TransactionLayer,
)
from cti.sip.transaction.machine import (
    Acknowledged,
    Arm,
    Disarm,
    Effect,
    Event,
    Fired,
    Machine,
    Send,
    Terminated,
    Timer,
)
from tests.support.sip_messages import TRUNK, request
from tests.unit.cti.sip.transaction.test_machines import (
    BYE,
    CLIENT_EVENTS,
    INVITE,
    SERVER_EVENTS,
    TIMERS,
    answer,
    received,
)

NEVER = {Timer.A, Timer.D, Timer.E, Timer.G, Timer.I, Timer.J, Timer.K}
"""What retransmits or absorbs retransmissions (RFC 3261, table 4)."""
CARRIER = Endpoint("192.0.2.1", 5060, Transport.TCP)
OVER_A_FLOW = Endpoint("192.0.2.7", 40000, Transport.TCP, "tcp-1")


def test_an_invite_is_sent_once_and_its_refusal_acknowledged_once() -> None:
    machine = ict.InviteClient(INVITE, TIMERS, reliable=True)
    assert machine.start() == [Send(bytes(INVITE)), Arm(Timer.B, 32.0)]
    ended = machine.handle(received(486))
    assert isinstance(ended[-1], Terminated)
    assert next(each for each in ended if isinstance(each, Send)).data.startswith(b"ACK ")
    assert machine.handle(received(486)) == []


def test_an_acceptance_still_waits_for_others_of_a_fork() -> None:
    machine = ict.InviteClient(INVITE, TIMERS, reliable=True)
    machine.start()
    assert machine.handle(received(200))[-1] == Arm(Timer.M, 32.0)


def test_a_request_is_over_with_its_answer() -> None:
    machine = nict.NonInviteClient(BYE, TIMERS, reliable=True)
    assert machine.start() == [Send(bytes(BYE)), Arm(Timer.F, 32.0)]
    assert machine.handle(received(200, BYE))[-1] == Terminated()


def test_a_refusal_waits_for_its_ack_and_for_nothing_more() -> None:
    machine = ist.InviteServer(TIMERS, reliable=True)
    assert machine.handle(answer(486)) == [Send(b"486"), Arm(Timer.H, 32.0)]
    assert machine.handle(Acknowledged())[-1] == Terminated()


def test_an_answer_is_the_end() -> None:
    machine = nist.NonInviteServer(TIMERS, reliable=True)
    assert machine.handle(answer(200)) == [Send(b"200"), Terminated()]


def run(machine: Machine, events: Sequence[Event]) -> None:
    """Nothing that retransmits is ever armed, and nothing happens after the end."""
    over = False
    armed: set[Timer] = set()
    for event in [None, *events]:
        if isinstance(event, Fired) and event.timer not in armed:
            continue
        effects: list[Effect] = machine.start() if event is None else machine.handle(event)
        assert not (over and effects)
        for effect in effects:
            match effect:
                case Arm(timer):
                    assert timer not in NEVER
                    armed.add(timer)
                case Disarm(timer):
                    armed.discard(timer)
                case Terminated():
                    over = True


@given(st.lists(CLIENT_EVENTS, max_size=12))
def test_clients_never_repeat_themselves(events: list[Event]) -> None:
    run(ict.InviteClient(INVITE, TIMERS, reliable=True), events)
    run(nict.NonInviteClient(BYE, TIMERS, reliable=True), events)


@given(st.lists(SERVER_EVENTS, max_size=12))
def test_servers_never_repeat_themselves(events: list[Event]) -> None:
    run(ist.InviteServer(TIMERS, reliable=True), events)
    run(nist.NonInviteServer(TIMERS, reliable=True), events)


def test_the_layer_takes_the_transport_from_the_endpoint() -> None:
    layer = TransactionLayer(TimerSettings())
    _, outcome = layer.request(INVITE, CARRIER)
    timers = [each.key for each in outcome if isinstance(each, StartTimer)]
    assert [key.rpartition("/")[2] for key in timers] == ["B"]
    source = replace(TRUNK, transport=Transport.TCP)
    asked = request("OPTIONS", source=source)
    layer.receive_request(asked)
    (key,) = [each for each in layer._entries if each.startswith("server")]
    sent, ended = layer.respond(key, response_to(asked, 200, "t"))
    assert isinstance(sent, SendDatagram)
    assert ended == TransactionEnded(key)


def test_requests_under_way_to_a_lost_place_are_told_of_and_others_are_not() -> None:
    layer = TransactionLayer(TimerSettings())
    invite, _ = layer.request(INVITE, CARRIER)
    layer.request(BYE, OVER_A_FLOW)
    lost = layer.undeliverable(replace(CARRIER, flow="tcp-9"))
    assert lost[-1] == RequestUndelivered(invite, INVITE)
    assert layer.undeliverable(replace(OVER_A_FLOW, flow="tcp-2")) == []
    assert len(layer) == 1
    assert layer.undeliverable(OVER_A_FLOW)[-1] == RequestUndelivered(
        f"client {BYE.branch} BYE", BYE
    )
    assert len(layer) == 0


def test_an_answer_that_gets_nowhere_ends_silently() -> None:
    layer = TransactionLayer(TimerSettings())
    asked = request("INVITE", source=replace(TRUNK, transport=Transport.TCP))
    layer.receive_request(asked)
    (ended,) = layer.undeliverable(asked.reply_to)
    assert isinstance(ended, TransactionEnded)
