"""Money as a value."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217 code); never a float."""

    amount: Decimal
    currency: str = "CNY"
