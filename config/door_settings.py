"""Reads what the settings file says of strangers at the door: `sip.door` and `sip.bans`."""

from ipaddress import ip_network

from cti.kernel.document import Section, Value
from cti.sip.access.bans import BanRules, Network
from cti.sip.access.doorkeeper import DoorRules

YEAR = 366 * 86400.0
MOST_MESSAGES = 1e6
NOBODY = ip_network("192.0.2.0/32")


def read_door(part: Section) -> DoorRules:
    """The rules of the door, as far as the section ``sip`` changes them."""
    usual = DoorRules()
    door, bans = part.get("door"), part.get("bans")
    rules = usual.bans if bans is None else _bans(bans.section())
    return DoorRules(bans=rules) if door is None else _door(door.section(), rules)


def _door(part: Section, bans: BanRules) -> DoorRules:
    usual = DoorRules()
    rules = DoorRules(
        each=part.read("each", usual.each, _rate),
        strangers=part.read("strangers", usual.strangers, _rate),
        burst=part.read("burst", usual.burst, lambda value: value.number(1, 60)),
        bans=bans,
    )
    part.close()
    return rules


def _bans(part: Section) -> BanRules:
    usual = BanRules()
    rules = BanRules(
        points=part.read("points", usual.points, _rate),
        period=part.read("period", usual.period, _seconds),
        lengths=part.read("lengths", usual.lengths, _lengths),
        forgiven=part.read("forgiven", usual.forgiven, _seconds),
        never=part.read("never", usual.never, _networks),
    )
    part.close()
    return rules


def _rate(value: Value) -> float:
    return value.number(1, MOST_MESSAGES)


def _seconds(value: Value) -> float:
    return value.number(1, YEAR)


def _lengths(value: Value) -> tuple[float, ...]:
    lengths = tuple(item.number(1, YEAR) for item in value.items())
    if not lengths or list(lengths) != sorted(lengths):
        value.wrong("must hold seconds, each no less than the one before")
    return lengths


def _networks(value: Value) -> tuple[Network, ...]:
    return tuple(_network(item) for item in value.items())


def _network(value: Value) -> Network:
    text = value.text()
    try:
        return ip_network(text, strict=False)
    except ValueError:
        value.wrong(f"{text!r} is no address or network, such as 192.0.2.0/24")
        return NOBODY
