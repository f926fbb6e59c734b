"""What is counted by quotas, in the database: shared by servers, and kept through a restart.

Runs in the database thread. A key is a digest under the house's key, so the table tells nobody who
asked, from where, or for what.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import cast

from sqlalchemy import Insert, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tickets.portal.quota import Charge, Quota
from tickets.portal.schema import QuotaRow

ROUNDING = 0.001
"""Seconds by which an instant may be off after it was written down."""


def place_of(key: bytes, charge: Charge) -> str:
    """Where the charge is counted."""
    quota, whose = charge
    return hmac.digest(key, repr(("quota", quota.name, whose)).encode(), "sha256").hex()


def take_txn(session: Session, charges: Mapping[str, Quota], now: datetime) -> float:
    """0.0, and each is counted at its place; or how many seconds it is too early, and none is."""
    places = [{"place": place, "used_up": now} for place in sorted(charges)]
    connection = session.connection()
    connection.execute(_held(connection.dialect.name), places)
    rows = session.scalars(select(QuotaRow).where(QuotaRow.place.in_(charges))).all()
    at = now.timestamp()
    used_up = {row: (charges[row.place], row.used_up.timestamp()) for row in rows}
    wait = max(quota.wait(until, at) for quota, until in used_up.values())
    if wait > ROUNDING:
        return wait
    for row, (quota, until) in used_up.items():
        row.used_up = datetime.fromtimestamp(quota.after(until, at), UTC)
    return 0.0


def forget_free_txn(session: Session, now: datetime) -> None:
    """Forget every key that has all it may have."""
    session.execute(delete(QuotaRow).where(QuotaRow.used_up <= now))


@cache
def _held(dialect: str) -> Insert:
    """Makes the rows that are not there, and holds each of them for this transaction."""
    table = cast(Table, QuotaRow.__table__)
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    place = statement.excluded["place"]
    held: Insert = statement.on_conflict_do_update(index_elements=["place"], set_={"place": place})
    return held
