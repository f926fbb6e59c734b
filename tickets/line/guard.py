"""How often proofs by telephone may be wrong, and who hears that they were too often.

One telephone number, and one ticket whoever tries, have so many wrong tries a day. Whoever goes
through many tickets from ever other numbers is seen by the house alone: too many wrong tries of
everybody together, and it cools down. Until that is over, and where a ticket is locked, only who
calls from a number that the ticket has may still prove that it is theirs: customers mostly do, and
whoever knows that number would not have to guess its last digits.

Everything is kept in the database, so a restart forgives nothing; its functions run there.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from cti.kernel.vocabulary import Role
from tickets.line.schema import CoolDownRow, WrongTryRow
from tickets.line.settings import LineSettings
from tickets.masking import Mask, masked
from tickets.messages import add_message_txn
from tickets.model import WHOLE_HOUSE, Audience, MessageKind

HELD = 0x_7121_0001
"""Of PostgreSQL's advisory locks that of proofs (documentation of PostgreSQL, 13.3.5)."""
WITHHELD = ""
MORE_WITHHELD = 10
"""Times as many wrong tries for all whose number is withheld, who count as one."""
LONGEST_CALLING = 32
LONGEST_SOUGHT = 16


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody tries to prove that a ticket is theirs; numbers are in the form they are kept in."""

    calling: str
    sought: str
    own: bool
    """Whether they call from a number that the ticket has."""
    at: datetime


def hold_txn(session: Session) -> None:
    """Keep other tries waiting until the commit, or who calls many times at once has more of them.

    SQLite lets one transaction write at a time, and needs nothing for it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(HELD)))


def locked_txn(session: Session, one: Try, settings: LineSettings) -> bool:
    """Whether it is not even looked at."""
    session.execute(delete(WrongTryRow).where(WrongTryRow.at < one.at - settings.longest))
    session.execute(delete(CoolDownRow).where(CoolDownRow.until < one.at - settings.longest))
    if _by_caller_txn(session, one, settings) >= _most(one, settings):
        return True
    if one.own:
        return False
    of_it = _wrong_txn(session, WrongTryRow.sought == one.sought, one.at - settings.within)
    return of_it >= settings.wrong_by_ticket or _cools_txn(session, one.at)


def wrong_txn(session: Session, one: Try, settings: LineSettings) -> bool:
    """Count the wrong try; whether the supervisors were told that this was one too many."""
    session.add(WrongTryRow(at=one.at, calling=one.calling, sought=one.sought))
    session.flush()
    told = False
    if _by_caller_txn(session, one, settings) == _most(one, settings):
        _tell_txn(session, masked(Mask.PHONE, one.calling), one.at)
        told = True
    if not _cools_txn(session, one.at) and _of_house_txn(session, one.at, settings) >= (
        settings.wrong_by_house
    ):
        session.add(CoolDownRow(at=one.at, until=one.at + settings.cool_down))
        _tell_txn(session, WHOLE_HOUSE, one.at)
        told = True
    return told


def _most(one: Try, settings: LineSettings) -> int:
    return settings.wrong_by_caller * (1 if one.calling != WITHHELD else MORE_WITHHELD)


def _by_caller_txn(session: Session, one: Try, settings: LineSettings) -> int:
    return _wrong_txn(session, WrongTryRow.calling == one.calling, one.at - settings.within)


def _of_house_txn(session: Session, at: datetime, settings: LineSettings) -> int:
    """Since it cooled down last, if that is not too long ago."""
    cooled = session.scalar(select(func.max(CoolDownRow.until)))
    since = at - settings.house_within
    counted = select(func.count()).select_from(WrongTryRow).where(WrongTryRow.at >= since)
    if cooled is not None:
        counted = counted.where(WrongTryRow.at >= cooled)
    return session.execute(counted).scalar_one()


def _cools_txn(session: Session, at: datetime) -> bool:
    found = select(CoolDownRow.id).where(CoolDownRow.until > at).limit(1)
    return session.scalar(found) is not None


def _wrong_txn(session: Session, which: ColumnElement[bool], since: datetime) -> int:
    counted = select(func.count()).select_from(WrongTryRow).where(which, WrongTryRow.at >= since)
    return session.execute(counted).scalar_one()


def _tell_txn(session: Session, whom: str, at: datetime) -> None:
    add_message_txn(session, None, Audience(Role.SUPERVISOR), MessageKind.GUESSING, whom, at)
