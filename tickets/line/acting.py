"""Acts on a ticket as it is now, whoever else acts on it meanwhile."""

from collections.abc import Mapping
from hashlib import sha256

from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from tickets.acts import Action
from tickets.model import Receipt
from tickets.service import TicketService

ATTEMPTS = 5
"""How often an act is tried where somebody else was quicker each time."""
STALE = "ticket.stale"


async def act_now(
    tickets: TicketService,
    number: str,
    action: Action,
    fields: Mapping[str, str],
    by: Principal,
    request_id: str,
) -> Receipt:
    """Do it to the latest version; Refused as by `TicketService.act`, or ``ticket.unknown``."""
    for attempt in range(ATTEMPTS):
        view = await tickets.view(number)
        if view is None:
            break
        version = view.case.version
        try:
            return await tickets.act(number, action, fields, by, version, request_id)
        except Refused as refused:
            if refused.error_id != STALE or attempt == ATTEMPTS - 1:
                raise
    raise Refused("ticket.unknown", number=number)


def request_for(*about: object) -> str:
    """The request id that is the same whenever the same is asked for."""
    told = " ".join(map(str, about))
    return f"line-{sha256(told.encode()).hexdigest()[:48]}"
