"""The queues of the settings file: their rules read as plain data, their mistakes told by line.

What a queue's rules mean stands in `agents.acd.rules` and `agents.acd.overflow`; here each mistake
they find is put at the line where it was written, and what leads elsewhere is checked to lead
somewhere.
"""

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from yaml.constructor import SafeConstructor

from agents.acd.overflow import (
    KEYS,
    Destination,
    ToFlow,
    ToGoodbye,
    ToNumber,
    ToQueue,
    WaitingRules,
    waiting_from,
)
from agents.acd.reading import RulesError
from agents.acd.rules import QueueRules, rules_from
from agents.model import Queue
from cti.kernel.document import Section, Value
from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import QueueId
from cti.kernel.vocabulary import Language

OF_RULES = (
    "demand",
    "stages",
    "verified",
    "order",
    "group",
    "sticky",
    "owner",
    "shun",
    "head_starts",
)
LONGEST_THRESHOLD = 86400.0
NOTHING = QueueRules(demand=rules_from({"demand": "general"}).demand)
"""What stands in for rules that are wrong, until the file is refused."""
STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
DIALLED = re.compile(r"\+?\d{1,15}")

T = TypeVar("T")


def read_queues(value: Value, transfers: Collection[str]) -> tuple[Queue, ...]:
    """Every queue there, by the rules written; `transfers` are the names numbers stand behind."""
    sections = dict(value.section().each())
    queues = tuple(_queue(name, each.section()) for name, each in sections.items())
    for queue in queues:
        waiting = sections[queue.queue_id].section().get("waiting")
        if waiting is not None:
            _check_destinations(waiting, queue, sections, transfers)
    return queues


def check_destinations(
    queues: Collection[Queue], texts: Collection[str], flows: Collection[str]
) -> None:
    """ConfigurationError for the first announcement or flow of a queue that there is none of."""
    for queue in queues:
        place, rules = f"queues.{queue.queue_id}.waiting", queue.waiting
        for text in (*rules.comfort, *_prompts(rules)):
            if text not in texts:
                raise ConfigurationError(f"no announcement is named {text!r}", key=place)
        for destination in rules.destinations:
            if isinstance(destination, ToFlow) and destination.flow not in flows:
                named = f"no flow is named {destination.flow!r}"
                there = ", ".join(sorted(flows))
                raise ConfigurationError(f"{named}; there are {there}", key=place)


def _prompts(rules: WaitingRules) -> list[str]:
    return [each.prompt for each in rules.destinations if isinstance(each, ToGoodbye)]


def _queue(name: str, part: Section) -> Queue:
    threshold = part.read("threshold", 20.0, lambda value: value.number(1, LONGEST_THRESHOLD))
    part.need("demand", "the skills its agents need, such as `loans >= 3 or general`")
    written = {key: found for key in OF_RULES if (found := part.get(key)) is not None}
    waiting = part.get("waiting")
    queue = Queue(
        QueueId(name),
        {
            Language.CHINESE: part.need("zh", "its name in Chinese").text(),
            Language.ENGLISH: part.need("en", "its name in English").text(),
        },
        _told(part.value, written, rules_from, NOTHING) if "demand" in written else NOTHING,
        _told(waiting, None, waiting_from, WaitingRules()) if waiting else WaitingRules(),
        threshold,
    )
    part.close()
    return queue


def _told(
    value: Value, written: dict[str, Value] | None, read: Callable[[object], T], otherwise: T
) -> T:
    """What `read` makes of the value, or of those of its keys; mistakes are noted at their line."""
    try:
        if written is None:
            return read(_plain(value))
        return read({key: _plain(each) for key, each in written.items()})
    except RulesError as error:
        found = _at(value, error.key)
        named = found.key.endswith(error.key)
        found.wrong(error.message if named else f"{error.key}: {error.message}")
        return otherwise


def _plain(value: Value) -> Any:
    return SafeConstructor().construct_document(value.node)


def _at(value: Value, path: str) -> Value:
    """The value at that path, or the nearest one above it."""
    for key, place in STEP.findall(path):
        if key:
            found = value.section().get(key) if value.is_section else None
        else:
            found = dict(enumerate(value.items())).get(int(place))
        if found is None:
            break
        value = found
    return value


def _check_destinations(
    waiting: Value, queue: Queue, queues: Collection[str], transfers: Collection[str]
) -> None:
    for limit, bound in queue.waiting.bounds.items():
        if problem := _problem(bound.then, queue, queues, transfers):
            _at(waiting, f"{KEYS[limit][0]}.then").wrong(problem)


def _problem(
    then: Destination, queue: Queue, queues: Collection[str], transfers: Collection[str]
) -> str:
    match then:
        case ToQueue(queue.queue_id):
            return "must lead to another queue"
        case ToQueue(other) if other not in queues:
            return f"there is no queue {other!r}; there are {', '.join(queues)}"
        case ToNumber(number) if number not in transfers and not DIALLED.fullmatch(number):
            there = ", ".join(transfers) or "none"
            return f"{number!r} is no number and no name in ivr.transfers; there are {there}"
    return ""
