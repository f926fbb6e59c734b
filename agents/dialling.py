"""Which numbers a member of staff may dial. Pure.

Rights are kinds of numbers, as trunks have them (`cti.trunks.numbers.Reach`). Help in need may
always be called; premium numbers, and what is no number at all, never.
"""

from collections.abc import Iterable

from agents.errors import may_not_dial, right_unknown
from cti.trunks.numbers import Numbers, Reach

RIGHTS = (
    Reach.INTERNAL,
    Reach.SERVICE,
    Reach.FREE,
    Reach.LOCAL,
    Reach.NATIONAL,
    Reach.MOBILE,
    Reach.INTERNATIONAL,
)
"""What staff can be given, from the nearest to the farthest."""
_BY_NAME = {reach.value: reach for reach in RIGHTS}


def rights_from(names: Iterable[str]) -> frozenset[Reach]:
    """The rights of those names; Refused (``dial.right_unknown``) for a name that is none."""
    found = set()
    for name in names:
        if name not in _BY_NAME:
            raise right_unknown(name, tuple(_BY_NAME))
        found.add(_BY_NAME[name])
    return frozenset(found)


def allowed(number: str, rights: frozenset[Reach], numbers: Numbers) -> bool:
    """Whether those rights let one dial that number."""
    reach = numbers.reach(numbers.dialled(number))
    return reach is Reach.EMERGENCY or reach in rights


def check_right(number: str, rights: frozenset[Reach], numbers: Numbers) -> Reach:
    """What kind of number it is; Refused (``dial.not_allowed``) without the right to dial it."""
    reach = numbers.reach(numbers.dialled(number))
    if allowed(number, rights, numbers):
        return reach
    raise may_not_dial(number, reach)
