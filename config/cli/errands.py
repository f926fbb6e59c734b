"""What the demo's callers call for, and what each of them keys for it.

Keys follow the shipped flow (``config/flows/main.yaml``) after the choice of language; the waits
are for what is said without being cut short.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from config.demo.model import DemoCustomer
from cti.kernel.secret import Secret


@dataclass(frozen=True, slots=True)
class Errand:
    """Keys after the language, seconds on the line after the last, how many callers want it.

    `stay` is also how long they bear to wait for a person and to talk with them, on average.
    """

    name: str
    keys: str
    stay: float
    weight: int


def errands(customer: DemoCustomer, account_pin: Secret, banking_pin: Secret) -> Sequence[Errand]:
    """What that customer may want."""
    numbers = (
        customer.accounts[0].number,
        account_pin,
        customer.banking_number,
        banking_pin,
    )
    signing_in = " ".join(f"{number.reveal()}# w1" for number in numbers)
    wanted = [
        Errand("deposit rates", "1 w1 1", 14.0, 3),
        Errand("exchange rates", "1 w1 2", 16.0, 2),
        Errand("balance", f"2 w2 {signing_in}", 20.0, 3),
        Errand("balance, then a person", f"2 w2 {signing_in} w12 0", 90.0, 1),
        Errand("a person", "0", 90.0, 6),
        Errand("rates, then a person", "1 w1 0", 90.0, 1),
        Errand("a complaint", "9", 120.0, 2),
        Errand("too impatient", "0", 5.0, 1),
    ]
    if customer.cards:
        # Whoever has several says first which; then all think better of it.
        cancelling = "1 w4 2" if len(customer.cards) > 1 else "2"
        keys = f"3 w2 {signing_in} w8 {cancelling}"
        wanted.append(Errand("lost card, found again", keys, 6.0, 1))
    return wanted
