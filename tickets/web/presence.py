"""Who else has a ticket open, and whether they write: a hint, no lock.

A page says every few seconds that it is there; who has not said so for a while is gone. What is
kept is bounded: so many people at a ticket, so many tickets a person.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from twisted.web.resource import Resource

from cti.kernel.clock import Clock, DelayedCall
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.web.frame import Frame
from cti.web.live import Command, LiveBoard
from tickets.service import TicketService
from tickets.visibility import check_visible, concern_of
from tickets.web.reach import READERS
from tickets.workflow import Action

GONE_AFTER = 45.0
"""Seconds without a word after which somebody is gone; pages speak every 15."""
SWEEP_EVERY = 15.0
MOST_AT_A_TICKET = 20
MOST_TICKETS = 20
"""Pages of one person that are kept; the one not heard of for longest goes first."""
READING = ""
_DOINGS = frozenset({READING, *(action.value for action in Action)})


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody at a ticket; `doing` is the act whose form they fill in, or nothing."""

    number: str
    staff_id: StaffId
    name: str
    doing: str


@dataclass(slots=True)
class Attendance:
    """Who is where since when they were last heard of, by a clock of seconds."""

    _at: dict[str, OrderedDict[StaffId, tuple[Here, float]]] = field(default_factory=dict)
    _of: dict[StaffId, OrderedDict[str, None]] = field(default_factory=dict)

    def heard(self, here: Here, now: float) -> list[Here]:
        """Somebody is there; who left for it, because there are too many."""
        left: list[Here] = []
        there = self._at.setdefault(here.number, OrderedDict())
        if here.staff_id not in there and len(there) >= MOST_AT_A_TICKET:
            left += self.left(next(iter(there)), here.number)
        there = self._at.setdefault(here.number, OrderedDict())
        there[here.staff_id] = (here, now)
        there.move_to_end(here.staff_id)
        own = self._of.setdefault(here.staff_id, OrderedDict())
        own[here.number] = None
        own.move_to_end(here.number)
        if len(own) > MOST_TICKETS:
            left += self.left(here.staff_id, next(iter(own)))
        return left

    def left(self, staff_id: StaffId, number: str) -> list[Here]:
        """They are not there any more; whom that makes gone."""
        there, own = self._at.get(number, OrderedDict()), self._of.get(staff_id, OrderedDict())
        gone = there.pop(staff_id, None)
        own.pop(number, None)
        if not there:
            self._at.pop(number, None)
        if not own:
            self._of.pop(staff_id, None)
        return [gone[0]] if gone else []

    def sweep(self, now: float) -> list[Here]:
        """Who was not heard of for too long, and is gone now."""
        silent = [
            here
            for there in self._at.values()
            for here, heard in there.values()
            if now - heard >= GONE_AFTER
        ]
        return [gone for here in silent for gone in self.left(here.staff_id, here.number)]

    def with_(self, staff_id: StaffId) -> list[Here]:
        """Everybody at a ticket where that person is."""
        own = self._of.get(staff_id, ())
        return [here for number in own for here, _ in self._at[number].values()]

    @property
    def occupied(self) -> bool:
        """Whether anybody is anywhere."""
        return bool(self._at)

    def is_at(self, staff_id: StaffId, number: str) -> bool:
        """Whether the person was heard of there."""
        return staff_id in self._at.get(number, ())

    def known(self, staff_id: StaffId, number: str) -> Here | None:
        """What they said last there."""
        found = self._at.get(number, OrderedDict()).get(staff_id)
        return found[0] if found else None


class PresenceBoard:
    """Tells each page who else is at its ticket."""

    def __init__(self, frame: Frame, service: TicketService) -> None:
        self._clock: Clock = frame.clock
        self._service = service
        self._attendance = Attendance()
        self._timer: DelayedCall | None = None
        self.board = LiveBoard(
            frame,
            *READERS,
            snapshot=self._snapshot,
            visible=self._visible,
            handler=self._said,
        )

    def resource(self) -> Resource:
        """Where the pages' WebSocket connects to."""
        return self.board.resource()

    def close(self) -> None:
        """Disconnect every page."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self.board.close()

    async def _said(self, principal: Principal, command: Command) -> list[Here]:
        """``here`` with the number and what is being done, or ``gone``; who else is there."""
        number, doing = str(command.get("number", "")), str(command.get("doing", ""))
        if command["do"] == "gone":
            self._show_gone(self._attendance.left(principal.staff_id, number))
            return []
        came = not self._attendance.is_at(principal.staff_id, number)
        if came:
            await self._check(principal, number)
        doing = doing if doing in _DOINGS else READING
        here = Here(number, principal.staff_id, principal.name, doing)
        news = self._attendance.known(principal.staff_id, number) != here
        self._show_gone(self._attendance.heard(here, self._clock.seconds()))
        self._arm()
        if news:
            self.board.publish(_key(here), here)
        others = [
            each
            for each in self._attendance.with_(principal.staff_id)
            if each.number == number and each.staff_id != here.staff_id
        ]
        if came:  # whoever comes is told of those there, so that their going is told too
            for each in others:
                self.board.publish(_key(each), each)
        return others

    async def _check(self, principal: Principal, number: str) -> None:
        view = await self._service.view(number)
        if view is None:
            raise Refused("ticket.unknown", number=number)
        check_visible(principal, number, concern_of(view.case))

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self._clock.callLater(SWEEP_EVERY, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        self._show_gone(self._attendance.sweep(self._clock.seconds()))
        if self._attendance.occupied:
            self._arm()

    def _show_gone(self, gone: list[Here]) -> None:
        self.board.delete(*(_key(here) for here in gone))

    def _snapshot(self, principal: Principal) -> dict[str, Any]:
        return {_key(here): here for here in self._attendance.with_(principal.staff_id)}

    def _visible(self, principal: Principal, _key: str, value: Any) -> bool:
        return self._attendance.is_at(principal.staff_id, value.number)


def _key(here: Here) -> str:
    return f"{here.number}/{here.staff_id}"
