"""What monitoring itself has to tell: who listened to what, and gaps in the journal."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from cti.call.events import CallEvent
from cti.kernel.events import Event
from cti.kernel.identifiers import StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPlayed(CallEvent):
    """A member of staff opened the call's recording."""

    kind: ClassVar[str] = "monitoring.recording_played"
    by: StaffId
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStalled(Event):
    """The journal cannot be written; events wait in memory. `why` is the error's class."""

    kind: ClassVar[str] = "monitoring.journal_stalled"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecovered(Event):
    """The journal is written again; `seconds` since it stalled."""

    kind: ClassVar[str] = "monitoring.journal_recovered"
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalGap(Event):
    """This many events between `since` and `at` were not kept: memory for waiting ones was full."""

    kind: ClassVar[str] = "monitoring.journal_gap"
    since: datetime
    lost: int
