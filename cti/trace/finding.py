"""From everything in a trace to the calls somebody asks for, their legs joined."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cti.trace.records import Fact, Leg, Message, Record
from cti.trace.summary import Summary

LEAST_DIGITS = 3
"""Of a telephone number, or part of one."""


@dataclass(slots=True)
class Traced:
    """A call of the house with all its legs, or a SIP call that never became one (`call_id` "")."""

    call_id: str = ""
    legs: dict[str, Leg] = field(default_factory=dict)
    """By SIP Call-ID."""
    messages: list[Summary] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    @property
    def began(self) -> float:
        """When its first record was written."""
        return min((each.message.at for each in self.messages), default=0.0)

    @property
    def name(self) -> str:
        """Our call id, or the SIP Call-ID where there is none."""
        return self.call_id or next((each.call_id for each in self.messages), "")

    @property
    def invitation(self) -> Summary | None:
        """What it began with; None for registrations and the like."""
        return next((each for each in self.messages if each.method == "INVITE"), None)


def find(records: Iterable[Record], wanted: str) -> list[Traced]:
    """The calls that `wanted` names, the oldest first.

    It is our call id or a part of it, a SIP Call-ID or a part, or a telephone number that calls
    or is called, its last digits at least.
    """
    calls = calls_in(records)
    named = [each for each in calls if _is_named(each, wanted)]
    return named or [each for each in calls if _has_number(each, wanted)]


def calls_in(records: Iterable[Record]) -> Sequence[Traced]:
    """Every call there is, the oldest first: the legs of one belong together, and one that moved
    to both.
    """
    by_sip: dict[str, list[Summary]] = defaultdict(list)
    calls: dict[str, Traced] = {}
    for record in records:
        match record:
            case Message():
                summary = Summary(record)
                by_sip[summary.call_id].append(summary)
            case Leg():
                call = calls.setdefault(record.call_id, Traced(record.call_id))
                call.legs.setdefault(record.sip_call_id, record)
            case Fact():
                calls.setdefault(record.call_id, Traced(record.call_id)).facts.append(record)
    for call in calls.values():
        parts = [by_sip.get(sip_call_id, []) for sip_call_id in call.legs]
        call.messages = sorted((one for part in parts for one in part), key=_instant)
    carrying = {sip_call_id for call in calls.values() for sip_call_id in call.legs}
    lone = [Traced(messages=parts) for name, parts in by_sip.items() if name not in carrying]
    found = [each for each in (*calls.values(), *lone) if each.messages]
    return sorted(found, key=lambda each: each.began)


def _is_named(call: Traced, wanted: str) -> bool:
    return wanted in call.call_id or any(wanted in each for each in _call_ids(call))


def _has_number(call: Traced, wanted: str) -> bool:
    number = wanted.lstrip("+")
    if len(number) < LEAST_DIGITS:
        return False
    return any(
        user.lstrip("+").endswith(number)
        for each in call.messages
        if each.method == "INVITE"
        for user in (each.calling, each.recipient, each.called)
    ) or any(leg.device.endswith(number) for leg in call.legs.values())


def _call_ids(call: Traced) -> set[str]:
    return {*call.legs, *(each.call_id for each in call.messages)}


def _instant(summary: Summary) -> float:
    return summary.message.at
