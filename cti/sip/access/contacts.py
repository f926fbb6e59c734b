"""A Contact value and its parameters (RFC 3261, 20.10; RFC 5626, 11.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cti.sip.message import LARGEST_NUMBER, number

_VALUE = re.compile(
    r'\s*(?:(?:"(?:[^"\\]|\\.)*"\s*|[^<"]*)<(?P<quoted>[^>]*)>|(?P<bare>[^\s;"<>]+))'
    r"\s*(?P<parameters>(?:;.*)?)",
    re.DOTALL,
)
_PARAMETER = re.compile(r';\s*(?P<name>[^\s;="]+)\s*(?:=\s*(?P<value>"(?:[^"\\]|\\.)*"|[^;"]*))?')
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Contact:
    """The URI exactly as written, and the parameters of the header, their names in small letters.

    In a value without angle brackets every parameter is the header's (RFC 3261, 20).
    """

    uri: str
    parameters: Mapping[str, str]

    @classmethod
    def parse(cls, value: str) -> "Contact":
        """Read one value of the header; ValueError."""
        found = _VALUE.fullmatch(value)
        if found is None:
            raise ValueError("Contact")
        uri = found["quoted"] if found["bare"] is None else found["bare"]
        parameters = {
            each["name"].lower(): (each["value"] or "").strip()
            for each in _PARAMETER.finditer(found["parameters"])
        }
        return cls(uri.strip(), parameters)

    @property
    def expires(self) -> int | None:
        """Seconds asked for; None when nothing readable is said."""
        return number(self.parameters.get("expires"))

    @property
    def quality(self) -> float:
        """Preference from 0 to 1; what cannot be read counts as the usual 1."""
        text = self.parameters.get("q", "1")
        return float(text) if _QUALITY.fullmatch(text) else 1.0

    @property
    def instance(self) -> str:
        """The telephone itself, whatever its address (``+sip.instance``), quoted as it came."""
        return self.parameters.get("+sip.instance", "")

    @property
    def flow_number(self) -> int:
        """``reg-id``, from 1; 0 when there is none that is worth anything."""
        number_given = number(self.parameters.get("reg-id")) or 0
        return number_given if self.instance and number_given < LARGEST_NUMBER else 0
