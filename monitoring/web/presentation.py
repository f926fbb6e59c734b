"""Call records and events as people read them: local times, words for keys, no codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

from agents.events import (
    CallAbandoned,
    CallAnswered,
    CallBackAttempted,
    CallBackEnded,
    CallBackPromised,
    CallCoded,
    CallFlowedOut,
    CallLent,
    CallLoanEnded,
    CallOffered,
    CallQueued,
    CallWrappedUp,
    CustomerIdentified,
    CustomerNoted,
    DoNotCallOverridden,
    LineMeasured,
    OfferEnded,
    ProductsShown,
    Supervised,
)
from cti.call.events import (
    CallCleared,
    CallEvent,
    CallResumed,
    CallStarted,
    Conferenced,
    ConnectionCleared,
    ConnectionEvent,
    Failed,
    MediaReported,
    Parked,
    RecordingStopped,
    Transferred,
    UserDataAttached,
)
from cti.kernel.identifiers import AgentId, DeviceId, QueueId
from cti.kernel.opinion import WIDEBAND_CODECS, mos, opinion
from cti.kernel.vocabulary import Language
from cti.web.formats import Formats
from cti.web.frame import Frame
from ivr.events import (
    ChoiceMade,
    FlowEntered,
    FlowLeft,
    MessageFiled,
    MessageLeft,
    ServiceUsed,
    SignInAttempted,
)
from monitoring.cdr import CallRecord, Coded, Leg, Loan
from monitoring.events import RecordingPlayed
from monitoring.messages import Message
from monitoring.wallboard import Floor

LINE_FIGURES = ("round_trip", "loss", "jitter", "level")


def clockface(seconds: float | None) -> str:
    """``1:05`` or ``1:01:05``; a dash for nothing."""
    if seconds is None:
        return "–"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event of a call: when, how long after its beginning, what, and the facts beside it."""

    time: str
    offset: str
    what: str
    facts: str


@dataclass(frozen=True, slots=True)
class Quality:
    """A leg's mean opinion score, in words, with its scale and what it comes from."""

    score: str
    opinion: str
    word: str
    scale: str
    facts: str


