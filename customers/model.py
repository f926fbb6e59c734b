"""A customer: one record per person across every channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel


class Sex(Enum):
    """As ISO/IEC 5218 distinguishes it, for the form of address."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Email:
    """An address, in the form of `emails.normalise_email`."""

    address: str
    verified: bool = False
    """The bank made sure that it is the customer's; else somebody said so."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who calls or writes.

    `numbers` are in the form of `numbers.normalise`, the preferred one first, and so are `emails`.
    """

    customer_id: CustomerId
    names: Mapping[Language, str]
    sex: Sex
    numbers: tuple[str, ...]
    service_level: ServiceLevel
    language: Language
    address: str = ""
    do_not_call: bool = False
    emails: tuple[Email, ...] = ()

    def name(self, language: Language) -> str:
        """The name in that language."""
        return self.names[language]
