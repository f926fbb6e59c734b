"""Reads the limits agents live by: section ``agents`` of the settings file."""

from collections.abc import Collection, Mapping

from agents.model import AfterCallMode, AfterCallRules, AgentSettings
from cti.kernel.document import Section, Value
from cti.kernel.identifiers import QueueId

DAY = 86400.0


def read_agents(part: Section, queues: Collection[str] | None = None) -> AgentSettings:
    """The section's settings; mistakes are noted in its report.

    `queues` are those of the file, None where it leaves them to the house.
    """
    usual = AgentSettings()
    after_call = _after_call(part, usual.after_call, "after_call_")
    return AgentSettings(
        ring_limit=_seconds(part, "ring_limit", usual.ring_limit, 3),
        missed_limit=part.read(
            "missed_limit", usual.missed_limit, lambda value: value.whole(1, 100)
        ),
        return_within=_seconds(part, "return_within", usual.return_within, 0),
        desk_absence=_seconds(part, "desk_absence", usual.desk_absence, 3),
        after_call=after_call,
        after_call_in=part.read(
            "after_call_in", {}, lambda value: _queues(value, after_call, queues)
        ),
        supervisors_shown=part.read(
            "supervisors_shown", usual.supervisors_shown, lambda value: value.truth()
        ),
        verified_for=_seconds(part, "verified_for", usual.verified_for, 0),
        expected_handling=_seconds(part, "expected_handling", usual.expected_handling, 1),
        code_required=part.read("code_required", usual.code_required, Value.truth),
        reasons=part.read("reasons", usual.reasons, _reasons),
    )


def _queues(
    value: Value, usual: AfterCallRules, queues: Collection[str] | None
) -> Mapping[QueueId, AfterCallRules]:
    found = {}
    for name, each in value.section().each():
        if queues is not None and name not in queues:
            each.wrong(f"no queue is named {name!r}; there are {', '.join(sorted(queues))}")
        part = each.section()
        found[QueueId(name)] = _after_call(part, usual, "")
        part.close()
    return found


def _after_call(part: Section, usual: AfterCallRules, prefix: str) -> AfterCallRules:
    modes = [each.value for each in AfterCallMode]
    return AfterCallRules(
        mode=AfterCallMode(
            part.read(f"{prefix}mode", usual.mode.value, lambda value: value.one_of(modes))
        ),
        limit=_seconds(part, f"{prefix}limit", usual.limit, 0),
        extension=_seconds(part, f"{prefix}extension", usual.extension, 1),
        extensions=part.read(
            f"{prefix}extensions", usual.extensions, lambda value: value.whole(0, 100)
        ),
    )


def _reasons(value: Value) -> Mapping[str, float | None]:
    """Each reason with its greatest length; a plain list says nothing about lengths."""
    if not value.is_section:
        return {item.text(): None for item in value.items()}
    found: dict[str, float | None] = {}
    for name, each in value.section().each():
        part = each.section()
        found[name] = part.read("longest", None, lambda longest: longest.number(1, DAY))
        part.close()
    return found


def _seconds(part: Section, key: str, default: float, least: float) -> float:
    return part.read(key, default, lambda value: value.number(least, DAY))
