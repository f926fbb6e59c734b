"""Which numbers a member of staff may dial. Pure.

Rights are kinds of numbers, as trunks have them (`cti.trunks.numbers.Reach`). Help in need may
always be called; premium numbers, and what is no number at all, never.
"""

import re
from collections.abc import Iterable

from agents.errors import may_not_dial, right_unknown
from cti.trunks.numbers import LONGEST, Numbers, Reach, shown

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
CUSTOMERS = frozenset({Reach.FREE, Reach.LOCAL, Reach.NATIONAL, Reach.MOBILE, Reach.INTERNATIONAL})
"""Where customers are; the bank's own rules say which of these it calls."""
_WRITTEN = re.compile(rf"[-+0-9*#.() ]{{1,{LONGEST}}}")
"""A number as people write it."""
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


def may_call_back(number: str, numbers: Numbers) -> bool:
    """Whether a customer can be called at a number they key in: no premium service, no help."""
    return numbers.reach(numbers.dialled(number)) in CUSTOMERS


def check_right(number: str, rights: frozenset[Reach], numbers: Numbers) -> Reach:
    """What kind of number it is; Refused (``dial.not_allowed``) without the right to dial it.

    A number comes from a page, and goes into journals and records: nothing else may be in it.
    """
    reach = numbers.reach(numbers.dialled(number))
    if allowed(number, rights, numbers) and _WRITTEN.fullmatch(number):
        return reach
    raise may_not_dial(shown(number), reach)
