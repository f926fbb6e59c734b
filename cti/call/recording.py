"""Recordings of calls: begun at the answer, paused, marked, and closed with the leg they are of."""

from dataclasses import replace
from pathlib import Path

from cti.call.events import (
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
)
from cti.call.kept import Recording
from cti.call.live import Leg, LiveCall, Member
from cti.call.switch import Switch
from cti.kernel.clock import utc


class Recordings:
    """Both sides of a call are written from its customer's leg, wherever that call goes."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    @property
    def usual(self) -> bool:
        """Whether calls with the outside are recorded without anybody asking for it."""
        return self._switch.settings.record

    def prepare(self, call: LiveCall, member: Member, leg: Leg) -> RecordingStarted | None:
        """Write the leg from now on; gives what to tell, None where it is written already."""
        if leg.recording is not None or (not leg.up and not leg.came):
            return None
        switch = self._switch
        number = next(call.files)
        name = f"{call.id}.wav" if number == 1 else f"{call.id}-{number}.wav"
        file = Path(f"{call.started:%Y/%m/%d}") / name
        now = utc(switch.clock)
        leg.recording = Recording(call.id, member.id, file.as_posix(), now)
        switch.media.record(leg.id, self._path(leg.recording.file))
        return _started(leg.recording)

    def record(self, call: LiveCall) -> None:
        """Start where it is not recorded yet, on the customer's leg or whoever is there."""
        member = call.customer or next(iter(call.members.values()), None)
        if member is None or member.leg is None or not member.answered:
            return
        if any(leg.recording for each in call.members.values() for leg in each.legs):
            return
        if event := self.prepare(call, member, member.leg):
            self._switch.bus.publish(event)

    def pause(self, call: LiveCall, paused: bool) -> None:
        """Write silence, or sound again, into every recording of the call."""
        switch = self._switch
        for leg in self._recorded(call):
            assert leg.recording is not None
            switch.media.pause_recording(leg.id, paused)
            kind = RecordingPaused if paused else RecordingResumed
            switch.bus.publish(
                kind(
                    at=utc(switch.clock),
                    call_id=call.id,
                    connection_id=leg.recording.connection_id,
                )
            )

    def mark(self, call: LiveCall, label: str) -> None:
        """Note this instant in every recording of the call."""
        for leg in self._recorded(call):
            self._switch.media.mark_recording(leg.id, label)

    def moved(self, leg: Leg, member: Member) -> list[RecordingStopped | RecordingStarted]:
        """The leg's connection is another's now: told as an end there and a beginning here.

        The file goes on; to the call it leaves it is as long as the time that passed.
        """
        recording = leg.recording
        if recording is None:
            return []
        now = utc(self._switch.clock)
        seconds = (now - recording.started).total_seconds()
        stopped = RecordingStopped(
            at=now,
            call_id=recording.call_id,
            connection_id=recording.connection_id,
            file=recording.file,
            seconds=seconds,
        )
        call_id = member.connection.call_id
        leg.recording = replace(recording, call_id=call_id, connection_id=member.id, started=now)
        return [stopped, _started(leg.recording)]

    def closed(self, leg: Leg, path: Path, seconds: float, digest: str) -> None:
        """The file at `path` is complete on disk; nothing if the leg writes another by now."""
        recording = leg.recording
        if recording is None or path.absolute() != self._path(recording.file):
            return
        leg.recording = None
        self._switch.bus.publish(
            RecordingStopped(
                at=utc(self._switch.clock),
                call_id=recording.call_id,
                connection_id=recording.connection_id,
                file=recording.file,
                seconds=seconds,
                digest=digest,
            )
        )

    def _path(self, file: str) -> Path:
        return (self._switch.settings.recordings / file).absolute()

    @staticmethod
    def _recorded(call: LiveCall) -> list[Leg]:
        return [leg for each in call.members.values() for leg in each.legs if leg.recording]


def _started(recording: Recording) -> RecordingStarted:
    return RecordingStarted(
        at=recording.started,
        call_id=recording.call_id,
        connection_id=recording.connection_id,
        file=recording.file,
    )
