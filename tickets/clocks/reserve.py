"""Until when a department's result must be there, so that its customer is answered in time.

It is due so long before the decision as the policy reserves for review and answer; an order that
is sent when nothing but the reserve is left is due with the decision itself. Neither takes from
its department the time that it has to accept an order: where that ends later, as after a night or
over a weekend, the result is due then, though not after the decision, unless the department does
not work at all before that.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tickets.clocks.calendars import Calendars
from tickets.clocks.model import NO_TIME, Clock
from tickets.clocks.running import reached, used_until
from tickets.workflow import ClockKind


def latest_result(
    result: Clock,
    clocks: Iterable[Clock],
    decided: datetime,
    calendars: Calendars,
    reserve: timedelta,
) -> datetime:
    """The last instant for that result, where the decision is due at `decided`.

    One that began after that is not limited by it: its own limit stands.
    """
    if decided <= result.started:
        return decided
    left = calendars.hotline.back(decided, reserve)
    latest = left if result.started < left else decided
    fair = reached(result, _to_accept(result, clocks), calendars).at
    if used_until(result, decided, calendars):
        fair = min(fair, decided)
    return max(latest, fair)


def _to_accept(result: Clock, clocks: Iterable[Clock]) -> timedelta:
    mine = (
        each.target
        for each in clocks
        if each.kind is ClockKind.ACCEPT and each.dispatch == result.dispatch
    )
    return max(mine, default=NO_TIME)
