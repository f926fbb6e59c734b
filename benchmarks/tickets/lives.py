"""Lives of tickets, lived through the real service: what there is to clone.

Everything a life left in the tables is kept as it stands there, every word of it standing for
others (`WORDS`, `PEOPLE`): who registered it, for whom, what was said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import Table, insert, select, text, update

from config.migrations.tables import all_tables
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role, ServiceLevel
from tests.support.deferred import result_of
from tests.support.tickets import CARDS, FILLED, LENDING, TicketDesk, local, person
from tickets.decide import allowed
from tickets.mail.schema import MailRow
from tickets.model import (
    CUSTOMER,
    ENDED,
    SYSTEM,
    CaseState,
    Draft,
    Requester,
    Source,
    TicketKind,
    Urgency,
)
from tickets.regulation.letters import LetterKind
from tickets.regulation.printing import print_txn
from tickets.schema import MessageRow
from tickets.tasks import Tasks
from tickets.view import TicketView
from tickets.workflow import Action

A = Action
BEGIN = local("2026-11-02 09:00")
"""A Monday on which every life begins, or on a day of its week."""
CUSTOMER_ID, CONTACT, NAME = CustomerId("C990000001"), "13800138000", "zqnameqz"
CLERK, OTHER_CLERK = StaffId("zqclerkqz"), StaffId("zqotherqz")
DEPARTMENTS = (CARDS, LENDING)

STAFF = (
    person(Role.AGENT, name=CLERK),
    person(Role.AGENT, name=OTHER_CLERK),
    person(Role.DISPATCHER),
    person(Role.SUPERVISOR),
    person(Role.OFFICER, CARDS),
    person(Role.HEAD, CARDS),
    person(Role.OFFICER, LENDING),
    person(Role.HEAD, LENDING),
    person(Role.PROTECTION),
    person(Role.EXECUTIVE),
    SYSTEM,
    CUSTOMER,
)
EPISODES: tuple[tuple[Action, ...], ...] = (
    (A.URGE, A.ANSWER_URGE),
    (A.URGE,),
    (A.ASK_REFUSAL, A.SIGN_REFUSAL, A.GRANT_REFUSAL, A.DISPATCH),
    (A.ASK_REFUSAL, A.SIGN_REFUSAL),
    (A.ASK_REFUSAL,),
    (A.ASK_REFUSAL, A.SIGN_REFUSAL, A.OVERRULE_REFUSAL),
    (A.ASK_EXTENSION, A.SIGN_PETITION, A.GRANT_PETITION),
    (A.ASK_EXTENSION, A.DECLINE_PETITION, A.PROGRESS),
    (A.ASK_SUSPENSION, A.SIGN_PETITION, A.GRANT_PETITION),
    (A.ASK_SUSPENSION, A.SIGN_PETITION, A.GRANT_PETITION, A.RESUME),
    (A.RETURN,),
    (A.RETURN, A.SEND_BACK, A.RETURN, A.SIGN_RESULT),
    (A.RETURN, A.SIGN_RESULT, A.REWORK),
    (A.FOLLOW_UP, A.CONFIRM_FACTS),
    (A.FOLLOW_UP, A.REJECT_FACTS, A.NOTE),
    (A.REDIRECT, A.ACCEPT),
    (A.RECALL, A.DISPATCH),
    (A.SUPERVISE, A.ESCALATE),
    (A.SUPERVISE, A.END_SUPERVISION),
    (A.APPRAISE, A.END_APPRAISAL, A.INFORM),
    (A.EXTEND_DECISION,),
    (A.ATTACH, A.NOTE),
    (A.ASK_VOID, A.DECLINE_VOID),
    (A.ATTEMPT_REPLY,),
    (A.REPLY, A.REOPEN, A.DISPATCH),
    (A.REPLY, A.RATE),
    (A.REPLY, A.AGREE_CALL_BACK),
    (A.ASK_VOID,),
)
"""What belongs together, in its order; what cannot be done then is left out."""
ENDINGS: tuple[tuple[Action, ...], ...] = (
    (A.REPLY, A.CALL_BACK, A.CLOSE),
    (A.REPLY, A.CALL_BACK, A.CLOSE),
    (A.REPLY, A.CLOSE, A.RATE),
    (A.SOLVE,),
    (A.WITHDRAW,),
    (A.MERGE,),
    (A.ASK_VOID, A.CONFIRM_VOID),
    (A.REPLY,),
    (A.REPLY, A.RATE, A.CLOSE),
)
AHEAD = (A.APPROVE, A.SIGN_RESULT, A.RETURN, A.ACCEPT, A.DISPATCH)
"""The way most tickets go."""
WAITS = (2, 5, 20, 20, 90, 180, 1440)
LONG_WAITS = (*WAITS, 1440, 2880, 10_080, 30_240)
"""Minutes between two steps."""
MOST_STEPS = 7
"""A department's way from the order to the approved result."""
NEVER = timedelta(days=30)
"""How long a life may be looked at in which nothing more falls due."""
NOT_CLONED = frozenset({"ticket_words", "ticket_groups", "ticket_serials", "ticket_catalogue"})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """What one life left behind, of one ticket or of two of which one was merged into the other.

    It is as these rows say from `lived` until something falls due at `until`.
    """

    numbers: tuple[TicketNumber, ...]
    rows: Mapping[str, Sequence[Row]]
    opened: datetime
    lived: datetime
    until: datetime
    states: tuple[str, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing goes on in it."""
        return all(state in _ENDED for state in self.states)


_ENDED = {each.value for each in ENDED}


def lives(seed: int, wanted: int) -> list[Life]:
    """So many lives, each kind and each ending among them."""
    stage, random = Stage(), Random(f"lives {seed}")
    return [stage.live(random, number) for number in range(wanted)]


class Stage:
    """A desk on which one life after the other is lived."""

    def __init__(self) -> None:
        self._desk = desk = TicketDesk(start=BEGIN)
        self._tasks = Tasks(desk.database, desk.clock, desk.service)
        self._tables = [each for each in all_tables().sorted_tables if _is_of_tickets(each)]
        self._words = count(1)
        self._view: TicketView | None = None

    def live(self, random: Random, number: int) -> Life:
        """One life, from its registration to its end or to some day of it."""
        self._begin(BEGIN + timedelta(days=random.randrange(7), minutes=random.randrange(480)))
        kind = tuple(TicketKind)[number % len(TicketKind)]
        ending = ENDINGS[number // 2 % len(ENDINGS)] if number % 2 else ()
        merged = A.MERGE in ending
        draft = self._draft(random, kind)
        numbers = [self._desk.register(draft, STAFF[0]).number]
        if merged:
            self._live_on(minutes=8)
            again = replace(self._draft(random, kind), about_staff=draft.about_staff)
            numbers.append(self._desk.register(again, STAFF[1]).number)
        self._go_on(random, numbers[-1], numbers[0], brief=merged or number % 3 > 0)
        for _ in range(MOST_STEPS if A.REPLY in ending else 0):
            self._live_on(minutes=random.choice(WAITS))
            self._step(numbers[-1], numbers[0])
        for action in ending:
            self._do(action, numbers[-1], numbers[0])
        self._write_letters(random, numbers[0])
        return self._life(numbers)

    def _begin(self, at: datetime) -> None:
        desk = self._desk
        desk.escalation.stop()
        self._tasks.stop()
        with desk.database.engine.begin() as connection:
            connection.execute(text("INSERT INTO ticket_words(ticket_words) VALUES('delete-all')"))
            for table in reversed(self._tables):
                connection.execute(table.delete())
            connection.execute(text("DELETE FROM ticket_serials"))
        desk.clock.rightNow = at.timestamp()
        desk.start_again()
        self._tasks = Tasks(desk.database, desk.clock, desk.service)
        desk.service.on_clocks_changed(self._look)
        desk.escalation.on_fired(self._tasks.wake)
        desk.escalation.start()
        self._tasks.start()

    def _look(self) -> None:
        self._desk.escalation.wake()
        self._tasks.wake()

    def _live_on(self, **time: float) -> None:
        """Let the time pass, and each deadline fire at its instant."""
        clock, self._view = self._desk.clock, None
        goal = clock.seconds() + timedelta(**time).total_seconds()
        while (calls := clock.getDelayedCalls()) and (due := calls[0].getTime()) <= goal:
            clock.advance(max(0.0, due - clock.seconds()))
        clock.advance(goal - clock.seconds())

    def _go_on(
        self, random: Random, number: TicketNumber, other: TicketNumber, *, brief: bool
    ) -> None:
        for _ in range(random.choice((0, 0, 1) if brief else (0, 1, 2, 3, 4))):
            for _ in range(random.choice((1, 1, 2, 3))):
                self._wait(random, brief=brief)
                self._step(number, other)
            if random.random() < 0.6:
                for action in random.choice(EPISODES):
                    self._do(action, number, other)
        self._wait(random, brief=brief)

    def _step(self, number: TicketNumber, other: TicketNumber) -> None:
        if self._desk.view(number).case.state is not CaseState.RESULT_IN:
            any(self._do(action, number, other) for action in AHEAD)

    def _wait(self, random: Random, *, brief: bool) -> None:
        self._live_on(minutes=random.choice(WAITS if brief else LONG_WAITS))

    def _do(self, action: Action, number: TicketNumber, other: TicketNumber) -> bool:
        """Whether somebody may, and does."""
        view = self._view = self._view or self._desk.view(number)
        now = datetime.fromtimestamp(self._desk.clock.seconds(), UTC)
        for by in STAFF:
            for rule, order in allowed(view.case, by, now, view.premises):
                if rule.action is action and self._done(
                    action, by, view, self._fields(other, order.serial if order else None)
                ):
                    return True
        return False

    def _done(
        self, action: Action, by: Principal, view: TicketView, fields: dict[str, str]
    ) -> bool:
        desk, case = self._desk, view.case
        self._live_on(seconds=97)
        try:
            result_of(
                desk.service.act(case.number, action, fields, by, case.version, desk.request_id())
            )
        except Refused:
            return False
        return True

    def _fields(self, other: TicketNumber, dispatch: int | None) -> dict[str, str]:
        now = datetime.fromtimestamp(self._desk.clock.seconds(), UTC)
        said = ("reason", "proposed_reply", "missing", "notice")
        return {
            **{name: FILLED.get(name, "") for name in FILLED if name != "title"},
            **{name: self._word("line") for name in said},
            "text": self._word("text"),
            "finding": self._word("text"),
            "until": (now + timedelta(days=9)).isoformat(),
            "since": now.isoformat(),
            "into": other,
            "merged": other,
            **({"dispatch": str(dispatch)} if dispatch else {}),
        }

    def _draft(self, random: Random, kind: TicketKind) -> Draft:
        urgencies = (*[Urgency.ORDINARY] * 8, Urgency.IMPORTANT, Urgency.URGENT)
        levels = (*[ServiceLevel.UNIFORM] * 8, ServiceLevel.PRIORITY, ServiceLevel.SPECIAL)
        concerned = kind is TicketKind.COMPLAINT and random.random() < 0.1
        return Draft(
            kind=kind,
            title=self._word("title"),
            text=f"{self._word('text')} {self._word('rare')}",
            requester=Requester(
                NAME, CONTACT, CUSTOMER_ID, service_level=random.choice(levels), sex="f"
            ),
            urgency=random.choice(urgencies),
            about=self._word("title"),
            call_id=CallId("call-1"),
            call_path=("main", kind.value),
            details=self._details(kind),
            source=random.choice((Source.CALL, Source.CALL, Source.IVR, Source.WEB)),
            about_staff=StaffId("zqotherqz") if concerned else None,
            about_unit=DepartmentId(LENDING) if concerned else None,
        )

    def _details(self, kind: TicketKind) -> dict[str, str]:
        match kind:
            case TicketKind.COMPLAINT:
                return {"branch": "营业部", "amount": "1250.00", "remedy": self._word("line")}
            case TicketKind.APPOINTMENT:
                slot = (BEGIN + timedelta(days=8)).date()
                return {
                    "service": "large_withdrawal",
                    "branch": "营业部",
                    "slot": f"{slot} 10:00-11:00",
                }
            case TicketKind.SUGGESTION:
                return {"benefit": self._word("line")}
            case TicketKind.ENQUIRY:
                return {"topic": "credit_cards", "question": self._word("line")}
        return {"instructions": self._word("line")}

    def _word(self, what: str) -> str:
        return f"zq{what}{next(self._words)}qz"

    def _write_letters(self, random: Random, number: TicketNumber) -> None:
        now = datetime.fromtimestamp(self._desk.clock.seconds(), UTC)
        if random.random() < 0.3:
            words = f"{NAME}\n\n{self._word('text')}\n\n{self._word('line')}"
            kind, language = LetterKind.REPLY, Language.CHINESE
            written = self._desk.database.run(
                print_txn, number, kind, language, words, STAFF[2], now
            )
            result_of(written)
        if random.random() < 0.2:
            with self._desk.database.engine.begin() as connection:
                connection.execute(insert(MailRow).values(_mail(number, now, self._word("text"))))

    def _life(self, numbers: list[TicketNumber]) -> Life:
        now = datetime.fromtimestamp(self._desk.clock.seconds(), UTC)
        with self._desk.database.engine.begin() as connection:
            # Whoever is to be told was told long ago.
            connection.execute(update(MessageRow).values(spread=MessageRow.at))
            rows = {
                table.name: [dict(row) for row in connection.execute(_all_of(table)).mappings()]
                for table in self._tables
            }
        cases = sorted(rows["tickets"], key=lambda row: numbers.index(row["number"]))
        ahead = [row["due"] for row in rows["ticket_alarms"] if row["fired"] is None]
        ahead += [row["due"] for row in rows["ticket_tasks"] if row["done"] is None]
        ahead += [row["suspended_until"] for row in rows["ticket_dispatches"]]
        return Life(
            tuple(numbers),
            {name: found for name, found in rows.items() if found},
            cases[0]["opened"],
            now,
            min((each for each in ahead if each is not None), default=now + NEVER),
            tuple(row["state"] for row in cases),
        )


def _mail(number: TicketNumber, at: datetime, words: str) -> dict[str, Any]:
    message_id = f"{number}@customer.example"
    return {
        "fingerprint": sha256(message_id.encode()).hexdigest(),
        "number": number,
        "direction": "in",
        "at": at,
        "message_id": message_id,
        "in_reply_to": "",
        "sender": f"{CUSTOMER_ID}@customer.example",
        "sender_name": NAME,
        "recipient": "hotline@bank.example",
        "subject": f"[{number}]",
        "text": words,
        "quoted": "",
        "signature": "",
        "html": "",
        "automatic": None,
        "opened": False,
        "delivery": "received",
        "proof": "",
    }


def _all_of(table: Table) -> Any:
    return select(table).order_by(*table.primary_key.columns)


def _is_of_tickets(table: Table) -> bool:
    if table.name in NOT_CLONED:
        return False
    keys = {key.column.table.name for key in table.foreign_keys}
    return table.name in ("tickets", "ticket_facts") or bool(keys & {"tickets", "ticket_index"})


def kinds_of_rows(found: Sequence[Life]) -> Iterator[str]:
    """The tables that any of them left something in."""
    yield from dict.fromkeys(name for life in found for name in life.rows)
