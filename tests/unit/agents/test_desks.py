from hypothesis import given
from hypothesis import strategies as st

from agents.desks import REMEMBERED, Desk
from agents.events import AgentState, DeskTaken
from agents.service import AgentService
from cti.kernel.identifiers import AgentId, DeviceId
from tests.support.call_centre import CallCentre

A = AgentId("a")


def in_page(_extension: DeviceId) -> bool:
    return True


def working(in_a_page: bool = True) -> tuple[CallCentre, AgentService]:
    centre = CallCentre({"a": {"general": 5}})
    if in_a_page:
        centre.in_page = in_page
        centre.restart()
    centre.ready("a")
    centre.service.desks.joined(A, "one")
    return centre, centre.service


def test_the_page_opened_last_is_where_the_agent_works() -> None:
    desk = Desk("one").joined("two")
    assert desk == Desk("two", ("one",))
    assert desk.joined("one") == desk, "back, it looks on"
    assert desk.joined("two") == desk
    assert desk.taken("one") == Desk("one", ("two",))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([str(n) for n in range(12)]))))
def test_an_agent_works_at_one_page(opened: list[tuple[bool, str]]) -> None:
    desk = Desk("0")
    for taking, page in opened:
        before = desk
        desk = desk.taken(page) if taking else desk.joined(page)
        assert desk.page not in desk.before
        assert len(desk.before) <= REMEMBERED
        assert desk.page == page or (desk == before and page in before.before)


def test_a_desk_left_for_too_long_takes_the_agent_out() -> None:
    centre, service = working()
    centre.clock.advance(60)
    service.desks.left(A, "one")
    centre.clock.advance(9)
    assert service.view(A).state is AgentState.READY
    centre.clock.advance(1)
    view = service.view(A)
    assert (view.state, view.reason) == (AgentState.NOT_READY, "lagged")


def test_a_page_that_is_back_in_time_changes_nothing() -> None:
    centre, service = working()
    service.desks.left(A, "one")
    centre.clock.advance(5)
    service.desks.joined(A, "one")
    centre.clock.advance(60)
    assert service.view(A).state is AgentState.READY
    assert len(centre.events(DeskTaken)) == 1


def test_a_silent_page_takes_the_agent_out_and_one_that_looks_on_does_not() -> None:
    _, service = working()
    service.desks.joined(A, "two")
    service.desks.silent(A, "one", 60)
    service.desks.left(A, "one")
    service.desks.silent(A, "two", 9)
    assert service.view(A).state is AgentState.READY
    service.desks.silent(A, "two", 10)
    assert service.view(A).reason == "lagged"


def test_who_has_a_telephone_on_the_desk_needs_no_page() -> None:
    centre, service = working(in_a_page=False)
    service.desks.left(A, "one")
    centre.clock.advance(60)
    assert service.view(A).state is AgentState.READY


def test_a_call_goes_on_whoever_looks() -> None:
    centre, service = working()
    centre.answer(centre.call())
    service.desks.left(A, "one")
    centre.clock.advance(60)
    assert service.view(A).state is AgentState.BUSY


def test_the_next_server_knows_where_everybody_works() -> None:
    centre, service = working()
    service.desks.joined(A, "two")
    centre.restart(3)
    desks = centre.service.desks
    assert desks.at(A) == "two"
    centre.clock.advance(11)
    assert centre.service.view(A).reason == "lagged", "nobody came back to the desk"


def test_who_closes_the_page_worked_at_works_on_in_the_one_that_is_open() -> None:
    centre, service = working()
    service.desks.joined(A, "two")
    service.desks.joined(A, "three")
    service.desks.left(A, "two")
    service.desks.left(A, "three")
    centre.clock.advance(9)
    assert service.desks.at(A) == "three", "it may only be loaded again"
    centre.clock.advance(1)
    assert service.desks.at(A) == "one"
    assert service.view(A).state is AgentState.READY
    service.desks.left(A, "one")
    centre.clock.advance(10)
    assert service.view(A).reason == "lagged"


def test_the_next_server_finds_agents_in_the_page_that_comes_back() -> None:
    centre, service = working()
    service.desks.joined(A, "two")
    centre.restart(3)
    desks = centre.service.desks
    desks.joined(A, "one")
    assert desks.at(A) == "two"
    centre.clock.advance(11)
    assert desks.at(A) == "one"
    assert centre.service.view(A).state is AgentState.READY
