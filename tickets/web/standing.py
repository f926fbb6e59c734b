"""Where a ticket stands: the steps of its life, and the orders that departments have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tickets.model import ENDED, CaseState, Dispatch, DispatchState, TicketKind
from tickets.view import TicketView
from tickets.web.bars import Bar
from tickets.web.shown import Words

LIFE = (
    CaseState.REGISTERED,
    CaseState.IN_PROGRESS,
    CaseState.RESULT_IN,
    CaseState.REPLIED,
    CaseState.CALLBACK,
    CaseState.CLOSED,
)
_STATES = {state.value: state for state in CaseState}
ALARMING = frozenset({DispatchState.REWORK, DispatchState.REFUSAL_ASKED, DispatchState.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Step:
    """A state on the way to the end: reached when, and whether it is the present one."""

    word: str
    now: bool
    done: bool
    at: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A dispatch as a card."""

    serial: int
    department: str
    lead: bool
    state: str
    level: str
    urges: int
    urge_open: bool
    clock: Bar | None
    """The clock that runs for the department."""
    petition: str = ""
    """What the department asks for, and has no answer to."""


def steps(view: TicketView, words: Words) -> list[Step]:
    """The case's life in its usual order, ended by how it did end."""
    case, reached = view.case, _reached(view)
    life = [state for state in LIFE if _belongs(state, view, reached)]
    if case.state in ENDED and case.state is not CaseState.CLOSED:
        life = [state for state in life if state in reached and state is not CaseState.CLOSED]
        life.append(case.state)
    place = life.index(case.state) if case.state in life else len(life)
    return [
        Step(
            word=f"ticket.state.{state.value}",
            now=state is case.state,
            done=number < place,
            at=words.instant(reached[state]) if state in reached and number <= place else "",
        )
        for number, state in enumerate(life)
    ]


def _belongs(state: CaseState, view: TicketView, reached: dict[CaseState, datetime]) -> bool:
    """Whether the step is one of this ticket: those solved at once have no department's steps."""
    case = view.case
    if state in (CaseState.REPLIED, CaseState.CALLBACK):
        called_back = case.draft.kind is TicketKind.COMPLAINT or CaseState.CALLBACK in reached
        other = state is CaseState.REPLIED and not called_back
        return state in reached or other or (state is CaseState.CALLBACK and called_back)
    return case.state not in ENDED or state in reached


def _reached(view: TicketView) -> dict[CaseState, datetime]:
    """When each state was entered last."""
    found = {CaseState.REGISTERED: view.case.opened}
    for entry in view.history:
        if entry.previous != entry.state and entry.state in _STATES:
            found[_STATES[entry.state]] = entry.at
    return found


def orders(view: TicketView, bars: Sequence[Bar], words: Words) -> list[Order]:
    """The dispatches: those at work first, the lead before those who assist."""
    ranked = sorted(view.case.dispatches, key=lambda each: (each.final, not each.lead, each.serial))
    return [_order(each, bars, words) for each in ranked]


def _order(dispatch: Dispatch, bars: Sequence[Bar], words: Words) -> Order:
    running = (bar for bar in bars if bar.running and bar.dispatch == dispatch.serial)
    level = "warning" if dispatch.state in ALARMING else ""
    return Order(
        serial=dispatch.serial,
        department=words.department(dispatch.department_id),
        lead=dispatch.lead,
        state=f"ticket.order.{dispatch.state.value}",
        level="success" if dispatch.state is DispatchState.APPROVED else level,
        urges=dispatch.urges,
        urge_open=dispatch.urge_open,
        clock=next(running, None),
        petition=_petition(dispatch, words),
    )


def _petition(dispatch: Dispatch, words: Words) -> str:
    """What waits for an answer, or why the order stands still."""
    if (asked := dispatch.petition) is not None:
        until = words.deadline(asked.until)
        signed = "signed" if asked.signed_by else "written"
        what = words.text(f"ticket.petition.{asked.kind.value}", until=until)
        return f"{what} · {words.text(f'ticket.petition.{signed}')}"
    if (halt := dispatch.suspension) is not None:
        ground = words.text(f"ticket.ground.{halt.ground.value}")
        return words.text("ticket.petition.stands", ground=ground, until=words.deadline(halt.until))
    return ""
