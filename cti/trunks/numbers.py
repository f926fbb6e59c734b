"""Telephone numbers in one form, whatever a trunk or a telephone makes of them.

A number is E.164 with its plus sign wherever it is one; short codes and the extensions of the
house are numbers of their own. `Numbers.read` takes what the world sends (``+86 10 8888 0001``,
``008610…``, ``010…``, the bare subscriber number, ``tel:`` URIs with their context, RFC 3966) and
`Numbers.write` gives a trunk the form it wants; reading what was written gives the same number.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from cti.trunks.short_codes import Code, code_of

LONGEST = 32
"""Characters of a number that are kept: twice what E.164 allows, for prefixes and extensions."""
USUAL_INTERNATIONAL_PREFIX = "00"
"""Recommendation ITU-T E.164, annex A."""

_SCHEME = re.compile(r"(?:tel|sips?):", re.IGNORECASE)
_SEPARATORS = re.compile(r"[-.() ]")
"""RFC 3966, 3 (visual-separator), and the space people write."""
_DIGITS = re.compile(r"\+?[0-9]{1,24}|[0-9*#]{1,24}", re.ASCII)


class Kind(Enum):
    """What a number is."""

    E164 = "e164"
    SHORT = "short"
    EXTENSION = "extension"
    OTHER = "other"
    """A name, or digits that are no number of any plan we know."""


class Form(Enum):
    """How a trunk writes numbers."""

    E164 = "e164"
    """+861088880001"""
    PLAIN = "plain"
    """861088880001"""
    INTERNATIONAL = "international"
    """00861088880001"""
    NATIONAL = "national"
    """01088880001; other countries' as INTERNATIONAL."""


class Reach(Enum):
    """How far, and how dear, a call to a number is."""

    INTERNAL = "internal"
    EMERGENCY = "emergency"
    SERVICE = "service"
    """A short code such as 95588 or 12345."""
    FREE = "free"
    LOCAL = "local"
    NATIONAL = "national"
    MOBILE = "mobile"
    INTERNATIONAL = "international"
    PREMIUM = "premium"
    UNKNOWN = "unknown"


_FREE = (PhoneNumberType.TOLL_FREE,)
_PREMIUM = (PhoneNumberType.PREMIUM_RATE,)
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.PAGER)
_CODES = {
    Code.EMERGENCY: Reach.EMERGENCY,
    Code.SERVICE: Reach.SERVICE,
    Code.PREMIUM: Reach.PREMIUM,
}


@dataclass(frozen=True, slots=True)
class NumberSettings:
    """Where the house stands in the world's numbering."""

    country: str = "CN"
    """ISO 3166-1."""
    area: str = "10"
    """The area code without the prefix of national calls; empty: subscriber numbers have none."""
    extensions: tuple[str, ...] = ("XXXX",)
    """What extensions look like; X is any digit."""
    emergency: tuple[str, ...] = ()
    """Numbers for help in need beside those the country's plan has."""
    outside: str = ""
    """What telephones of the house dial before an outside number, such as 9; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in the one form it has inside the house."""

    text: str
    kind: Kind

    def __str__(self) -> str:
        return self.text


