"""The self-services: what a caller can do without a person.

Each takes the flow's fields as keyword arguments and gives a `ServiceDone`: how it ended, what is
to be said, and what becomes known. What a call has learnt (account, cards) is kept for its length
in a `Visit`, as the bank's opaque references.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from cti.kernel.errors import LocalError
from cti.kernel.identifiers import CustomerId
from cti.kernel.money import Money
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Verification
from ivr import reply_services, ticket_services
from ivr.bank.port import (
    AccountRef,
    BankGateway,
    Card,
    CardState,
    ExchangeRate,
    SignIn,
    Transaction,
)
from ivr.effects import ServiceDone
from ivr.events import SignInOutcome
from ivr.flow import UNAVAILABLE, Signature
from ivr.reply_services import ReplyServices
from ivr.ticket_services import TicketServices
from prompts.catalogue import Announcement

TRANSACTIONS_TOLD = 5
MOST_CARDS = 9
"""As many as there are keys to choose one."""
FEN = 2
"""Decimal places of an amount of money; finer quotations are read as plain numbers."""

TOLD = "told"
NOT_SIGNED_IN = "not_signed_in"
ENTITLED = frozenset({"account", "pin", "banking_number", "banking_pin"})

SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    {
        "rates": Signature(outcomes=frozenset({TOLD}), counts_as="rates"),
        "exchange_rates": Signature(outcomes=frozenset({TOLD}), counts_as="exchange_rates"),
        "sign_in": Signature(
            arguments=ENTITLED,
            secrets=ENTITLED,
            outcomes=frozenset({"verified", "wrong", "locked"}),
        ),
        "balance": Signature(outcomes=frozenset({TOLD, NOT_SIGNED_IN}), counts_as="balance"),
        "transactions": Signature(
            outcomes=frozenset({TOLD, NOT_SIGNED_IN}), counts_as="transactions"
        ),
        "cards": Signature(
            outcomes=frozenset({"none", "one", "several", NOT_SIGNED_IN}),
            values=frozenset({"card", "card_ending"}),
        ),
        "choose_card": Signature(
            arguments=frozenset({"card"}),
            outcomes=frozenset({"chosen", "unknown"}),
            values=frozenset({"card_ending"}),
        ),
        "report_loss": Signature(
            arguments=frozenset({"card"}),
            outcomes=frozenset({"reported"}),
            counts_as="card_loss",
        ),
        **ticket_services.SIGNATURES,
        **reply_services.SIGNATURES,
    }
)


@dataclass(slots=True)
class Visit:
    """What one call has learnt at the bank."""

    customer_id: CustomerId | None = None
    account: AccountRef | None = None
    cards: tuple[Card, ...] = ()


SignedIn = Callable[[SignIn], None]
Run = Callable[..., Awaitable[ServiceDone]]


class SelfServices:
    """The self-services of one call. `on_sign_in` is told what became of every sign-in."""

    def __init__(
        self,
        bank: BankGateway,
        tickets: TicketServices,
        replies: ReplyServices,
        on_sign_in: SignedIn,
        visit: Visit | None = None,
    ) -> None:
        self._bank, self._on_sign_in = bank, on_sign_in
        self.tickets, self._replies = tickets, replies
        self.visit = visit or Visit()

    def forget(self) -> None:
        """The call is over: nobody is told any more what became of a sign-in."""
        self._on_sign_in = lambda _: None

    async def run(self, name: str, arguments: Mapping[str, str | Secret]) -> ServiceDone:
        """The service's answer; LocalError for a name nobody knows, else the bank's errors."""
        for services, table in (
            (self, SERVICES),
            (self.tickets, ticket_services.SERVICES),
            (self._replies, reply_services.SERVICES),
        ):
            if (service := table.get(name)) is not None:
                return await service(services, **arguments)
        raise LocalError(f"no self-service {name}")

    async def rates(self) -> ServiceDone:
        """Interest on deposits."""
        table = await self._bank.rates()
        lines = (
            Announcement(
                "rates.rate",
                {"term": f"bank.term.{rate.term.value}", "percent": rate.percent},
                public=True,
            )
            for rate in table.rates
        )
        heading = Announcement("rates.effective", {"date": table.effective}, public=True)
        return _told(heading, *lines)

    async def exchange_rates(self) -> ServiceDone:
        """Today's buying and selling rates."""
        quotation = await self._bank.exchange_rates()
        heading = Announcement("exchange.effective", {"date": quotation.effective}, public=True)
        return _told(heading, *(_quote(rate) for rate in quotation.rates))

    async def sign_in(
        self, *, account: Secret, pin: Secret, banking_number: Secret, banking_pin: Secret
    ) -> ServiceDone:
        """Account number and PIN, telephone-banking number and PIN."""
        answer = await self._bank.sign_in(account, pin, banking_number, banking_pin)
        self._on_sign_in(answer)
        match answer:
            case SignIn(SignInOutcome.VERIFIED, customer_id, accounts) if accounts:
                self.visit = Visit(customer_id, accounts[0])
                return ServiceDone(
                    "verified",
                    (Announcement("sign_in.verified"),),
                    facts={"verification": Verification.SIGNED_IN.name.lower()},
                )
            case SignIn(SignInOutcome.WRONG):
                return _refused("wrong", Announcement("sign_in.wrong"))
            case SignIn(SignInOutcome.LOCKED, until=until) if until:
                return _refused("locked", Announcement("sign_in.locked", {"until": until}))
        return _refused(UNAVAILABLE)

    async def balance(self) -> ServiceDone:
        """The balance of the account signed in with."""
        if self.visit.account is None:
            return _refused(NOT_SIGNED_IN)
        balance = await self._bank.balance(self.visit.account)
        return _told(
            Announcement(
                "balance.told",
                {
                    "ending": balance.ending,
                    "current": balance.current,
                    "available": balance.available,
                },
            )
        )

    async def transactions(self) -> ServiceDone:
        """The last five transactions, newest first."""
        if self.visit.account is None:
            return _refused(NOT_SIGNED_IN)
        booked = await self._bank.transactions(self.visit.account, TRANSACTIONS_TOLD)
        if not booked:
            return _told(Announcement("transactions.none"))
        heading = Announcement("transactions.heading", {"n": len(booked)})
        return _told(heading, *(_transaction(each) for each in booked))

    async def cards(self) -> ServiceDone:
        """The caller's cards that can still be reported lost, numbered for the keys."""
        if self.visit.customer_id is None:
            return _refused(NOT_SIGNED_IN)
        everything = await self._bank.cards(self.visit.customer_id)
        usable = tuple(card for card in everything if card.state is CardState.ACTIVE)
        self.visit.cards = usable[:MOST_CARDS]
        match self.visit.cards:
            case ():
                return ServiceDone("none", (Announcement("loss.no_card"),))
            case (card,):
                return ServiceDone("one", values={"card": "1", "card_ending": card.ending})
        return ServiceDone("several", choices=tuple(_items(self.visit.cards)))

    async def choose_card(self, *, card: str) -> ServiceDone:
        """The card that the key stands for."""
        chosen = self._card(card)
        if chosen is None:
            return _refused("unknown", Announcement("loss.no_such_card"))
        return ServiceDone("chosen", values={"card_ending": chosen.ending})

    async def report_loss(self, *, card: str) -> ServiceDone:
        """Block the chosen card from this instant."""
        chosen = self._card(card)
        if chosen is None:
            return _refused(UNAVAILABLE)
        report = await self._bank.report_loss(chosen.card)
        values = {"ending": report.ending, "reference": report.reference}
        if report.repeated:
            told = Announcement("loss.repeated", {**values, "when": report.reported})
        else:
            told = Announcement("loss.reported", values)
        return ServiceDone("reported", (told,))

    def _card(self, key: str) -> Card | None:
        index = int(key) - 1
        return self.visit.cards[index] if 0 <= index < len(self.visit.cards) else None


