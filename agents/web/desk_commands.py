"""What agents wish of their desk, by the names pages use."""

from collections.abc import Awaitable
from datetime import UTC, datetime

from agents.desk.desk import Desk
from agents.desk.model import Favourite, FavouriteKind
from agents.errors import command_unknown
from agents.web.state_commands import text_of
from cti.kernel.identifiers import AgentId, CallId, CustomerId
from cti.kernel.principal import Principal
from cti.web.live import Command, Handler

LONGEST = 80
"""Characters of a favourite's target."""


def desk_commands(desk: Desk) -> dict[str, Handler]:
    """The commands of a console that concern the customer, codes, follow-ups and favourites."""

    def wrap_up(principal: Principal, command: Command) -> Awaitable[None]:
        """``{"code", "note", "follow_up": instant or null, "call_id"?}``."""
        call_id = command.get("call_id")
        return desk.wrap_up.code(
            AgentId(principal.staff_id),
            CallId(call_id) if isinstance(call_id, str) else None,
            text_of(command, "code"),
            text_of(command, "note"),
            instant_of(command, "follow_up"),
        )

    def card_identify(principal: Principal, command: Command) -> Awaitable[None]:
        customer_id = CustomerId(text_of(command, "customer_id"))
        return desk.customers.identify(AgentId(principal.staff_id), customer_id)

    def customer_note(principal: Principal, command: Command) -> Awaitable[None]:
        """``{"text", "important"?: whether it is to stand among the alerts}``."""
        return desk.customers.add_note(
            AgentId(principal.staff_id),
            text_of(command, "text"),
            important=command.get("important") is True,
        )

    def follow_up_done(principal: Principal, command: Command) -> Awaitable[None]:
        call_id = CallId(text_of(command, "call_id"))
        return desk.days.follow_up_done(AgentId(principal.staff_id), call_id)

    def favourite(principal: Principal, command: Command) -> Awaitable[None]:
        """``{"kind": "agent" | "queue" | "number", "target", "on"}``."""
        return desk.favourites.choose(
            principal.staff_id, favourite_of(command), command.get("on") is True
        )

    return {
        "wrap_up": wrap_up,
        "card_identify": card_identify,
        "customer_note": customer_note,
        "follow_up_done": follow_up_done,
        "favourite": favourite,
    }


def favourite_of(command: Command) -> Favourite:
    """The favourite named; Refused (``agent.command_unknown``) when it is none."""
    kind, target = text_of(command, "kind"), text_of(command, "target").strip()
    if kind not in {each.value for each in FavouriteKind} or not 0 < len(target) <= LONGEST:
        raise command_unknown(str(command.get("do")))
    return Favourite(FavouriteKind(kind), target)


def instant_of(command: Command, field: str) -> datetime | None:
    """That field as an aware instant, None where it is left out; Refused for anything else."""
    if command.get(field) is None:
        return None
    try:
        instant = datetime.fromisoformat(text_of(command, field))
        if instant.tzinfo is None:
            raise command_unknown(str(command.get("do")))
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise command_unknown(str(command.get("do"))) from None
