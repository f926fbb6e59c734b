"""What an empty house is filled with: the demo bank and its staff."""

from datetime import date, datetime

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.model import Staff
from agents.repository import NewStaff, store_staff_txn
from agents.schema import StaffRow
from config.demo.load import load_bank_txn
from config.demo.model import Demo, DemoStaff, People
from cti.kernel.identifiers import Entropy
from cti.kernel.vocabulary import Language
from ivr.bank.digests import Digests
from tickets.catalogue.model import Author, Line
from tickets.catalogue.repository import catalogue_txn, save_txn
from tickets.model import SYSTEM, Department
from tickets.repository import save_department_txn

FOUNDER = Author(SYSTEM.staff_id, SYSTEM.name, "演示银行的派单目录 catalogue of the demo bank")


def has_staff_txn(session: Session) -> bool:
    """Whether anybody works here yet."""
    return session.scalar(select(StaffRow.id).limit(1)) is not None


def found_demo_txn(
    session: Session,
    demo: Demo,
    realm: str,
    hasher: PasswordHasher,
    digests: Digests,
    entropy: Entropy,
    catalogue: tuple[Line, ...],
    at: datetime,
    today: date,
) -> None:
    """Store the demo bank: departments, their catalogue, staff, customers, accounts, cards."""
    employ_txn(session, People(demo.departments, demo.staff), realm, hasher)
    if catalogue_txn(session).version == 0:
        save_txn(session, catalogue, 0, FOUNDER, at)
    load_bank_txn(session, demo, today, digests, entropy)


def employ_txn(session: Session, people: People, realm: str, hasher: PasswordHasher) -> None:
    """Add these departments and this staff, or replace those whose id is known."""
    for department in people.departments:
        names = department.names
        save_department_txn(
            session,
            Department(
                department.department_id,
                names[Language.CHINESE],
                names[Language.ENGLISH],
                department.calendar,
            ),
        )
    store_staff_txn(session, [_new_staff(each) for each in people.staff], realm, hasher)


def _new_staff(each: DemoStaff) -> NewStaff:
    staff = Staff(
        staff_id=each.staff_id,
        login=each.login,
        name=each.name,
        roles=each.roles,
        language=each.language,
        department_id=each.department_id,
        extension=each.extension,
        skills=each.skills,
        languages=each.languages,
        may_dial=each.may_dial,
        priorities=each.priorities,
        email=each.email,
        team=each.team,
    )
    return NewStaff(staff, each.password, each.sip_secret)
