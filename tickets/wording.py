"""What happened to a ticket, in words, for pages and for what is sent."""

from collections.abc import Callable

from tickets.model import WHOLE_HOUSE, MessageKind

_GUESSING = {WHOLE_HOUSE: "ticket.guessing_house", "": "ticket.guessing_withheld"}

Text = Callable[..., str]
"""The words for a key, with its blanks filled in."""


def said(kind: MessageKind, subject: str, text: Text) -> str:
    """What a message tells; `subject` as in `tickets.model.Message`."""
    match kind:
        case MessageKind.WORK:
            return text(f"ticket.done.{subject}")
        case MessageKind.UNDELIVERED:
            return text("ticket.undelivered", what=text(f"ticket.purpose.{subject}"))
        case MessageKind.CALENDAR:
            return text("ticket.calendar_lacks", calendar=subject)
        case MessageKind.STUCK:
            return text("ticket.stuck", what=text(f"ticket.stuck.{subject}"))
        case MessageKind.GUESSING if subject in _GUESSING:
            return text(_GUESSING[subject])
        case MessageKind.GUESSING:
            return text("ticket.guessing", caller=subject)
        case alarm:
            return f"{text(f'ticket.alarm.{alarm.value}')} · {text(f'ticket.clock.{subject}')}"
