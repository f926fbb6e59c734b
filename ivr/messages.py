"""Messages that callers leave after the tone, as the journal tells of them.

A message is begun, and then left or, when it was too short, dropped; what was left is filed as a
ticket. Whatever a server that died had no time for is found here in what it wrote down: a message
whose caller is gone was left then, and one that was left and not filed is filed now. Pure.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from cti.call.events import CallCleared
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId
from ivr.events import MessageBegun, MessageDropped, MessageFiled, MessageLeft

SHORTEST_MESSAGE = 2.0
"""Seconds; whoever says less has left nothing."""

Key = tuple[CallId, datetime]
"""A message: its call, and when it began."""


def ended(begun: MessageBegun, at: datetime) -> MessageLeft | MessageDropped:
    """What became of the message that ended at that instant."""
    seconds = (at - begun.at).total_seconds()
    if seconds < SHORTEST_MESSAGE:
        return MessageDropped(at=at, call_id=begun.call_id, begun=begun.at)
    return MessageLeft(
        at=at,
        call_id=begun.call_id,
        calling=begun.calling,
        language=begun.language,
        queue_id=begun.queue_id,
        customer_id=begun.customer_id,
        about=begun.about,
        number=begun.number,
        begun=begun.at,
        seconds=seconds,
    )


def open_messages(history: Iterable[Event]) -> dict[CallId, MessageBegun]:
    """The message that each caller was speaking after these events, ended call or not."""
    speaking: dict[CallId, MessageBegun] = {}
    for event in history:
        match event:
            case MessageBegun():
                speaking[event.call_id] = event
            case MessageLeft() | MessageDropped():
                speaking.pop(event.call_id, None)
    return speaking


def cut_short(
    history: Iterable[Event], is_up: Callable[[CallId], bool]
) -> list[MessageLeft | MessageDropped]:
    """The ends of messages whose calls are over, and of which nobody could tell that any more."""
    known = list(history)
    over = {event.call_id: event.at for event in known if isinstance(event, CallCleared)}
    return [
        ended(begun, over.get(call_id, begun.at))
        for call_id, begun in open_messages(known).items()
        if not is_up(call_id)
    ]


def unfiled(history: Iterable[Event]) -> list[MessageLeft]:
    """What was left and has become no ticket yet, the oldest first."""
    waiting: dict[Key, MessageLeft] = {}
    for event in history:
        match event:
            case MessageLeft():
                waiting[event.call_id, event.begun] = event
            case MessageFiled():
                waiting.pop((event.call_id, event.begun), None)
    return list(waiting.values())
