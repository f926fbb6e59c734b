"""Who else is at a ticket: told at once, gone after a while, bounded, and no secret let out."""

from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from tests.support.browsers import Socket
from tests.support.ticket_office import TicketOffice
from tests.support.tickets import AGENT, DISPATCHER, OTHER_OFFICER, SUPERVISOR
from tickets.web.presence import (
    GONE_AFTER,
    MOST_AT_A_TICKET,
    MOST_TICKETS,
    Attendance,
    Here,
)


def at(office: TicketOffice, who: Principal) -> Socket:
    socket = office.seat(who).browser.socket("/tickets/here")
    socket.received()
    return socket


def say(socket: Socket, number: str, doing: str = "", do: str = "here") -> list[object]:
    socket.send({"id": 1, "do": do, "number": number, "doing": doing})
    return socket.received()


def test_others_are_told_who_comes_what_they_write_and_that_they_go() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    agent, dispatcher = at(office, AGENT), at(office, DISPATCHER)
    assert say(agent, number)[-1] == {"re": 1, "ok": []}
    answers = say(dispatcher, number, "dispatch")
    assert answers[-1]["ok"][0]["name"] == "agent"  # type: ignore[index]  # a JSON object
    news = [each for each in agent.received() if "set" in each]
    assert news[0]["set"][f"{number}/dispatcher"]["doing"] == "dispatch"
    say(dispatcher, number, "nonsense")
    news = [each for each in agent.received() if "set" in each]
    assert news[0]["set"][f"{number}/dispatcher"]["doing"] == ""
    say(dispatcher, number, do="gone")
    assert [each["del"] for each in agent.received() if "del" in each] == [[f"{number}/dispatcher"]]


def test_who_falls_silent_is_gone() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    agent, dispatcher = at(office, AGENT), at(office, DISPATCHER)
    say(dispatcher, number)
    assert f"{number}/dispatcher" in str(say(agent, number))
    news: list[object] = []
    for second in range(1, int(GONE_AFTER) + 16):
        office.desk.advance(seconds=1)
        dispatcher.received()
        news += say(agent, number) if second % 15 == 0 else agent.received()
    gone = [each["del"] for each in news if isinstance(each, dict) and "del" in each]
    assert gone == [[f"{number}/dispatcher"]]
    assert say(agent, number)[-1] == {"re": 1, "ok": []}


def test_nobody_hears_of_tickets_that_are_not_theirs_or_that_they_have_not_open() -> None:
    office = TicketOffice()
    number = office.desk.register().number
    stranger, supervisor = at(office, OTHER_OFFICER), at(office, SUPERVISOR)
    (refused,) = say(stranger, number)
    assert refused["error"] == "ticket.other_department"  # type: ignore[index]  # a JSON object
    (refused,) = say(stranger, "26112300000")
    assert refused["error"] == "ticket.unknown"  # type: ignore[index]  # a JSON object
    say(at(office, AGENT), number)
    assert [each for each in (*supervisor.received(), *stranger.received()) if "set" in each] == []


HERE = st.builds(
    Here,
    st.sampled_from([f"t{each}" for each in range(2 * MOST_TICKETS)]),
    st.sampled_from([StaffId(f"s{each}") for each in range(2 * MOST_AT_A_TICKET)]),
    st.just("x"),
    st.sampled_from(["", "reply"]),
)


@given(st.lists(st.tuples(HERE, st.floats(0, 30)), max_size=150))
def test_attendance_is_bounded_and_forgets_everybody_in_the_end(
    heard: list[tuple[Here, float]],
) -> None:
    attendance, now = Attendance(), 0.0
    present: set[tuple[str, StaffId]] = set()
    for here, later in heard:
        now += later
        gone = attendance.heard(here, now) + attendance.sweep(now)
        present |= {(here.number, here.staff_id)}
        present -= {(each.number, each.staff_id) for each in gone}
        assert attendance.is_at(here.staff_id, here.number)
    for number, staff_id in present:
        assert attendance.is_at(staff_id, number)
        assert len([each for each in attendance.with_(staff_id) if each.number == number]) <= (
            MOST_AT_A_TICKET
        )
        assert len({each.number for each in attendance.with_(staff_id)}) <= MOST_TICKETS
    attendance.sweep(now + GONE_AFTER + 1)
    assert not attendance.occupied
