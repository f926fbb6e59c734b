"""Words that every room shares: languages, service levels, verification, who did it."""

from enum import Enum, IntEnum


class Language(Enum):
    """A language the hotline speaks and writes; the value is its BCP 47 primary subtag."""

    CHINESE = "zh"
    ENGLISH = "en"


class ServiceLevel(IntEnum):
    """Customer service level; the smaller is served first."""

    SPECIAL = 1
    PRIORITY = 2
    UNIFORM = 3


class Verification(IntEnum):
    """How surely the caller is known."""

    NONE = 0
    RECOGNISED = 1
    """The calling number belongs to a customer."""
    SIGNED_IN = 2
    """Account and PIN, telephone-banking number and PIN were entered and right."""


class Situation(IntEnum):
    """Why the caller waits, where it outranks who waits; a queue's head starts say how far."""

    CARD_LOSS = 0
    ORDINARY = 1
    FRAUD = 2


class MessageAbout(Enum):
    """What a caller who speaks after the tone was asked for."""

    ANYTHING = "anything"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    TICKET = "ticket"
    """More about the ticket that they have proved to be theirs."""


class Role(Enum):
    """What a member of staff may do."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DISPATCHER = "dispatcher"
    OFFICER = "officer"
    """Works on tickets in a department."""
    HEAD = "head"
    """Leads a department."""
    PROTECTION = "protection"
    """Consumer protection (消费者权益保护): above the supervisors where customers complain."""
    EXECUTIVE = "executive"
    """The vice-president in charge (分管行领导)."""
    QUALITY = "quality"
    ADMINISTRATOR = "administrator"
