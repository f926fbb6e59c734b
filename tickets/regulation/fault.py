"""Whose time it was: the time a ticket took, shared out by who could have moved it on.

At every instant exactly one party holds the matter, or none once it has ended, so the shares add
up to the time the ticket was open. What a department writes is its own time until its head has
signed; what waits for a ruling or a review is the hotline's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from tickets.model import ENDED, Case, CaseState, DispatchState, SuspensionGround

NO_TIME = timedelta(0)


class Party(Enum):
    """Who can move a ticket on."""

    HOTLINE = "hotline"
    """热线"""
    DEPARTMENT = "department"
    """承办部门"""
    CUSTOMER = "customer"
    """客户: must bring or decide something, or agreed on a later date."""
    EXTERNAL = "external"
    """外部: somebody outside the bank appraises, tests or assesses."""


_OF_GROUND: Mapping[SuspensionGround, Party] = {
    SuspensionGround.CUSTOMER: Party.CUSTOMER,
    SuspensionGround.APPOINTMENT: Party.CUSTOMER,
    SuspensionGround.APPRAISAL: Party.EXTERNAL,
}
_AT_THE_DESK = frozenset({DispatchState.RESULT, DispatchState.REFUSAL_ASKED})


@dataclass(frozen=True, slots=True)
class Shares:
    """How long each party held a ticket; parties that never did are left out."""

    of: Mapping[Party, timedelta] = field(default_factory=dict)

    @property
    def elapsed(self) -> timedelta:
        """All of it together."""
        return sum(self.of.values(), NO_TIME)

    def __add__(self, other: "Shares") -> "Shares":
        """Both together."""
        return Shares({each: self.time(each) + other.time(each) for each in {*self.of, *other.of}})

    def time(self, party: Party) -> timedelta:
        """How long that party held it."""
        return self.of.get(party, NO_TIME)

    def percent(self, party: Party) -> float:
        """Its share in percent; 0 where no time has passed."""
        elapsed = self.elapsed
        return 100 * (self.time(party) / elapsed) if elapsed else 0.0


NO_SHARES = Shares()


def holder(case: Case) -> Party | None:
    """Who can move the case on as it is; None once it has ended."""
    if case.state in ENDED:
        return None
    if case.appraised:
        return Party.EXTERNAL
    lead = case.lead
    if case.state is not CaseState.IN_PROGRESS or lead is None or lead.state in _AT_THE_DESK:
        return Party.HOTLINE
    if lead.suspension is not None:
        return _OF_GROUND[lead.suspension.ground]
    return Party.DEPARTMENT


def held(case: Case, since: datetime, until: datetime) -> Shares:
    """The shares of a time in which nothing happened to the case."""
    party = holder(case)
    if party is None or until <= since:
        return NO_SHARES
    return Shares({party: until - since})


def shared_out(lives: Iterable[tuple[datetime, Case]], until: datetime) -> Shares:
    """The shares of a whole life: the case as each act left it, in order, and the present."""
    total, before = NO_SHARES, None
    for at, case in lives:
        if before is not None:
            total += held(before[1], before[0], at)
        before = (at, case)
    return total + held(before[1], before[0], until) if before is not None else total
