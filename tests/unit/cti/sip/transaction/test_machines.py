"""The four machines, step by step, and all of them under any sequence of events."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.outgoing import OutgoingRequest, OutgoingResponse
from cti.sip.timers import TimerSettings
from cti.sip.transaction import ict, ist, nict, nist
from cti.sip.transaction.machine import (
    Acknowledged,
    Arm,
    Disarm,
    Effect,
    Event,
    Fired,
    Machine,
    PassUp,
    Promised,
    Received,
    Repeated,
    Respond,
    Send,
    Terminated,
    TimedOut,
    Timer,
)
from tests.support.sip_messages import response

TIMERS = TimerSettings()
HEADERS = (
    ("Max-Forwards", "70"),
    ("From", "<sip:a@192.0.2.1>;tag=1"),
    ("To", "<sip:b@192.0.2.9>"),
    ("Call-ID", "1"),
    ("Route", "<sip:192.0.2.8;lr>"),
    ("Contact", "<sip:a@192.0.2.1>"),
)
INVITE = OutgoingRequest("INVITE", "sip:b@192.0.2.9", "192.0.2.1:5060", "z9hG4bK1", 7, HEADERS)
BYE = OutgoingRequest("BYE", "sip:b@192.0.2.9", "192.0.2.1:5060", "z9hG4bK2", 8, HEADERS)


def received(code: int, request: OutgoingRequest = INVITE) -> Received:
    return Received(response(bytes(request), code))


def answer(status: int) -> Respond:
    return Respond(OutgoingResponse(status, b"%d" % status))


TRYING = Promised(lambda: OutgoingResponse(100, b"100"))


def intervals(machine: Machine, timer: Timer, times: int) -> list[float]:
    """Seconds between the next firings of a retransmission timer."""
    found = []
    for _ in range(times):
        (armed,) = [each for each in machine.handle(Fired(timer)) if isinstance(each, Arm)]
        found.append(armed.seconds)
    return found


def test_ict_cancels_who_rings_after_it_was_given_up() -> None:
    machine = ict.InviteClient(replace(INVITE, patience=4.0), TIMERS)
    assert machine.start()[-1] == Arm(Timer.B, 4.0)
    assert machine.handle(Fired(Timer.B)) == [Disarm(Timer.A), TimedOut(), Arm(Timer.B, 28.0)]
    assert machine.handle(Fired(Timer.A)) == []
    (cancel,) = machine.handle(received(180))
    assert isinstance(cancel, Send)
    assert cancel.data.startswith(b"CANCEL sip:b@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1")
    assert b"branch=z9hG4bK1\r\n" in cancel.data
    assert b"CSeq: 7 CANCEL" in cancel.data
    assert machine.handle(received(180)) == [cancel]
    assert [type(each) for each in machine.handle(received(487))] == [Disarm, Send, PassUp, Arm]


def test_ict_sends_again_at_doubling_intervals_and_gives_up() -> None:
    machine = ict.InviteClient(INVITE, TIMERS)
    data = bytes(INVITE)
    assert machine.start() == [Send(data), Arm(Timer.A, 0.5), Arm(Timer.B, 32.0)]
    assert intervals(machine, Timer.A, 5) == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert machine.handle(Fired(Timer.B)) == [TimedOut(), Terminated()]


def test_ict_is_quiet_after_a_provisional_response() -> None:
    machine = ict.InviteClient(INVITE, TIMERS)
    machine.start()
    ringing = received(180)
    assert machine.handle(ringing) == [Disarm(Timer.A), Disarm(Timer.B), PassUp(ringing.response)]
    assert machine.handle(Fired(Timer.A)) == []
    assert machine.handle(Fired(Timer.B)) == []
    assert machine.state is ict.State.PROCEEDING


def test_ict_passes_up_every_2xx_and_acknowledges_none() -> None:
    machine = ict.InviteClient(INVITE, TIMERS)
    machine.start()
    machine.handle(received(100))
    ok = received(200)
    assert machine.handle(ok) == [PassUp(ok.response), Arm(Timer.M, 32.0)]
    assert machine.handle(ok) == [PassUp(ok.response)]
    assert machine.handle(received(486)) == []
    assert machine.handle(Fired(Timer.M)) == [Terminated()]


def test_ict_acknowledges_a_refusal_each_time_it_comes() -> None:
    machine = ict.InviteClient(INVITE, TIMERS)
    machine.start()
    machine.handle(received(100))
    busy = received(486)
    ack, passed, armed = machine.handle(busy)
    assert isinstance(ack, Send)
    assert (passed, armed) == (PassUp(busy.response), Arm(Timer.D, 32.0))
    assert machine.handle(busy) == [ack]
    assert ack.data.decode().split("\r\n") == [
        "ACK sip:b@192.0.2.9 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1",
        "Max-Forwards: 70",
        "From: <sip:a@192.0.2.1>;tag=1",
        "Call-ID: 1",
        "Route: <sip:192.0.2.8;lr>",
        "To: <sip:b@192.0.2.9>;tag=called",
        "CSeq: 7 ACK",
        "Content-Length: 0",
        "",
        "",
    ]
    assert machine.handle(Fired(Timer.D)) == [Terminated()]


def test_nict_sends_again_up_to_t2_and_gives_up() -> None:
    machine = nict.NonInviteClient(BYE, TIMERS)
    assert machine.start() == [Send(bytes(BYE)), Arm(Timer.E, 0.5), Arm(Timer.F, 32.0)]
    assert intervals(machine, Timer.E, 5) == [1.0, 2.0, 4.0, 4.0, 4.0]
    assert machine.handle(Fired(Timer.F)) == [TimedOut(), Terminated()]


def test_nict_sends_again_every_t2_once_it_was_heard() -> None:
    machine = nict.NonInviteClient(BYE, TIMERS)
    machine.start()
    machine.handle(received(100, BYE))
    assert intervals(machine, Timer.E, 3) == [4.0, 4.0, 4.0]


def test_nict_passes_the_final_response_up_once() -> None:
    machine = nict.NonInviteClient(BYE, TIMERS)
    machine.start()
    ok = received(200, BYE)
    assert machine.handle(ok) == [
        Disarm(Timer.E),
        Disarm(Timer.F),
        PassUp(ok.response),
        Arm(Timer.K, 5.0),
    ]
    assert machine.handle(ok) == []
    assert machine.handle(Fired(Timer.K)) == [Terminated()]


def test_ist_repeats_a_refusal_until_its_ack() -> None:
    machine = ist.InviteServer(TIMERS)
    assert machine.handle(answer(100)) == [Send(b"100")]
    assert machine.handle(Repeated()) == [Send(b"100")]
    assert machine.handle(answer(486)) == [Send(b"486"), Arm(Timer.G, 0.5), Arm(Timer.H, 32.0)]
    assert intervals(machine, Timer.G, 4) == [1.0, 2.0, 4.0, 4.0]
    assert machine.handle(Repeated()) == [Send(b"486")]
    assert machine.handle(Acknowledged()) == [
        Disarm(Timer.G),
        Disarm(Timer.H),
        Arm(Timer.I, 5.0),
    ]
    assert machine.handle(Acknowledged()) == []
    assert machine.handle(Fired(Timer.I)) == [Terminated()]


def test_ist_holds_the_100_back_that_nobody_may_need() -> None:
    machine = ist.InviteServer(TIMERS)
    assert machine.handle(TRYING) == [Arm(Timer.TRYING, 0.2)]
    assert machine.handle(answer(200)) == [
        Disarm(Timer.TRYING),
        Send(b"200"),
        Arm(Timer.L, 32.0),
    ]


@pytest.mark.parametrize("why", [Fired(Timer.TRYING), Repeated()])
def test_ist_sends_100_where_the_answer_takes_its_time(why: Event) -> None:
    machine = ist.InviteServer(TIMERS)
    machine.handle(TRYING)
    assert Send(b"100") in machine.handle(why)
    assert machine.handle(Fired(Timer.TRYING)) == []
    assert machine.handle(Repeated()) == [Send(b"100")]


def test_ist_without_an_ack_gives_up() -> None:
    machine = ist.InviteServer(TIMERS)
    machine.handle(answer(486))
    assert machine.handle(Fired(Timer.H)) == [TimedOut(), Terminated()]


def test_ist_absorbs_repetitions_once_accepted() -> None:
    machine = ist.InviteServer(TIMERS)
    assert machine.handle(answer(200)) == [Send(b"200"), Arm(Timer.L, 32.0)]
    assert machine.handle(Repeated()) == []
    assert machine.handle(answer(486)) == []
    assert machine.handle(Fired(Timer.L)) == [Terminated()]


def test_nist_answers_repetitions_alike() -> None:
    machine = nist.NonInviteServer(TIMERS)
    assert machine.handle(Repeated()) == []
    assert machine.handle(answer(200)) == [Send(b"200"), Arm(Timer.J, 32.0)]
    assert machine.handle(Repeated()) == [Send(b"200")]
    assert machine.handle(answer(500)) == []
    assert machine.handle(Fired(Timer.J)) == [Terminated()]


@pytest.mark.parametrize("status", [180, 183])
def test_nist_never_sends_what_rfc_4320_forbids(status: int) -> None:
    machine = nist.NonInviteServer(TIMERS)
    assert machine.handle(answer(status)) == []
    assert machine.handle(answer(200))[0] == Send(b"200")


def test_nist_is_silent_and_over_once_it_is_too_late() -> None:
    machine = nist.NonInviteServer(TIMERS)
    machine.handle(answer(100))
    assert machine.handle(answer(408)) == [Arm(Timer.J, 32.0)]
    assert machine.handle(Repeated()) == []
    assert machine.handle(Fired(Timer.J)) == [Terminated()]


CLIENT_EVENTS = st.one_of(
    st.sampled_from([100, 180, 200, 302, 401, 486, 503, 603]).map(received),
    st.sampled_from(list(Timer)).map(Fired),
)
SERVER_EVENTS = st.one_of(
    st.sampled_from([100, 180, 200, 302, 408, 486]).map(answer),
    st.sampled_from([TRYING, Repeated(), Acknowledged()]),
    st.sampled_from(list(Timer)).map(Fired),
)


RESTING = (ict.State.PROCEEDING, ist.State.PROCEEDING, nist.State.TRYING, nist.State.PROCEEDING)
REPEATING = (Timer.A, Timer.E, Timer.G)


class Course:
    """Runs a machine: only armed timers fire, and nothing may come after `Terminated`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.armed: set[Timer] = set()
        self.over = False
        self._take(machine.start())

    def run(self, events: list[Event]) -> None:
        for event in events:
            if not isinstance(event, Fired) or event.timer in self.armed:
                self._give(event)
        for timer in sorted(self.armed, key=lambda timer: timer in REPEATING):
            if timer in self.armed:
                self._give(Fired(timer))
        for timer in tuple(self.armed - {*REPEATING}):
            self._give(Fired(timer))
        assert self.over or getattr(self.machine, "state", None) in RESTING

    def _give(self, event: Event) -> None:
        if isinstance(event, Fired):
            self.armed.discard(event.timer)
        self._take(self.machine.handle(event))

    def _take(self, effects: list[Effect]) -> None:
        assert not (self.over and effects)
        for effect in effects:
            match effect:
                case Arm(timer, seconds):
                    assert 0 < seconds <= 32
                    self.armed.add(timer)
                case Disarm(timer):
                    self.armed.discard(timer)
                case Terminated():
                    self.over = True
                    self.armed.clear()


@given(st.lists(CLIENT_EVENTS, max_size=12))
def test_clients_come_to_an_end_whatever_happens(events: list[Event]) -> None:
    Course(ict.InviteClient(INVITE, TIMERS)).run(events)
    Course(ict.InviteClient(replace(INVITE, patience=4.0), TIMERS)).run(events)
    Course(nict.NonInviteClient(BYE, TIMERS)).run(events)


@given(st.lists(SERVER_EVENTS, max_size=12))
def test_servers_come_to_an_end_once_answered(events: list[Event]) -> None:
    Course(ist.InviteServer(TIMERS)).run(events)
    Course(nist.NonInviteServer(TIMERS)).run(events)
