"""Who sees a ticket: by role, by department, and never those complained of."""

from dataclasses import replace
from itertools import product

import pytest

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.vocabulary import Role
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_AGENT,
    OTHER_OFFICER,
    SUPERVISOR,
    person,
)
from tickets.visibility import EVERYTHING, Concern, check_visible, visible

SENT = Concern([CARDS])


@pytest.mark.parametrize(("role", "department"), list(product(Role, (None, CARDS, LENDING))))
def test_the_house_sees_all_and_departments_their_own(
    role: Role, department: DepartmentId | None
) -> None:
    expected = role in EVERYTHING or department == CARDS
    assert visible(person(role, department), SENT) == expected


def test_nobody_without_a_department_sees_what_was_sent_nowhere() -> None:
    assert not visible(person(Role.OFFICER), Concern())


@pytest.mark.parametrize("who", [OFFICER, HEAD, person(Role.SUPERVISOR, CARDS)])
def test_a_complaint_is_hidden_from_the_unit_of_whom_it_is_about(who: object) -> None:
    concern = Concern([CARDS, LENDING], StaffId("clerk"), CARDS)
    assert not visible(who, concern)  # type: ignore[arg-type]  # pytest hands on what it was given
    assert visible(OTHER_OFFICER, concern)
    assert visible(DISPATCHER, concern)


def test_an_agent_without_a_unit_does_not_see_what_is_about_them() -> None:
    concern = Concern([CARDS], AGENT.staff_id)
    assert not visible(AGENT, concern)
    assert visible(SUPERVISOR, concern)
    assert visible(OFFICER, concern)


def test_a_complaint_is_hidden_from_the_team_of_whom_it_is_about() -> None:
    team, other = DepartmentId("客服一组"), DepartmentId("客服二组")
    concern = Concern([CARDS], StaffId("1001"), team)
    assert not visible(replace(OTHER_AGENT, unit=team), concern)
    assert visible(replace(OTHER_AGENT, unit=other), concern)
    assert visible(SUPERVISOR, concern)
    assert visible(OFFICER, concern)


def test_whom_it_concerns_is_told_that_there_is_no_such_ticket() -> None:
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        check_visible(AGENT, "26112200017", Concern([CARDS], AGENT.staff_id))
    with pytest.raises(Refused, match=r"ticket\.other_department"):
        check_visible(OTHER_OFFICER, "26112200017", SENT)
    check_visible(OFFICER, "26112200017", SENT)