SERVICES: Mapping[str, Run] = {
    "rates": SelfServices.rates,
    "exchange_rates": SelfServices.exchange_rates,
    "sign_in": SelfServices.sign_in,
    "balance": SelfServices.balance,
    "transactions": SelfServices.transactions,
    "cards": SelfServices.cards,
    "choose_card": SelfServices.choose_card,
    "report_loss": SelfServices.report_loss,
}
"""The services of the bank, by name."""


def _told(*announcements: Announcement) -> ServiceDone:
    return ServiceDone(TOLD, announcements)


def _refused(outcome: str, *announcements: Announcement) -> ServiceDone:
    return ServiceDone(outcome, announcements, succeeded=False)


def _quote(rate: ExchangeRate) -> Announcement:
    values: dict[str, object] = {"currency": rate.currency, "unit": rate.unit}
    prices: Mapping[str, Decimal] = {"buying": rate.buying, "selling": rate.selling}
    if any(price != round(price, FEN) for price in prices.values()):
        return Announcement("exchange.fine_quote", {**values, **prices}, public=True)
    money = {name: Money(price) for name, price in prices.items()}
    return Announcement("exchange.quote", {**values, **money}, public=True)


def _transaction(booked: Transaction) -> Announcement:
    money = Money(abs(booked.money.amount), booked.money.currency)
    direction = "transactions.out" if booked.money.amount < 0 else "transactions.in"
    values = {"date": booked.booked, "type": f"bank.kind.{booked.kind.value}", "money": money}
    return Announcement(direction, values)


def _items(cards: Iterable[Card]) -> Iterable[Announcement]:
    yield Announcement("loss.cards")
    for key, card in enumerate(cards, 1):
        yield Announcement(
            "loss.item",
            {"ending": card.ending, "type": f"bank.card.{card.kind.value}", "key": str(key)},
        )