class Presentation:
    """Says things in one language, at the bank's time."""

    def __init__(self, frame: Frame, language: Language, zone: tzinfo, floor: Floor) -> None:
        self._frame, self._language, self._floor = frame, language, floor
        self._formats = Formats(language, zone)
        self._queues = {
            queue.queue_id: queue.names.get(language, queue.queue_id) for queue in floor.queues()
        }

    @property
    def queues(self) -> Mapping[QueueId, str]:
        """Every queue's name."""
        return self._queues

    def word(self, key: str, **blanks: object) -> str:
        """The text for the key, or the key's last part where nobody wrote one."""
        if key not in self._frame.texts:
            return key.rpartition(".")[2]
        return self._frame.text(self._language, key, **blanks)

    def way(self, path: Iterable[str]) -> str:
        """The caller's way through the menus."""
        return self._frame.way(self._language, path)

    def number(self, calling: str) -> str:
        """The caller's number as people here write it, or that there is none."""
        return self._frame.number(calling) if calling else self.word("calls.withheld")

    def device(self, device: str) -> str:
        """A telephone: an extension, or an outside number as people here write it."""
        return self._frame.number(device)

    def diversion(self, events: Iterable[CallEvent]) -> str:
        """Whom the call was first for, and why they did not take it; empty where it was for us."""
        started = next((each for each in events if isinstance(each, CallStarted)), None)
        if started is None or not started.diverted_from:
            return ""
        number = self._frame.number(started.diverted_from)
        if started.diverted_why in ("", "unknown"):
            return self.word("calls.diverted", number=number)
        why = self.word(f"calls.diverted_why.{started.diverted_why}") or started.diverted_why
        return self.word("calls.diverted_because", number=number, why=why)

    def moment(self, at: datetime | None) -> str:
        """Date and time of day."""
        return self._formats.instant(at) if at else "–"

    def time(self, at: datetime | None) -> str:
        """Time of day."""
        return self._formats.time(at) if at else "–"

    def queue(self, queue_id: QueueId | None) -> str:
        """The queue's name."""
        return self._queues.get(queue_id, queue_id) if queue_id else "–"

    def agent(self, agent_id: AgentId | None) -> str:
        """The agent's name."""
        return self._floor.agent_name(agent_id) if agent_id else "–"

    def coded(self, coded: Coded | CallCoded) -> str:
        """What an agent said the call was about, in the words of that day."""
        return coded.names.get(self._language, coded.code)

    def row(self, record: CallRecord) -> dict[str, Any]:
        """A record as a line of a list."""
        outcome = record.outcome.value if record.outcome else "up"
        return {
            "call_id": record.call_id,
            "link": quote(record.call_id, safe=""),
            "started": self.moment(record.started),
            "direction": self.word(f"calls.direction.{record.direction.value}"),
            "calling": self.number(record.calling),
            "called": self._frame.number(record.called),
            "outcome": outcome,
            "outcome_word": self.word(f"calls.outcome.{outcome}"),
            "queue": self.queue(record.queue_id),
            "agent": self.agent(record.agent_id),
            "waited": clockface(record.waited) if record.waits else "–",
            "talked": clockface(record.talked) if record.agent_id else "–",
            "seconds": clockface(record.seconds) if record.ended else "–",
            "recorded": record.recording is not None,
            "recording_seconds": clockface(record.recording_seconds),
        }

    def quality(self, leg: Leg) -> Quality | None:
        """How well the device was heard; None when nothing was, or it is not known yet."""
        if not leg.rating:
            return None
        score, number = mos(leg.rating, leg.codec), self._formats.number
        scale = "wideband" if leg.codec in WIDEBAND_CODECS else "narrowband"
        facts = [
            leg.codec,
            self.word("calls.quality.rating", rating=number(leg.rating)),
            self.word("calls.quality.jitter", time=number(leg.jitter, 1)),
        ]
        if leg.round_trip:
            facts.append(self.word("calls.quality.round_trip", time=number(leg.round_trip)))
        said = opinion(score).value
        return Quality(
            score=number(score, 1),
            opinion=said,
            word=self.word(f"calls.quality.{said}"),
            scale=self.word(f"calls.quality.{scale}"),
            facts=" · ".join(facts),
        )

    def event(self, event: CallEvent, began: datetime) -> EventLine:
        """One event in words."""
        return EventLine(
            time=self.time(event.at),
            offset=clockface(max(0.0, (event.at - began).total_seconds())),
            what=self.word(f"calls.event.{event.kind.replace('.', '_')}"),
            facts=" · ".join(fact for fact in self._facts(event) if fact and fact != "–"),
        )

    def _facts(self, event: CallEvent) -> list[str]:
        match event:
            case ConnectionEvent():
                return self._connection_facts(event)
            case CallStarted():
                way = f"{self.number(event.calling)} → {self._frame.number(event.called)}"
                return [way, self.diversion([event])]
            case CallCleared():
                return [self._cause(event.cause.value), self._by(event.cleared_by.value)]
            case UserDataAttached():
                return [
                    event.customer_id or "",
                    self.word(f"calls.verification.{int(event.verification)}"),
                    self.word(f"calls.language.{event.language.value}"),
                    self.way(event.path),
                ]
            case RecordingStopped():
                return [clockface(event.seconds)]
            case CallResumed():
                return [f"{event.away:.1f} s"]
            case LineMeasured():
                return [self.agent(event.agent_id), *self._line(event)]
            case RecordingPlayed():
                return [self._floor.agent_name(AgentId(event.by))]
        return (
            self._handing_facts(event)
            or self._queue_facts(event)
            or self._call_back_facts(event)
            or self._flow_facts(event)
        )

    def _handing_facts(self, event: CallEvent) -> list[str]:
        """From whom to whom the call went."""
        match event:
            case Transferred():
                to = self.device(DeviceId(event.transferred_to))
                return [f"{self.device(event.transferring_device)} → {to}"]
            case Conferenced():
                added = self.device(DeviceId(event.added))
                return [f"{self.device(event.conferencing_device)} + {added}"]
            case Parked():
                return [self.device(event.parking_device)]
        return []

    def _connection_facts(self, event: ConnectionEvent) -> list[str]:
        facts = [self._by(event.party.value), self.device(event.device_id)]
        if isinstance(event, Failed | ConnectionCleared):
            facts.append(self._cause(event.cause.value))
        if isinstance(event, MediaReported):
            facts.append(
                self.word(
                    "calls.packets",
                    sent=event.packets_sent,
                    received=event.packets_received,
                    lost=event.packets_lost,
                )
            )
        return facts

    def _queue_facts(self, event: CallEvent) -> list[str]:
        match event:
            case CallQueued():
                return [self.queue(event.queue_id)]
            case CallOffered():
                return [self.agent(event.agent_id), *self._match(event)]
            case OfferEnded():
                word = self.word(f"calls.offer.{event.outcome.value}")
                return [self.agent(event.agent_id), word]
            case CallAnswered():
                return [self.agent(event.agent_id), clockface(event.waited)]
            case CallAbandoned() | CallFlowedOut():
                to = self._flowed_to(event) if isinstance(event, CallFlowedOut) else []
                return [self.queue(event.queue_id), clockface(event.waited), *to]
            case CallWrappedUp():
                return [self.agent(event.agent_id), clockface(event.after_call)]
            case CallLent():
                return [self.agent(event.agent_id), self.word(f"calls.loan.{event.purpose.value}")]
            case Supervised():
                supervisor = self._floor.agent_name(AgentId(event.supervisor_id))
                mode = self.word(f"calls.supervising.{event.mode.value}")
                return [supervisor, mode, self.agent(event.agent_id)]
            case CallLoanEnded():
                done = Loan(
                    event.agent_id,
                    event.purpose,
                    event.at,
                    event.seconds,
                    event.result,
                    event.services,
                )
                return [*self._loan_end(done), self.word(f"calls.given_to.{event.given_to.value}")]
        return self._desk_facts(event)

    def _desk_facts(self, event: CallEvent) -> list[str]:
        match event:
            case CallCoded():
                return [self.agent(event.agent_id), self.coded(event)]
            case CustomerIdentified() | CustomerNoted() | ProductsShown() | DoNotCallOverridden():
                return [self.agent(event.agent_id), event.customer_id]
        return []

    def message(self, message: Message) -> str:
        """A message that the caller left, in a line: when, how long, and its ticket."""
        return " · ".join(
            [self.time(message.begun), clockface(message.seconds), *filter(None, [message.number])]
        )

    def loan(self, loan: Loan) -> str:
        """A stay with the IVR in a line: what for, since when, and what came of it."""
        word = self.word(f"calls.loan.{loan.purpose.value}")
        facts = [word, self.time(loan.lent), self.agent(loan.agent_id), *self._loan_end(loan)]
        return " · ".join(facts)

    def _loan_end(self, loan: Loan) -> list[str]:
        if loan.result is None:
            return []
        return [
            self.word(f"calls.loan_result.{loan.result.value}"),
            clockface(loan.seconds),
            *(self.word(f"choice.{service}") for service in loan.services),
        ]

    def _line(self, event: LineMeasured) -> list[str]:
        figures = {name: getattr(event, name) for name in LINE_FIGURES}
        return [
            self.word(f"calls.line.{name}", figure=self._formats.number(figure, 1))
            for name, figure in figures.items()
            if figure is not None
        ]

    def _call_back_facts(self, event: CallEvent) -> list[str]:
        match event:
            case CallBackPromised():
                return [self.queue(event.queue_id), self.number(event.number)]
            case CallBackAttempted():
                attempt = self.word("calls.attempt", attempt=event.attempt)
                if event.agent_id is None:
                    return [self.word("calls.rung_ahead"), attempt]
                return [self.agent(event.agent_id), attempt]
            case CallBackEnded():
                return [self.word(f"calls.called_back.{event.outcome.value}")]
        return []

    def _flowed_to(self, event: CallFlowedOut) -> list[str]:
        kind, _, name = event.to.partition(":")
        shown = self.queue(QueueId(name)) if kind == "queue" else name
        return [self.word(f"calls.flowed.{kind}", to=shown)] if kind else []

    def _match(self, event: CallOffered) -> list[str]:
        """Why this agent, as the journal kept it, in words."""
        return [
            self.word(each.key, **{**each.blanks, "time": clockface(each.blanks.get("time", 0))})
            for each in (event.why.told() if event.why is not None else ())
        ]

    def _flow_facts(self, event: CallEvent) -> list[str]:
        match event:
            case FlowEntered():
                return [event.flow]
            case FlowLeft():
                return [event.flow, self.word(f"calls.left.{event.outcome}")]
            case MessageLeft():
                return [clockface(event.seconds)]
            case MessageFiled():
                return [event.number]
            case ChoiceMade():
                return [self.word(f"choice.{event.choice}")]
            case SignInAttempted():
                return [self.word(f"calls.sign_in.{event.outcome.value}")]
            case ServiceUsed():
                return [
                    self.word(f"choice.{event.service}"),
                    self.word(f"calls.succeeded.{event.succeeded}"),
                ]
        return []

    def _cause(self, cause: str) -> str:
        return self.word(f"calls.cause.{cause}")

    def _by(self, party: str) -> str:
        return self.word(f"calls.party.{party}")
