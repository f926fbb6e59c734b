"""Furnishes what leaves the house about tickets: who is told, by which carriers, in which words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.roster import Roster
from cti.database import Database
from cti.kernel.identifiers import Entropy
from cti.kernel.threads import Threads
from tickets.clocks.sla import Calendars
from tickets.delivery.composing import Composer, Texts
from tickets.delivery.model import Carrier, Channel
from tickets.delivery.notices import Hours
from tickets.delivery.outbox import Outbox
from tickets.delivery.people import Recipient
from tickets.delivery.schedule import Patience
from tickets.delivery.settings import DeliverySettings
from tickets.delivery.sink import Sink
from tickets.delivery.teller import Teller
from tickets.delivery.webhook import WebhookCarrier


class Deliveries:
    """The outbox with its carriers, and the teller that fills it.

    Messages for which no carrier is set up become files; `carriers` may be changed until the start.
    """

    def __init__(
        self,
        settings: DeliverySettings,
        base: Path,
        database: Database,
        reactor: Any,
        entropy: Entropy,
        *,
        roster: Roster,
        calendars: Calendars,
        texts: Texts,
    ) -> None:
        """`base`: below which the sink's folder stands."""
        self._threads = Threads(reactor, 1, "sink")
        sink = Sink(base / settings.sink, self._threads.run)
        self.carriers: dict[Channel, Carrier] = dict.fromkeys(Channel, sink)
        self.sends_sms = settings.sms is not None
        """Whether short messages leave the house, and do not end as files."""
        programs = {Channel.WEBHOOK: settings.webhook, Channel.SMS: settings.sms}
        for channel, program in programs.items():
            if program is not None:
                self.carriers[channel] = WebhookCarrier(program, reactor)
        self.outbox = Outbox(
            database, reactor, self.carriers, Patience(settings.give_up_after), entropy
        )
        self._roster = roster
        self.teller = Teller(
            database,
            reactor,
            self._people,
            Hours(calendars, settings.digest_every),
            Composer(texts, calendars.hotline.timezone, settings.site),
            self.outbox.wake,
            programs=settings.webhook is not None,
        )
        self.outbox.on_told(self.teller.wake)

    def start(self) -> None:
        """Tell and carry what waits; the database is up."""
        self._threads.start()
        self.outbox.start()
        self.teller.start()

    def stop(self) -> None:
        """Claim no more, and let what is being written end."""
        self.teller.stop()
        self.outbox.stop()
        self._threads.stop()

    def wake(self) -> None:
        """Look now: an act was committed, deadlines fired, or a minute has passed."""
        self.teller.wake()
        self.outbox.wake()

    def _people(self) -> Sequence[Recipient]:
        return [
            Recipient(
                each.staff_id,
                each.name,
                each.roles,
                each.language,
                each.department_id,
                each.email,
                each.unit,
            )
            for each in self._roster.staff()
        ]
