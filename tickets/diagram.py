"""The workflow, printed from its table: Mermaid diagrams and the table of acts."""

from collections.abc import Iterable, Iterator

from tickets.model import ENDED, CaseState, DispatchState
from tickets.workflow import RULES, Action, CancelAll, Effect, Hasten, Rule

_SENT_BY = Action.DISPATCH
LEAD_AT_WORK = CaseState.IN_PROGRESS
"""The only state in which a lead is not yet final."""


def mermaid() -> str:
    """The two life cycles as Mermaid state diagrams."""
    return "\n".join([*_diagram(_case_arrows()), "", *_diagram(_dispatch_arrows())]) + "\n"


def table() -> str:
    """Every line of the workflow as Markdown: who, from, to, what it needs, what clocks do."""
    lines = [
        "| act | who | when | case | dispatch | needs | unless refused as | clocks | tells |",
        "|---|---|---|---|---|---|---|---|---|",
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
    found: dict[tuple[str, str], list[str]] = {}
    for rule in RULES:
        target = rule.case_to or rule.lead_case_to
        for state in CaseState:
            if target is None or state not in rule.cases or state is target:
                continue
            if rule.about_dispatch and state is not LEAD_AT_WORK:
                continue
            labels = found.setdefault((_shown(state), target.value), [])
            if rule.action.value not in labels:
                labels.append(rule.action.value)
    yield from _arrows(found)
    for state in CaseState:
        if state in ENDED:
            yield state.value, "[*]", "kept"


def _dispatch_arrows() -> Iterator[Arrow]:
    yield "[*]", DispatchState.SENT.value, _SENT_BY.value
    found: dict[tuple[str, str], list[str]] = {}
    for rule in RULES:
        for state in DispatchState:
            if state in rule.dispatches and rule.dispatch_to not in (None, state):
                assert rule.dispatch_to is not None
                labels = found.setdefault((state.value, rule.dispatch_to.value), [])
                if rule.action.value not in labels:
                    labels.append(rule.action.value)
    yield from _arrows(found)


def _arrows(found: dict[tuple[str, str], list[str]]) -> Iterator[Arrow]:
    for (source, target), labels in found.items():
        yield source, target, ", ".join(labels)


def _shown(state: CaseState) -> str:
    return "[*]" if state is CaseState.DRAFT else state.value


def _line(rule: Rule) -> str:
    who = sorted(role.value for role in rule.roles) + sorted(each.value for each in rule.by)
    cells = (
        rule.action.value,
        ", ".join(who),
        rule.when.value if rule.when else "",
        _from_to(
            [state.value for state in CaseState if state in rule.cases],
            rule.case_to or rule.lead_case_to,
        ),
        _from_to(
            [state.value for state in DispatchState if state in rule.dispatches], rule.dispatch_to
        ),
        ", ".join((*rule.needs, *(f"({name})" for name in rule.may))),
        ", ".join(guard.value for guard in rule.guards),
        ", ".join(_effect(effect) for effect in (*rule.effects, *rule.lead_effects)),
        rule.tells.value if rule.tells else "",
    )
    return "| " + " | ".join(cells) + " |"


def _from_to(states: list[str], target: CaseState | DispatchState | None) -> str:
    return ", ".join(states) + (f" → {target.value}" if target else "")


def _effect(effect: Effect) -> str:
    if isinstance(effect, CancelAll):
        return "cancel all"
    if isinstance(effect, Hasten):
        return "hasten all where more urgent"
    return f"{type(effect).__name__.lower()} {effect.clock.value}"
