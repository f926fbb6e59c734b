"""The life of a ticket: who may do what in which state, and which clocks that moves.

The table `RULES` is the whole workflow; everything else reads it. A rule belongs to the case
(the customer's side) or, where it names dispatch states, to one dispatch (a department's side)::

    case      draft -> registered -> in_progress -> result_in -> replied | callback -> closed
    dispatch  sent -> accepted -> result_written -> result -> approved
                         ^------------- rework <-------'

`tickets.case_rules`, `tickets.ending_rules` and `tickets.department_rules` write the lines down and
say what is meant by them, `tickets.decide` applies them to a case, `tickets.diagram` prints them.
"""

from collections.abc import Mapping

from tickets import case_rules, department_rules, ending_rules
from tickets.acts import (
    ABOVE,
    DEPARTMENT,
    DEPARTMENT_CLOCKS,
    DESK,
    FRONT,
    Action,
    Actor,
    Cancel,
    CancelAll,
    ClockKind,
    Continue,
    Effect,
    Extend,
    Guard,
    Hasten,
    Pause,
    Restart,
    Resume,
    Rule,
    Start,
    Stop,
    When,
    actor_of,
)

__all__ = [
    "ABOVE",
    "DEPARTMENT",
    "DEPARTMENT_CLOCKS",
    "DESK",
    "FRONT",
    "RULES",
    "RULES_OF",
    "Action",
    "Actor",
    "Cancel",
    "CancelAll",
    "ClockKind",
    "Continue",
    "Effect",
    "Extend",
    "Guard",
    "Hasten",
    "Pause",
    "Restart",
    "Resume",
    "Rule",
    "Start",
    "Stop",
    "When",
    "actor_of",
]

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*case_rules.RULES, *ending_rules.RULES, *department_rules.RULES),
        key=lambda rule: list(Action).index(rule.action),
    )
)
"""Every rule, in the order of the actions."""

RULES_OF: Mapping[Action, tuple[Rule, ...]] = {
    action: tuple(rule for rule in RULES if rule.action is action) for action in Action
}
"""The lines of each action; the first that fits is the one that is done."""
