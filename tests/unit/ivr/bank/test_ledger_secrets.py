"""Nothing a caller keys in can be found where people and programs look."""

import logging
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from twisted.logger import ILogObserver, LogEvent, eventAsText, globalLogPublisher
from zope.interface import implementer

from cti.kernel.secret import Secret
from ivr.bank.port import SignIn
from ivr.events import SignInOutcome
from tests.support.bank import SmallBank
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of

KEYED = ["6001010101", "135790", "80000101", "246801"]


@pytest.fixture
def bank() -> Iterator[SmallBank]:
    database = DirectDatabase()
    yield SmallBank(database)
    database.stop()


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything logged, the database's statements with their values included."""
    lines: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(eventAsText(event) + repr(event))

    globalLogPublisher.addObserver(observe)
    with caplog.at_level(logging.DEBUG, logger="sqlalchemy.engine"):
        yield lines
    globalLogPublisher.removeObserver(observe)
    lines.append(caplog.text)


def keyed_in(bank: SmallBank) -> SignIn:
    return result_of(bank.ledger.sign_in(*map(Secret, KEYED)))


def shown(lines: list[str]) -> list[str]:
    return [secret for secret in KEYED if any(secret in line for line in lines)]


def test_in_no_log(bank: SmallBank, written: list[str], caplog: pytest.LogCaptureFixture) -> None:
    assert keyed_in(bank).outcome is SignInOutcome.VERIFIED
    assert "bank_accounts" in caplog.text  # the statements were logged
    assert shown([*written, caplog.text]) == []


def test_in_no_answer(bank: SmallBank) -> None:
    assert shown([repr(keyed_in(bank))]) == []


def test_in_no_log_of_a_broken_database(
    bank: SmallBank, written: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    result_of(bank.database.run(lambda session: session.execute(text("DROP TABLE bank_cards"))))
    drop = text("DROP TABLE bank_sign_in_attempts")
    result_of(bank.database.run(lambda session: session.execute(drop)))
    assert keyed_in(bank).outcome is SignInOutcome.UNAVAILABLE
    assert any("OperationalError" in line for line in written)
    assert shown([*written, caplog.text]) == []


def test_in_no_traceback_of_a_programming_error(bank: SmallBank) -> None:
    def broken(kept: str, owner: str, pin: Secret) -> bool:
        del kept, owner
        assert len(pin) == 6
        raise RuntimeError("broken")

    bank.digests.fits = broken  # type: ignore[method-assign]  # to fail with the PINs at hand
    with pytest.raises(RuntimeError) as raised:
        keyed_in(bank)
    told = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert shown([*told.format()]) == []
