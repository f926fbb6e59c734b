"""Lasting reports are told until a server has dealt with them, and in order."""

from pathlib import Path

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cti.kernel.identifiers import ConnectionId
from cti.media.port import PlayOutcome
from cti.worker.backlog import MOST_KEYS, MOST_LINES, Backlog
from cti.worker.messages import (
    KeyPressed,
    LastingReport,
    LegsLost,
    LogLine,
    PlayEnded,
    RecordingClosed,
    Report,
)

LEG = ConnectionId("leg")


class Life(RuleBasedStateMachine):
    """A worker reports; servers come, deal with some of what they are told, and go."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog()
        self.served = False
        self.told: list[Report | LogLine] = []
        """To the server of now."""
        self.dealt_with = 0
        """Of them."""
        self.owed: list[Report] = []
        """Lasting reports no server has dealt with."""
        self.once: list[Report | LogLine] = []
        """Others that wait for a server."""
        self.number = 0

    @rule(kind=st.sampled_from(["key", "line", "play", "recording", "lost"]))
    def report(self, kind: str) -> None:
        self.number += 1
        report: Report | LogLine
        match kind:
            case "key":
                report = KeyPressed(LEG, str(self.number))
            case "line":
                report = LogLine("info", str(self.number))
            case "play":
                report = PlayEnded(LEG, self.number, PlayOutcome.KEY)
            case "recording":
                report = RecordingClosed(LEG, Path("/a"), self.number, "")
            case _:
                report = LegsLost((ConnectionId(str(self.number)),))
        if self.served:
            self.backlog.said(report)
            self.told.append(report)
        else:
            self.backlog.keep(report)
        if isinstance(report, LastingReport):
            self.owed.append(report)
        elif not self.served:
            self.once.append(report)

    @precondition(lambda self: not self.served)
    @rule()
    def server_comes(self) -> None:
        self.told, self.dealt_with, self.served = list(self.backlog.deliver()), 0, True
        assert [each for each in self.told if isinstance(each, LastingReport)] == self.owed
        assert [each for each in self.told if not isinstance(each, LastingReport)] == self.once
        self.once = []

    @precondition(lambda self: self.served)
    @rule(share=st.floats(0, 1))
    def server_deals(self, share: float) -> None:
        lasting = [each for each in self.told if isinstance(each, LastingReport)]
        more = int(share * (len(lasting) - self.dealt_with))
        self.dealt_with += more
        del self.owed[:more]
        self.backlog.heard(self.dealt_with)

    @precondition(lambda self: self.served)
    @rule()
    def server_goes(self) -> None:
        self.served = False

    @invariant()
    def what_was_told_at_once_is_in_order(self) -> None:
        assert [each for each in self.told if each in self.owed] == [
            each for each in self.owed if each in self.told
        ]


TestLife = Life.TestCase


def test_only_so_many_keys_and_lines_wait() -> None:
    backlog = Backlog()
    for number in range(MOST_KEYS + 5):
        backlog.keep(KeyPressed(LEG, "1"))
        backlog.keep(LogLine("info", str(number)))
        backlog.keep(PlayEnded(LEG, number, PlayOutcome.KEY))
    told = list(backlog.deliver())
    assert len([each for each in told if isinstance(each, KeyPressed)]) == MOST_KEYS
    lines = [each.text for each in told if isinstance(each, LogLine)]
    assert lines == [str(number) for number in range(MOST_LINES)]
    assert len([each for each in told if isinstance(each, PlayEnded)]) == MOST_KEYS + 5
