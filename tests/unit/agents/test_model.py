"""With whom people work: what decides who reads no complaint about one of them."""

from dataclasses import replace

import pytest

from agents.model import AGENTS, Staff
from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.vocabulary import Role

LI = Staff(StaffId("1001"), "li", "李娜", frozenset({Role.AGENT}))
LONE = frozenset({Role.SUPERVISOR})
HEAD = frozenset({Role.HEAD})


@pytest.mark.parametrize(
    ("who", "unit"),
    [
        (replace(LI, team="客服一组"), "客服一组"),
        (LI, AGENTS),
        (replace(LI, roles=LONE), None),
        (replace(LI, roles=HEAD, department_id=DepartmentId("cards")), "cards"),
    ],
)
def test_a_department_a_team_or_all_agents_in_none_are_a_unit(who: Staff, unit: str | None) -> None:
    assert who.unit == unit
    assert who.principal.unit == unit
