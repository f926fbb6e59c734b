"""What the house does by itself when an instant has come: acts of the system, each done once.

A department that does not accept an order in time has accepted it (`auto_accept`), so that nobody
wins time by not looking; a suspended order goes on at its review date (`resume`). Such an act is
planned as a row, in the transaction of what makes it necessary, and done through the ticket
service like any other. The row's id makes the request id, so an act that was done by a process
that died before it could say so is answered, and not done again.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from tickets.model import SYSTEM, Case
from tickets.ports import Acts
from tickets.schema import CaseRow, TaskRow
from tickets.set_aside import ALL, Choice, SetAside
from tickets.sweeping import Sweeper
from tickets.workflow import Action

AT_ONCE = 50
"""Tasks read at a time."""
STALE = "ticket.stale"


@dataclass(frozen=True, slots=True)
class Task:
    """An act of the system that is due, on the case as it is now."""

    task_id: int
    number: TicketNumber
    dispatch: int | None
    action: Action
    version: int


def plan_task_txn(
    session: Session, number: str, dispatch: int | None, action: Action, due: datetime
) -> None:
    """Let the system do this then."""
    session.add(TaskRow(number=number, dispatch=dispatch, action=action.value, due=due))


def plan_reviews_txn(session: Session, before: Case, after: Case) -> None:
    """Let suspended orders go on at their review dates, and call-backs at the time agreed.

    What is suspended or agreed no more does not.
    """
    if after.call_back_at != before.call_back_at:
        action = Action.RESUME_CALL_BACK
        _unplan_txn(session, after.number, None, action)
        if after.call_back_at is not None:
            plan_task_txn(session, after.number, None, action, after.call_back_at)
    was = {each.serial: each.suspension for each in before.dispatches}
    for each in after.dispatches:
        if each.suspension == was.get(each.serial):
            continue
        _unplan_txn(session, after.number, each.serial, Action.RESUME)
        if each.suspension is not None:
            until = each.suspension.until
            plan_task_txn(session, after.number, each.serial, Action.RESUME, until)


def _unplan_txn(session: Session, number: str, dispatch: int | None, action: Action) -> None:
    session.execute(
        delete(TaskRow).where(
            TaskRow.number == number,
            TaskRow.dispatch == dispatch,
            TaskRow.action == action.value,
            TaskRow.done.is_(None),
        )
    )


def due_tasks_txn(
    session: Session, now: datetime, limit: int, choice: Choice[int] = ALL
) -> list[Task]:
    """What is due and not done, the oldest first."""
    rows = session.execute(
        select(TaskRow, CaseRow.version)
        .join(CaseRow, CaseRow.number == TaskRow.number)
        .where(TaskRow.done.is_(None), TaskRow.due <= now, choice.of(TaskRow.id))
        .order_by(TaskRow.due, TaskRow.id)
        .limit(limit)
    )
    return [
        Task(row.id, TicketNumber(row.number), row.dispatch, Action(row.action), version)
        for row, version in rows
    ]


def next_task_txn(session: Session, choice: Choice[int] = ALL) -> datetime | None:
    """When the earliest task is due; None where there is none."""
    waits = TaskRow.done.is_(None), choice.of(TaskRow.id)
    return session.scalar(select(func.min(TaskRow.due)).where(*waits))


def done_txn(session: Session, task_id: int, now: datetime) -> None:
    """It is done, or there is nothing to do any more."""
    session.execute(
        update(TaskRow).where(TaskRow.id == task_id, TaskRow.done.is_(None)).values(done=now)
    )


class Tasks:
    """Does what is due by itself."""

    log = Logger()

    def __init__(self, database: Database, clock: Clock, service: Acts) -> None:
        self._database, self._clock, self._service = database, clock, service
        self._aside: SetAside[int] = SetAside(database, clock, "act")
        self.on_told = self._aside.on_told
        self._sweeper = Sweeper(clock, self._sweep, "acts of the system")
        self.start, self.stop = self._sweeper.start, self._sweeper.stop
        self.wake = self._sweeper.wake

    async def _sweep(self) -> datetime | None:
        tasks = await self._read()
        while tasks and self._sweeper.started:
            done = [await self._do(task) for task in tasks]
            if not any(done):
                break
            tasks = await self._read()
        due = await self._database.read(next_task_txn, self._aside.others())
        return self._aside.next_look(due)

    def _read(self) -> Deferred[list[Task]]:
        others = self._aside.others()
        return self._database.read(due_tasks_txn, utc(self._clock), AT_ONCE, others)

    async def _do(self, task: Task) -> bool:
        """False when somebody changed the ticket just now: it is looked at again."""
        fields = {} if task.dispatch is None else {"dispatch": str(task.dispatch)}
        request_id = f"task-{task.task_id}"
        try:
            await self._service.act(
                task.number, task.action, fields, SYSTEM, task.version, request_id
            )
        except Refused as refused:
            if refused.error_id == STALE:
                return False
            self.log.info(
                "{number}: {action} is not due any more: {why}",
                number=task.number,
                action=task.action.value,
                why=str(refused),
            )
        except Exception:  # noqa: BLE001  (one that fails by itself holds up no other)
            await self._aside.failed(task.task_id, task.number, Failure())
            return True
        self._aside.over(task.task_id)
        await self._database.run(done_txn, task.task_id, utc(self._clock))
        return True
