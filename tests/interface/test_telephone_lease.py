"""One house at a time serves the telephones of a database on PostgreSQL; who has it is told."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from config.telephone_lease import ATTEMPTS, PAUSE, TelephoneLease, holder_txn
from cti.kernel.errors import ConfigurationError
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of

pytestmark = pytest.mark.needs("postgresql")
House = Callable[[], TelephoneLease]


@pytest.fixture
def house(postgresql_url: str) -> Iterator[House]:
    made: list[tuple[DirectDatabase, TelephoneLease]] = []

    def start() -> TelephoneLease:
        database = DirectDatabase(postgresql_url)
        made.append((database, TelephoneLease(database, Clock())))
        return made[-1][1]

    yield start
    for database, lease in made:
        lease.release()
        database.stop()


def taking(lease: TelephoneLease) -> Deferred[None]:
    taken = Deferred.fromCoroutine(lease.take())
    lease._clock.pump([PAUSE] * ATTEMPTS)  # type: ignore[attr-defined]  # a Clock moved by hand
    return taken


def end(lease: TelephoneLease) -> None:
    """The server ends the session, as one that is started anew does."""
    with lease._database.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": lease._pid})
        gone = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        while other.scalar(gone, {"pid": lease._pid}):
            other.rollback()


def test_the_second_is_refused_and_told_who_has_it(house: House) -> None:
    first, second = house(), house()
    result_of(taking(first))
    with pytest.raises(ConfigurationError, match=r"hotline .* serves its telephones since"):
        result_of(taking(second))
    first.release()
    result_of(taking(second))


def test_it_is_taken_again_after_the_database_was_started_anew(house: House) -> None:
    first, second = house(), house()
    result_of(taking(first))
    end(first)
    result_of(first.look())
    assert first.trouble() == ""
    holder = result_of(first._database.read(holder_txn))
    assert holder is not None
    assert holder.pid == first._pid
    end(first)
    result_of(taking(second))
    result_of(first.look())
    assert "lost" in first.trouble()
    second.release()
    result_of(first.look())
    assert first.trouble() == ""


def test_who_gives_it_up_while_the_database_is_asked_about_it_does_not_take_it_again(
    house: House,
) -> None:
    first, second = house(), house()
    result_of(taking(first))
    first.release()
    first._looked(None)
    result_of(taking(second))


def test_a_file_needs_none() -> None:
    lease = TelephoneLease(DirectDatabase(), Clock())
    result_of(Deferred.fromCoroutine(lease.take()))
    assert result_of(lease.look()) is None
