"""What the demo ledger refuses."""

from cti.kernel.errors import Refused


def account_unknown() -> Refused:
    """No account has that reference."""
    return Refused("bank.account_unknown")


def card_unknown() -> Refused:
    """No card has that reference."""
    return Refused("bank.card_unknown")


def rates_missing() -> Refused:
    """No table is in force today."""
    return Refused("bank.rates_missing")
