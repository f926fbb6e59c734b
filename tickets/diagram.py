"""The workflow, printed from its table: Mermaid diagrams and the table of acts."""

from collections.abc import Iterable, Iterator

from tickets.model import CaseState, DispatchState
from tickets.workflow import LEAD_AT_WORK, RULES, Action, CancelAll, Effect, Rule

_SENT_BY = Action.DISPATCH


def mermaid() -> str:
    """The two life cycles as Mermaid state diagrams."""
    return "\n".join([*_diagram(_case_arrows()), "", *_diagram(_dispatch_arrows())]) + "\n"


def table() -> str:
    """Every act as a line of Markdown: who, from, to, what it needs, what it does to clocks."""
    lines = [
        "| act | who | case | dispatch | needs | clocks |",
        "|---|---|---|---|---|---|",
        *(_line(rule) for rule in RULES),
    ]
    return "\n".join(lines) + "\n"


def document() -> str:
    """The page `tickets/WORKFLOW.md`."""
    case, dispatch = _diagram(_case_arrows()), _diagram(_dispatch_arrows())
    parts = (
        "# The life of a ticket",
        "Printed from the table in `tickets/workflow.py` by `tickets/diagram.py`.",
        "## The case, towards the customer",
        "```mermaid\n" + "\n".join(case) + "\n```",
        "## A dispatch, towards a department",
        "```mermaid\n" + "\n".join(dispatch) + "\n```",
        "## Every act",
        table().rstrip(),
    )
    return "\n\n".join(parts) + "\n"


Arrow = tuple[str, str, str]


def _diagram(arrows: Iterable[Arrow]) -> list[str]:
    lines = ["stateDiagram-v2"]
    lines += [f"    {source} --> {target}: {label}" for source, target, label in arrows]
    return lines


def _case_arrows() -> Iterator[Arrow]:
    for rule in RULES:
        target = rule.case_to or rule.lead_case_to
        if target is None:
            continue
        for state in CaseState:
            if rule.about_dispatch and state is not LEAD_AT_WORK:
                continue
            if state in rule.cases and state is not target:
                yield _shown(state), target.value, rule.action.value
    for state in (CaseState.CLOSED, CaseState.WITHDRAWN):
        yield state.value, "[*]", "kept"


def _dispatch_arrows() -> Iterator[Arrow]:
    yield "[*]", DispatchState.SENT.value, _SENT_BY.value
    for rule in RULES:
        for state in DispatchState:
            if state in rule.dispatches and rule.dispatch_to is not None:
                yield state.value, rule.dispatch_to.value, rule.action.value


def _shown(state: CaseState) -> str:
    return "[*]" if state is CaseState.DRAFT else state.value


def _line(rule: Rule) -> str:
    cells = (
        rule.action.value,
        ", ".join(sorted(role.value for role in rule.roles)),
        _from_to(
            [state.value for state in CaseState if state in rule.cases],
            rule.case_to or rule.lead_case_to,
        ),
        _from_to(
            [state.value for state in DispatchState if state in rule.dispatches], rule.dispatch_to
        ),
        ", ".join((*rule.needs, *(f"({name})" for name in rule.may))),
        ", ".join(_effect(effect) for effect in (*rule.effects, *rule.lead_effects)),
    )
    return "| " + " | ".join(cells) + " |"


def _from_to(states: list[str], target: CaseState | DispatchState | None) -> str:
    return ", ".join(states) + (f" → {target.value}" if target else "")


def _effect(effect: Effect) -> str:
    if isinstance(effect, CancelAll):
        return "cancel all"
    return f"{type(effect).__name__.lower()} {effect.clock.value}"
