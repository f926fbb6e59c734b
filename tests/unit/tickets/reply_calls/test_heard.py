"""Who heard an answer while the database was away is not rung again by the next server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from twisted.trial.unittest import SynchronousTestCase

from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.secret import Secret
from tests.support.deferred import result_of
from tests.support.reply_calling import Calling, refusing
from tickets.model import SYSTEM, CaseState
from tickets.reply_calls.heard import Heard, HeardFile, read_heard
from tickets.reply_calls.service import LEASE, LONGEST_PAUSE

AT = datetime(2026, 11, 23, 2, 0, 0, 5, tzinfo=UTC)
HEARD = Heard(7, TicketNumber("26112300012"), AT, CallId("c1"), AT, AT + timedelta(minutes=1))


def test_what_was_heard_is_found_by_the_next_server_until_it_is_struck_out(tmp_path: Path) -> None:
    path = tmp_path / "run" / "heard.json"
    kept = HeardFile(path)
    kept.note(HEARD)
    kept.note(replace(HEARD, reply_id=8))
    kept.strike(8)
    kept.strike(9)
    after = HeardFile(path)
    assert after.load() == (HEARD,)
    assert after.ids() == {7}
    after.strike(7)
    assert read_heard(path) == []


@pytest.mark.parametrize("text", ["", "[1]", "[{}]", '{"a": 1}', '[{"reply_id": "x"}]'])
def test_a_file_that_cannot_be_read_stops_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "heard.json"
    path.write_text(text)
    assert HeardFile(path).load() == ()


def test_a_disk_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where a folder should be")
    kept = HeardFile(tmp_path / "run" / "heard.json")
    kept.note(HEARD)
    assert kept.load() == (HEARD,)


class TestARestartWhileTheDatabaseIsAway(SynchronousTestCase):
    """The customer confirmed, and nothing but the file knows."""

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "heard.json"
        self.calling = Calling(heard=self.path)
        self.number = self.calling.asked()
        self.call_id = self.calling.answered()
        assert self.calling.service.identified(self.call_id, Secret(self.number[-4:]))
        self.database = self.calling.desk.database
        self.run_ = self.database.run
        self.away()
        result_of(self.calling.service.heard(self.call_id))
        self.calling.calls.hang_up(self.call_id)
        self.calling.service.stop()
        self.calling.service._calls.clear()

    def away(self) -> None:
        self.database.run = refusing  # type: ignore[assignment,method-assign]

    def back(self) -> None:
        self.database.run = self.run_  # type: ignore[method-assign]

    def told_once(self) -> None:
        assert self.calling.calls.calls() == []
        assert self.calling.acts(self.number).count(("reply", SYSTEM.staff_id)) == 1
        assert self.calling.view(self.number).case.state is CaseState.CALLBACK
        assert read_heard(self.path) == []
        assert self.flushLoggedErrors(OSError)

    def test_the_next_server_writes_it_down_and_rings_nobody(self) -> None:
        self.back()
        self.calling.service = self.calling.made()
        self.calling.desk.advance(seconds=2 * LEASE.total_seconds())
        self.told_once()

    def test_it_waits_for_the_database_too(self) -> None:
        self.calling.service = self.calling.made()
        self.calling.desk.advance(seconds=2 * LEASE.total_seconds())
        assert self.calling.calls.calls() == []
        self.back()
        self.calling.desk.advance(seconds=2 * LONGEST_PAUSE)
        self.told_once()
