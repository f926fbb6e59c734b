"""Which trunks carry a call, in which order, and which of their gateways is tried first."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cti.trunks.health import Health
from cti.trunks.numbers import Kind, Number, Numbers, Reach
from cti.trunks.registering import Chance
from cti.trunks.settings import Gateway, Trunk, TrunksSettings

REACHES = {reach.value: reach for reach in Reach}


def trunks_for(number: Number, settings: TrunksSettings, numbers: Numbers) -> Iterator[Trunk]:
    """The trunks that may carry a call to the number, the best first.

    Emergency calls may go by every trunk, whatever it is allowed else.
    """
    reach = numbers.reach(number)
    rule = next((each for each in settings.routes if _meant(each.to, number, numbers)), None)
    names = rule.trunks if rule else () if settings.routes else tuple(settings.trunks)
    if reach is Reach.EMERGENCY:
        names = (*names, *(each for each in settings.trunks if each not in names))
    for name in names:
        trunk = settings.trunks[name]
        if trunk.gateways and (reach is Reach.EMERGENCY or reach in trunk.reaches):
            yield trunk


def in_order(
    gateways: Iterable[tuple[Gateway, Health]], chance: Chance
) -> Sequence[tuple[Gateway, Health]]:
    """The gateways in the order to try them: alive, then priority, then by lot (RFC 2782)."""
    left = list(gateways)
    ordered = []
    while left:
        best = min((health.place, gateway.priority) for gateway, health in left)
        equals = [each for each in left if (each[1].place, each[0].priority) == best]
        drawn = _draw(equals, chance)
        ordered.append(drawn)
        left.remove(drawn)
    return ordered


def matches(pattern: str, number: Number, numbers: Numbers) -> bool:
    """Whether the number is of that kind, or written like that (`Rule.to`)."""
    if reach := REACHES.get(pattern):
        return numbers.reach(number) is reach
    if pattern.endswith("*") or "X" in pattern:
        shape = re.escape(pattern).replace("X", "[0-9]").replace(r"\*", ".*")
        return re.fullmatch(shape, number.text) is not None
    return number.kind is not Kind.OTHER and numbers.read(pattern) == number


def _meant(patterns: Sequence[str], number: Number, numbers: Numbers) -> bool:
    return not patterns or any(matches(each, number, numbers) for each in patterns)


def _draw(equals: list[tuple[Gateway, Health]], chance: Chance) -> tuple[Gateway, Health]:
    """One of them, the more often the greater its weight; the first, where none has any."""
    total = sum(gateway.weight for gateway, _ in equals)
    lot = chance() * total
    for each in equals:
        lot -= each[0].weight
        if lot < 0:
            return each
    return equals[0]
