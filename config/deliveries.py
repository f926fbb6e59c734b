"""Furnishes the outbox: which carrier takes what leaves the house."""

from pathlib import Path
from typing import Any

from cti.database import Database
from cti.kernel.identifiers import Entropy
from cti.kernel.threads import Threads
from tickets.delivery.model import Carrier, Channel
from tickets.delivery.outbox import Outbox
from tickets.delivery.schedule import Patience
from tickets.delivery.settings import DeliverySettings
from tickets.delivery.sink import Sink


class Deliveries:
    """The outbox with its carriers; messages for which none is set up become files."""

    def __init__(
        self,
        settings: DeliverySettings,
        base: Path,
        database: Database,
        reactor: Any,
        entropy: Entropy,
    ) -> None:
        """`base`: below which the sink's folder stands."""
        self._threads = Threads(reactor, 1, "sink")
        sink = Sink(base / settings.sink, self._threads.run)
        self.carriers: dict[Channel, Carrier] = dict.fromkeys(Channel, sink)
        self.outbox = Outbox(
            database, reactor, self.carriers, Patience(settings.give_up_after), entropy
        )

    def start(self) -> None:
        """Carry what waits; the database is up."""
        self._threads.start()
        self.outbox.start()

    def stop(self) -> None:
        """Claim no more, and let what is being written end."""
        self.outbox.stop()
        self._threads.stop()
