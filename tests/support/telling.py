"""A ticket desk whose people are told of what happens, by a carrier that notes it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cti.kernel.principal import Principal
from cti.web.texts import Texts
from tests.support.databases import DirectDatabase
from tests.support.deliveries import FakeCarrier
from tests.support.offices import counting
from tests.support.tickets import EVERYBODY, SHANGHAI, TicketDesk, calendars
from tickets.delivery.composing import Composer
from tickets.delivery.model import Channel, Outgoing
from tickets.delivery.notices import Hours
from tickets.delivery.outbox import Outbox
from tickets.delivery.people import Recipient
from tickets.delivery.schedule import Patience
from tickets.delivery.teller import Teller

LOCALES = Path(__file__).parents[2] / "tickets" / "web" / "locales"


def reached(principal: Principal) -> Recipient:
    """The person with an address."""
    return Recipient(
        principal.staff_id,
        principal.name,
        principal.roles,
        principal.language,
        principal.department_id,
        f"{principal.staff_id}@bank.example",
    )


class TellingDesk(TicketDesk):
    """A ticket desk with teller and outbox."""

    def __init__(
        self,
        people: Sequence[Principal] = EVERYBODY,
        every: timedelta = timedelta(hours=2),
        *,
        programs: bool = False,
        database: DirectDatabase | None = None,
    ) -> None:
        self.people = [reached(each) for each in people]
        self.carrier = FakeCarrier()
        self._every, self._programs = every, programs
        super().__init__(database)

    def _open(self) -> None:
        super()._open()
        texts = Texts()
        texts.add(LOCALES)
        carriers = dict.fromkeys(Channel, self.carrier)
        self.outbox = Outbox(self.database, self.clock, carriers, Patience(), counting())
        self.teller = Teller(
            self.database,
            self.clock,
            lambda: self.people,
            Hours(calendars(), self._every),
            Composer(texts.text, SHANGHAI),
            self.outbox.wake,
            programs=self._programs,
        )
        self.outbox.on_told(self.teller.wake)
        self.escalation.on_fired(self.teller.wake)
        self.service.on_clocks_changed(self._committed)

    def start(self) -> None:
        """Fire, tell and carry from now on."""
        self.escalation.start()
        self.teller.start()
        self.outbox.start()

    def start_again(self) -> None:
        """The house is restarted: the same database, nothing remembered."""
        self.teller.stop()
        self.outbox.stop()
        super().start_again()

    def _committed(self) -> None:
        self.escalation.wake()
        self.teller.wake()
        self.outbox.wake()

    def advance(self, **time: float) -> None:
        """Live through that time: every timer at its instant."""
        end = self.clock.seconds() + timedelta(**time).total_seconds()
        while calls := [each.getTime() for each in self.clock.getDelayedCalls()]:
            if min(calls) > end:
                break
            self.clock.advance(max(0.0, min(calls) - self.clock.seconds()))
        self.clock.advance(max(0.0, end - self.clock.seconds()))

    def leave(self, principal: Principal) -> None:
        """The person has no address any more."""
        self.people = [
            replace(each, email="") if each.staff_id == principal.staff_id else each
            for each in self.people
        ]

    def mails(self, principal: Principal) -> list[Outgoing]:
        """What was carried to the person."""
        address = reached(principal).email
        return [outgoing for _, outgoing in self.carrier.carried if outgoing.to == address]
