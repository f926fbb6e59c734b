"""Where siblings meet: one room's knowledge in the shape another room asks for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from twisted.internet.defer import Deferred

from agents.roster import Roster
from agents.telephony import Telephony
from config.settings import TelephoneSettings
from cti.kernel.identifiers import (
    AgentId,
    CallId,
    CustomerId,
    DepartmentId,
    DeviceId,
    QueueId,
    StaffId,
)
from cti.kernel.ports import Product
from cti.sip.access.digest import Account
from ivr.bank.port import BankGateway, CardState
from monitoring.wallboard import BoardQueue
from tickets.web.facts import Colleague


class StaffTelephones:
    """The accounts of the switch: one per extension of the roster, with the rule for its digest.

    `passes` tells what the browser of that extension's agent may prove itself with besides.
    """

    def __init__(
        self,
        roster: Roster,
        rules: Mapping[str, TelephoneSettings],
        passes: Callable[[DeviceId], tuple[str, ...]] = lambda _: (),
    ) -> None:
        self._roster, self._rules, self._passes = roster, rules, passes

    def find(self, username: str) -> Account | None:
        """The account of that extension."""
        digests = self._roster.sip_digests(username)
        if not digests:
            return None
        rule = self._rules.get(username, TelephoneSettings())
        return Account(
            username,
            digests.sha256,
            digests.md5,
            rule.algorithms,
            rule.md5,
            self._passes(DeviceId(username)),
        )


class BankProducts:
    """Implements `cti.kernel.ports.ProductPort` over the bank's gateway."""

    def __init__(self, bank: BankGateway) -> None:
        self._bank = bank

    def products(self, customer_id: CustomerId) -> Deferred[Sequence[Product]]:
        """The customer's accounts, then the cards."""
        return Deferred.fromCoroutine(self._products(customer_id))

    async def _products(self, customer_id: CustomerId) -> Sequence[Product]:
        accounts = await self._bank.accounts(customer_id)
        cards = await self._bank.cards(customer_id)
        return [
            *(Product("account", each.ending, each.current, each.available) for each in accounts),
            *(
                Product(each.kind.value, each.ending, lost=each.state is CardState.LOST)
                for each in cards
            ),
        ]

    def locked_until(self, customer_id: CustomerId) -> Deferred[datetime | None]:
        """Until when the customer is locked out of telephone banking."""
        return self._bank.locked_until(customer_id)


class FloorOfRoster:
    """Queues and agents as monitoring sees them."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def queues(self) -> Sequence[BoardQueue]:
        """Every queue, in the order of the settings."""
        return [
            BoardQueue(queue.queue_id, queue.names, queue.threshold)
            for queue in self._roster.queues.values()
        ]

    def serving(self, queue_id: QueueId) -> Collection[AgentId]:
        """The agents who may serve its callers."""
        return self._roster.serving(queue_id)

    def agent_name(self, agent_id: AgentId) -> str:
        """The agent's name."""
        return self._roster.name_of(StaffId(agent_id))

    def agent_extension(self, agent_id: AgentId) -> str:
        """The agent's telephone, or nothing for somebody who has none any more."""
        staff = self._roster.by_id(StaffId(agent_id))
        return staff.extension or "" if staff else ""


class UnitsOfRoster:
    """Implements `tickets.web.facts.StaffUnits`: who works where, for complaints about somebody."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def everybody(self) -> Sequence[Colleague]:
        """Everybody who works here, by name."""
        staff = (Colleague(each.staff_id, each.name) for each in self._roster.staff())
        return sorted(staff, key=lambda each: each.name)

    def unit_of(self, staff_id: StaffId) -> DepartmentId | None:
        """Their department, or their team at the hotline; None for who is in neither."""
        staff = self._roster.by_id(staff_id)
        return staff.unit if staff else None


class StaffDialler:
    """Implements `tickets.web.facts.Dialler` by the telephones of the consoles."""

    def __init__(self, telephony: Telephony) -> None:
        self._telephony = telephony

    def dial(self, staff_id: StaffId, number: str) -> Deferred[CallId]:
        """The agent's telephone first, then the number; Refused as their console would be."""
        return Deferred.fromCoroutine(self._telephony.dial(AgentId(staff_id), number))