class Numbers:
    """Reads and writes numbers for one place; `house` are its own, as the settings write them."""

    def __init__(self, settings: NumberSettings, house: Iterable[str] = ()) -> None:
        self._settings = settings
        self._extensions = [_pattern(each) for each in settings.extensions]
        self._code = str(phonenumbers.country_code_for_region(settings.country))
        self._abroad = _international_prefix(settings.country)
        self._national = _national_prefix(settings.country)
        self._house = {self.read(number).text: number for number in house}

    # --- in -------------------------------------------------------------------------------------

    def read(self, text: str, form: Form | None = None) -> Number:
        """The number a trunk means, which writes numbers in that form where it keeps to one.

        Never raises: what is no number comes back as given, printable and of bounded length.
        """
        digits = _digits(text)
        if not digits:
            return Number(shown(text), Kind.OTHER)
        if form is Form.PLAIN and (plain := self._valid(f"+{digits.removeprefix('+')}")):
            return plain
        return self._service(digits) or self._subscriber(digits) or Number(digits, Kind.OTHER)

    def dialled(self, text: str) -> Number:
        """The number a telephone of the house means; help in need before any extension."""
        digits, number = _digits(text), self._outside(text)
        inside = any(pattern.fullmatch(digits) for pattern in self._extensions)
        if inside and self.reach(number) is not Reach.EMERGENCY:
            return Number(digits, Kind.EXTENSION)
        return number

    def sought(self, text: str) -> tuple[str, ...]:
        """How a number that somebody looks for, whole or in part, may stand in what is kept."""
        given = shown(text).strip()
        digits = _SEPARATORS.sub("", given)
        found = [given, digits, self.read(digits).text]
        before = ((self._abroad, "+"), (self._national, f"+{self._code}"))
        for prefix, instead in before:
            if prefix and digits.startswith(prefix):
                found.append(instead + digits.removeprefix(prefix))
        return tuple(each for each in dict.fromkeys(found) if each.strip("+"))

    def own(self, number: Number) -> str | None:
        """The number as the settings write it, if it is one of the house's own."""
        return self._house.get(number.text)

    # --- out ------------------------------------------------------------------------------------

    def write(self, number: Number, form: Form) -> str:
        """The number's digits as a trunk wants them; what is not E.164 stays as it is."""
        parsed = _parsed(number.text, None) if number.kind is Kind.E164 else None
        if parsed is None:
            return number.text
        plain = number.text.removeprefix("+")
        match form:
            case Form.E164:
                return number.text
            case Form.PLAIN:
                return plain
            case Form.NATIONAL if str(parsed.country_code) == self._code:
                return re.sub(
                    r"\D", "", phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
                )
        return f"{self._abroad}{plain}"

    def written(self, text: str) -> str:
        """A number of ours as people here write and dial it: their own country's without its code,
        others in E.164; what is no E.164 number stays as it is.
        """
        parsed = _parsed(text, None) if text.startswith("+") else None
        if parsed is None or str(parsed.country_code) != self._code:
            return text
        return self.write(Number(text, Kind.E164), Form.NATIONAL)

    def reach(self, number: Number) -> Reach:
        """How far a call to the number is."""
        if number.text in self._settings.emergency:
            return Reach.EMERGENCY
        match number.kind:
            case Kind.EXTENSION:
                return Reach.INTERNAL
            case Kind.SHORT:
                code = code_of(number.text, self._settings.country)
                return _CODES[code] if code else Reach.UNKNOWN
            case Kind.E164 if parsed := _parsed(number.text, None):
                return self._reach(parsed)
        return Reach.UNKNOWN

    # --- inside ---------------------------------------------------------------------------------

    def _is_premium(self, subscriber: str) -> bool:
        """Whether that is a premium number of the country, which one can dial behind an area."""
        parsed = _parsed(f"+{self._code}{subscriber}", None)
        return parsed is not None and phonenumbers.number_type(parsed) in _PREMIUM

    def _outside(self, text: str) -> Number:
        """The outside number, with or without what is dialled before such."""
        before = self._settings.outside
        if before and text.startswith(before):
            number = self.read(text.removeprefix(before))
            if number.kind is not Kind.OTHER:
                return number
        return self.read(text)

    def _reach(self, parsed: PhoneNumber) -> Reach:
        sort = phonenumbers.number_type(parsed)
        if sort in _PREMIUM:
            return Reach.PREMIUM
        if str(parsed.country_code) != self._code:
            return Reach.INTERNATIONAL
        if sort in _FREE:
            return Reach.FREE
        if sort in _MOBILE:
            return Reach.MOBILE
        significant = phonenumbers.national_significant_number(parsed)
        length = phonenumbers.length_of_geographical_area_code(parsed)
        if length and self._is_premium(significant[length:]):
            return Reach.PREMIUM
        return Reach.LOCAL if significant[:length] == self._settings.area else Reach.NATIONAL

    def _subscriber(self, digits: str) -> Number | None:
        """An E.164 number, with or without its country and its area."""
        if found := self._valid(digits):
            return found
        if digits.startswith("+"):
            parsed = _parsed(digits, None)
            possible = parsed is not None and phonenumbers.is_possible_number(parsed)
            return Number(digits, Kind.E164) if possible and _canonical(digits) else None
        return self._valid(f"{self._settings.area}{digits}")

    def _service(self, digits: str) -> Number | None:
        """A short code, which some carriers write behind country or area."""
        for code in self._without_place(digits):
            if code in self._settings.emergency or code_of(code, self._settings.country):
                return Number(code, Kind.SHORT)
        return None

    def _without_place(self, digits: str) -> Iterator[str]:
        area, country = self._settings.area, self._code
        yield digits
        places = [f"+{country}{area}", f"+{country}", f"{self._abroad}{country}{area}"]
        places += [f"{self._abroad}{country}", f"0{area}"]
        for place in places:
            if digits.startswith(place):
                yield digits.removeprefix(place)

    def _valid(self, text: str) -> Number | None:
        parsed = _parsed(text, self._settings.country)
        if parsed is None or not phonenumbers.is_valid_number(parsed):
            return None
        return Number(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), Kind.E164)


def shown(text: str) -> str:
    """What can be shown and stored of a user part, which may hold anything, NUL included."""
    return "".join(filter(str.isprintable, text[: 4 * LONGEST]))[:LONGEST]


def _digits(text: str) -> str:
    """The dialling digits of a user part or ``tel:`` URI, with its context; empty: none."""
    if len(text) > 4 * LONGEST:
        return ""
    subscriber, *parameters = _SCHEME.sub("", text.strip(), count=1).partition("@")[0].split(";")
    digits = _SEPARATORS.sub("", subscriber)
    for parameter in parameters:
        name, _, context = parameter.partition("=")
        if name.lower() == "phone-context" and context.startswith("+") and digits[:1] != "+":
            digits = _SEPARATORS.sub("", context) + digits
    return digits if _DIGITS.fullmatch(digits) else ""


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _canonical(digits: str) -> bool:
    """Whether the text is the number's own E.164 form, so that it is one number and not two."""
    parsed = _parsed(digits, None)
    return parsed is not None and digits == phonenumbers.format_number(
        parsed, PhoneNumberFormat.E164
    )


def _international_prefix(country: str) -> str:
    """What a country dials before other countries' codes."""
    metadata = PhoneMetadata.metadata_for_region(country, None)
    if metadata is None:
        return USUAL_INTERNATIONAL_PREFIX
    prefixes = (metadata.preferred_international_prefix, metadata.international_prefix)
    plain = (each for each in prefixes if each and each.isdecimal())
    return next(plain, USUAL_INTERNATIONAL_PREFIX)


def _national_prefix(country: str) -> str:
    """What a country dials before its own area codes; empty: nothing."""
    metadata = PhoneMetadata.metadata_for_region(country, None)
    return (metadata.national_prefix if metadata else None) or ""


def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(re.escape(written).replace("X", "[0-9]"))
