"""What an operator may ask and tell of bans, as plain values."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any

from cti.sip.access.bans import Bans

LONGEST = 366 * 86400.0
"""Seconds of a ban that an operator gives."""


def bans_desk(
    bans: Bans, seconds: Callable[[], float], changed: Callable[[], object]
) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Answers ``{"do": "list"}``, ``{"do": "lift", "address"}``, ``{"do": "add", "address",
    "seconds"}``; ValueError. `changed` is called after each change.
    """

    def answer(order: Mapping[str, Any]) -> Mapping[str, Any]:
        now = seconds()
        match order:
            case {"do": "list"}:
                return {"bans": [asdict(ban) for ban in bans.current(now)]}
            case {"do": "lift", "address": str(address)}:
                lifted = bans.lift(str(ip_address(address)), now)
                changed()
                return {"lifted": lifted}
            case {"do": "add", "address": str(address), "seconds": int() | float() as length} if (
                0 < length <= LONGEST
            ):
                ban = bans.add(address, float(length), now)
                changed()
                return {"bans": [asdict(ban)]}
        raise ValueError("no such order")

    return answer
