"""Staff, queues and notes in the database; every function runs in the database thread."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.acd.overflow import waiting_from, waiting_to
from agents.acd.rules import rules_from, rules_to
from agents.dialling import rights_from
from agents.model import Queue, Staff
from agents.schema import CallNoteRow, QueueRow, SkillRow, StaffRow
from cti.kernel.identifiers import AgentId, CallId, DepartmentId, DeviceId, QueueId, StaffId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Role


@dataclass(frozen=True, slots=True)
class SipDigests:
    """HA1 of RFC 7616, 3.4.2, as lower-case hexadecimal, in the algorithms of RFC 8760."""

    md5: str
    sha256: str


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A member of staff to be stored, with what they will sign in with.

    `telephone_secret` is needed for whoever has an extension.
    """

    staff: Staff
    password: Secret
    telephone_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A stored member of staff with hashes, which `repr` does not show."""

    staff: Staff
    password_hash: Secret
    sip: SipDigests | None


@dataclass(frozen=True, slots=True)
class Note:
    """What an agent wrote about a call."""

    agent_id: AgentId
    text: str
    saved: datetime


def sip_digests(user: str, realm: str, secret: Secret) -> SipDigests:
    """H(user:realm:secret) in MD5 and SHA-256."""
    joined = f"{user}:{realm}:{secret.reveal()}".encode()
    return SipDigests(
        hashlib.md5(joined, usedforsecurity=False).hexdigest(),
        hashlib.sha256(joined).hexdigest(),
    )


def store_staff_txn(
    session: Session, staff: Sequence[NewStaff], realm: str, hasher: PasswordHasher
) -> None:
    """Add the staff, or replace those whose id is known. Hashing takes its time here."""
    for new in staff:
        session.merge(_staff_row(new, realm, hasher))


def load_staff_txn(session: Session) -> list[Credentials]:
    """Everybody, ordered by login name."""
    rows = session.scalars(select(StaffRow).order_by(StaffRow.login))
    return [_credentials(row) for row in rows]


def store_queues_txn(session: Session, queues: Sequence[Queue]) -> None:
    """Add the queues, or replace those whose id is known."""
    for queue in queues:
        session.merge(
            QueueRow(
                id=queue.queue_id,
                name_zh=queue.names[Language.CHINESE],
                name_en=queue.names[Language.ENGLISH],
                threshold=queue.threshold,
                rules=rules_to(queue.rules),
                waiting=waiting_to(queue.waiting),
            )
        )


def load_queues_txn(session: Session) -> list[Queue]:
    """Every queue, ordered by id."""
    return [_queue(row) for row in session.scalars(select(QueueRow).order_by(QueueRow.id))]


def save_note_txn(
    session: Session, call_id: CallId, agent_id: AgentId, text: str, at: datetime
) -> None:
    """Keep what the agent has written so far; an older text never replaces a newer one."""
    row = session.get(CallNoteRow, (call_id, agent_id))
    if row is None:
        session.add(CallNoteRow(call_id=call_id, agent_id=agent_id, text=text, saved=at))
    elif row.saved <= at:
        row.text, row.saved = text, at


def notes_txn(session: Session, call_id: CallId) -> list[Note]:
    """What agents wrote about the call, the oldest first."""
    rows = session.scalars(
        select(CallNoteRow).where(CallNoteRow.call_id == call_id).order_by(CallNoteRow.saved)
    )
    return [Note(AgentId(row.agent_id), row.text, row.saved) for row in rows]


def _staff_row(new: NewStaff, realm: str, hasher: PasswordHasher) -> StaffRow:
    staff, sip = new.staff, None
    if staff.extension is not None and new.telephone_secret is not None:
        sip = sip_digests(staff.extension, realm, new.telephone_secret)
    return StaffRow(
        id=staff.staff_id,
        login=staff.login,
        name=staff.name,
        roles=sorted(role.value for role in staff.roles),
        language=staff.language.value,
        languages=sorted(language.value for language in staff.languages),
        may_dial=sorted(reach.value for reach in staff.may_dial),
        priorities=dict(staff.priorities),
        department_id=staff.department_id,
        extension=staff.extension,
        email=staff.email,
        team=staff.team,
        password_hash=hasher.hash(new.password.reveal()),
        sip_md5=sip.md5 if sip else None,
        sip_sha256=sip.sha256 if sip else None,
        skills=[
            SkillRow(staff_id=staff.staff_id, skill=skill, level=level)
            for skill, level in sorted(staff.skills.items())
        ],
    )


def _credentials(row: StaffRow) -> Credentials:
    staff = Staff(
        staff_id=StaffId(row.id),
        login=row.login,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        language=Language(row.language),
        department_id=DepartmentId(row.department_id) if row.department_id else None,
        extension=DeviceId(row.extension) if row.extension else None,
        skills={each.skill: each.level for each in row.skills},
        languages=frozenset(Language(language) for language in row.languages),
        may_dial=rights_from(row.may_dial),
        priorities=row.priorities,
        email=row.email,
        team=row.team,
    )
    sip = SipDigests(row.sip_md5, row.sip_sha256) if row.sip_md5 and row.sip_sha256 else None
    return Credentials(staff, Secret(row.password_hash), sip)


def _queue(row: QueueRow) -> Queue:
    names = {Language.CHINESE: row.name_zh, Language.ENGLISH: row.name_en}
    rules, waiting = rules_from(row.rules), waiting_from(row.waiting)
    return Queue(QueueId(row.id), names, rules, waiting, row.threshold)
