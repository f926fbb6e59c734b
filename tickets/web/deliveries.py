"""``/deliveries``: what was not delivered, or waits after a failed attempt, and why."""

from datetime import tzinfo
from functools import partial

from twisted.web.server import Request

from cti.database import Database
from cti.kernel.vocabulary import Role
from cti.web.formats import Formats
from cti.web.frame import Frame
from cti.web.pages import pages
from tickets.delivery.model import Channel
from tickets.delivery.undelivered import Failing, failing_txn
from tickets.masking import Mask, kind_of_contact, masked

READERS = (Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR)
MOST = 200


class DeliveryPages:
    """The list; addresses are masked, since who reads it need not know them."""

    app = pages()

    def __init__(self, frame: Frame, database: Database, zone: tzinfo) -> None:
        self.frame, self._database, self._zone = frame, database, zone

    @app.route("/", methods=["GET"])
    async def list(self, request: Request) -> bytes:
        """What failed, the latest first."""
        principal = self.frame.guard(request, *READERS)
        failing = await self._database.read(failing_txn, MOST, principal)
        return self.frame.render(
            request,
            "deliveries.html",
            failing=[(each, _address(each)) for each in failing],
            why=partial(masked, Mask.PROOF),
            formats=Formats(self.frame.language(request), self._zone),
            most=MOST,
        )


def _address(failing: Failing) -> str:
    """Where it went: a program by its name, a person's address masked."""
    if failing.channel is Channel.WEBHOOK:
        return failing.to
    return masked(kind_of_contact(failing.to), failing.to)
