"""What a desk refuses; the texts stand in the catalogues of `agents.web`."""

from cti.kernel.errors import Refused


def code_unknown(code: str) -> Refused:
    """No such wrap-up code, or not one for calls of that queue."""
    return Refused("desk.code_unknown", code=code)


def code_too_general() -> Refused:
    """A heading of the tree was chosen where one of its codes is wanted."""
    return Refused("desk.code_too_general")


def code_required() -> Refused:
    """After-call work is to end before the call has its code."""
    return Refused("desk.code_required")


def note_needed() -> Refused:
    """The code wants a note."""
    return Refused("desk.note_needed")


def follow_up_needed() -> Refused:
    """The code wants a day to follow it up."""
    return Refused("desk.follow_up_needed")


def follow_up_past() -> Refused:
    """The follow-up is not in the future."""
    return Refused("desk.follow_up_past")


def follow_up_unknown() -> Refused:
    """The agent has no such follow-up, or has done it."""
    return Refused("desk.follow_up_unknown")


def customer_unknown(customer_id: str) -> Refused:
    """There is no such customer."""
    return Refused("desk.customer_unknown", customer=customer_id)


def customer_missing() -> Refused:
    """There is no customer of whom a note could be."""
    return Refused("desk.customer_missing")


def customer_verified() -> Refused:
    """The caller has proved who they are: nobody else can be said to call."""
    return Refused("desk.customer_verified")


def text_too_long(limit: int) -> Refused:
    """A note is longer than is kept."""
    return Refused("desk.text_too_long", limit=limit)


def favourites_full(most: int) -> Refused:
    """Somebody has as many favourites as are kept."""
    return Refused("desk.favourites_full", limit=most)
