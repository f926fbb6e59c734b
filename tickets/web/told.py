"""In-house messages in words."""

from collections.abc import Callable

from tickets.model import Message, MessageKind

Text = Callable[..., str]


def said(message: Message, text: Text) -> str:
    """What the message tells."""
    match message.kind:
        case MessageKind.WORK:
            return text(f"ticket.done.{message.subject}")
        case MessageKind.UNDELIVERED:
            return text("ticket.undelivered", what=text(f"ticket.purpose.{message.subject}"))
        case kind:
            clock = text(f"ticket.clock.{message.subject}")
            return f"{text(f'ticket.alarm.{kind.value}')} · {clock}"
