"""What of a customer a person may read: names, numbers and addresses with their middles starred.

A ticket is read by many who need its matter and not its person. What each role reads in the
clear is one table, `CLEAR`; whoever may ask for the rest (`MAY_UNMASK`) is written down when they
do. Free text stays as it was told, but for the long digit runs that are cards, accounts and
identity numbers, however they are grouped, and for what is keyed in secret. Nothing stored is
masked: masking is a way of showing. What leaves the house for a customer is written so, too: who
listens or reads along there is known to nobody.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import accumulate

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.model import Draft, Requester

STAR = "*"
HIDDEN = STAR * 4
FEWEST_DIGITS = 4
"""Of a telephone number of which anything is shown."""
_CARD_IN_TEXT = re.compile(r"\d{17}[Xx]|\d{12,}|(?<!\d)\d{4}(?:[ -]\d{4}){2,}(?:[ -]\d{1,4})?")
"""Twelve digits in a row or groups of four; dates and telephone numbers are neither."""
_BETWEEN = "[ \\-\u00a0\u2010-\u2015\u2212\u3000\uff0d.·]"
_GROUPED = re.compile(rf"\d(?:{_BETWEEN}{{0,3}}\d){{12,60}}")
"""Digits in groups of whatever length, in which a card may stand."""
CARD_DIGITS = range(13, 20)
"""Of a card's number (ISO/IEC 7812-1)."""
_SECRET = re.compile(
    r"(?P<named>(?:密码|口令|验证码|动态码|安全码|"
    r"(?<![a-z])(?:pin|cvv2?|cvc2?|otp|pass[ -]?(?:code|word))(?![a-z]))"
    r"(?:\s*(?:码|号|就?是|[改设]?[为成]|设置[为成]|输入|-?(?:number|code)|is|was|[:：=]))*\s*[\"'“‘「]?)"
    r"(?P<secret>\d[\d -]{1,10}\d|(?<=[:：=是为成\"'“‘「])[!-~]{4,}|(?<=[:：=] )[!-~]{4,}"
    r"|(?<=[码令是为成入s] )(?=[!-~]*\d)[!-~]{6,})",
    re.IGNORECASE,
)
"""What is keyed or typed in secret, after the word for it; none of it is shown."""
_WORD = r"[^\s@<>()\"',:;，、：；（）]"
_LABEL = r"[^\s@<>()\"',:;，、：；（）.]"
_REACHED = re.compile(rf"(?<!{_WORD}){_WORD}+@{_LABEL}+(?:\.{_LABEL}+)+\.*|(?<!\d)1\d{{10}}(?!\d)")
"""Addresses of e-mail and mobile numbers within a text; names of calls have no domain.

An address is looked for where a word begins and nowhere within: a stranger's letter may be one word
of forty thousand characters.
"""
_HAN = re.compile(r"[\u3400-\u9fff]")
_PLACE_ENDS = re.compile(r"[区县旗市]")


class Mask(Enum):
    """What a text tells of a person, which decides how it is masked."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    ACCOUNT = "account"
    IDENTITY = "identity"
    """Of a document that proves who somebody is."""
    TEXT = "text"
    """What was told, with only the long numbers in it masked."""
    PROOF = "proof"
    """That an answer arrived: text that may say by which address or telephone it went."""


_ALWAYS_MASKED = frozenset({Mask.ACCOUNT, Mask.IDENTITY, Mask.TEXT})
_AT_THE_FRONT = frozenset({Mask.NAME})
CLEAR: Mapping[Role, frozenset[Mask]] = {
    Role.AGENT: _AT_THE_FRONT,
    Role.DISPATCHER: _AT_THE_FRONT,
    Role.SUPERVISOR: _AT_THE_FRONT,
    Role.PROTECTION: _AT_THE_FRONT,
}
"""What each role reads without asking for it; a role that is not named reads nothing so."""
MAY_UNMASK = frozenset(
    {
        Role.AGENT,
        Role.DISPATCHER,
        Role.SUPERVISOR,
        Role.PROTECTION,
        Role.OFFICER,
        Role.HEAD,
    }
)
"""Who answers customers and may ask to see how they are reached."""

DETAILS: Mapping[str, Mask] = {
    "account": Mask.ACCOUNT,
    "card": Mask.ACCOUNT,
    "identity": Mask.IDENTITY,
    "other_contact": Mask.PHONE,
    "email": Mask.EMAIL,
    "joint": Mask.NAME,
}
"""What the fields of a ticket's own kind tell of a person; what is not named is text."""
ACTS: Mapping[str, Mask] = {"name": Mask.NAME, "address": Mask.ADDRESS, "proof": Mask.PROOF}
"""The same of the fields of acts, beside the contact and those of the ticket's own kind."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person reads in the clear."""

    clear: frozenset[Mask]

    def shown(self, kind: Mask, text: str) -> str:
        """The text as that person may read it."""
        return text if kind in self.clear else masked(kind, text)

    def name(self, text: str) -> str:
        """A customer's name as that person may read it."""
        return self.shown(Mask.NAME, text)

    def contact(self, text: str) -> str:
        """A telephone number, an address of mail or of post as that person may read it."""
        return self.shown(kind_of_contact(text), text)

    def detail(self, name: str, text: str) -> str:
        """A field of the ticket's own kind as that person may read it."""
        return self.shown(DETAILS.get(name, Mask.TEXT), text)

    def told(self, name: str, text: str) -> str:
        """A field of an act as that person may read it."""
        kind = kind_of_contact(text) if name == "contact" else ACTS.get(name)
        return self.detail(name, text) if kind is None else self.shown(kind, text)

    def requester(self, who: Requester) -> Requester:
        """Who asks, as that person may read it."""
        return replace(
            who,
            name=self.name(who.name),
            contact=self.contact(who.contact),
            address=self.shown(Mask.ADDRESS, who.address),
        )

    def draft(self, draft: Draft) -> Draft:
        """What was asked, as that person may read it."""
        return replace(
            draft,
            title=self.shown(Mask.TEXT, draft.title),
            text=self.shown(Mask.TEXT, draft.text),
            about=self.shown(Mask.TEXT, draft.about),
            requester=self.requester(draft.requester),
        )


def sight_of(principal: Principal, *, unmasked: bool = False) -> Sight:
    """What the person reads; all of it where they asked and may (the asking is kept elsewhere)."""
    if unmasked and may_unmask(principal):
        return Sight(frozenset(Mask))
    clear = (CLEAR.get(role, frozenset[Mask]()) for role in principal.roles)
    return Sight(frozenset[Mask]().union(*clear) - _ALWAYS_MASKED)


def may_unmask(principal: Principal) -> bool:
    """Whether the person may ask to read what is masked."""
    return bool(principal.roles & MAY_UNMASK)


def masked(kind: Mask, text: str) -> str:
    """The text with what identifies a person starred; an empty text stays empty."""
    text = text.strip()
    return MASKS[kind](text) if text else ""


def kind_of_contact(text: str) -> Mask:
    """What the way to reach somebody is: mail, a telephone number, or else an address."""
    if "@" in text:
        return Mask.EMAIL
    digits = sum(letter.isdigit() for letter in text)
    return Mask.PHONE if digits * 2 > len(text) else Mask.ADDRESS


def _name(text: str) -> str:
    if not _HAN.search(text):
        return " ".join(f"{word[0]}{STAR * 3}" for word in text.split())
    if len(text) <= 2:
        return text[:1] + STAR
    return text[0] + STAR * (len(text) - 2) + text[-1]


def _phone(text: str) -> str:
    """``138****5678``: the last four digits stay, the four before them go; of few, two stay."""
    digits = sum(letter.isdigit() for letter in text)
    if digits < FEWEST_DIGITS:
        return HIDDEN
    last, hidden = (4, 4) if digits >= 8 else (2, digits)
    return _starred(text, digits - last - hidden, digits - last)


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    return f"{local[:1]}{STAR * 3}{at}{domain}"


def _address(text: str) -> str:
    """What lies before the street: ``北京市海淀区****``."""
    if not _HAN.search(text):
        _, comma, last = text.rpartition(",")
        return f"{HIDDEN}{comma}{last}" if comma else HIDDEN
    ends = [found.end() for found in _PLACE_ENDS.finditer(text[: len(text) - 1])]
    return text[: ends[-1] if ends else 2] + HIDDEN


def _account(text: str) -> str:
    digits = [letter for letter in text if letter.isalnum()]
    return f"{HIDDEN} {''.join(digits[-4:])}" if len(digits) > 4 else HIDDEN


def _identity(text: str) -> str:
    return text[:3] + STAR * (len(text) - 5) + text[-2:] if len(text) > 8 else HIDDEN


def _text(text: str) -> str:
    text = _SECRET.sub(lambda found: f"{found['named']}{HIDDEN}", text)
    spans: list[tuple[int, int]] = []
    for begin, end in sorted(_long_numbers(text)):
        overlap = spans.pop() if spans and begin < spans[-1][1] else (begin, end)
        spans.append((overlap[0], max(overlap[1], end)))
    shown, done = "", 0
    for begin, end in spans:
        shown += f"{text[done:begin]}{_account(text[begin:end])}"
        done = end
    return shown + text[done:]


def _long_numbers(text: str) -> Iterator[tuple[int, int]]:
    """From where to where cards, accounts and identity numbers stand; they may overlap."""
    for found in _CARD_IN_TEXT.finditer(text):
        yield found.span()
    for run in _GROUPED.finditer(text):
        for begin, end in _cards(run.group()):
            yield run.start() + begin, run.start() + end


def _cards(run: str) -> Iterator[tuple[int, int]]:
    """From where to where whole groups make a card, the first to begin first."""
    groups = list(re.finditer(r"\d+", run))
    sums = _sums([int(each) for each in run if each.isdigit()])
    ends = list(accumulate(len(group.group()) for group in groups))
    for number, group in enumerate(groups):
        first = ends[number - 1] if number else 0
        for last in range(number, len(groups)):
            size = ends[last] - first
            if size > CARD_DIGITS[-1]:
                break
            if size in CARD_DIGITS and _proven(sums, first, ends[last]):
                yield group.start(), groups[last].end()


def _sums(digits: Sequence[int]) -> tuple[list[int], list[int]]:
    """Of the digits before each place: with every second one doubled, the first of all or not."""
    even, odd = [0], [0]
    for place, digit in enumerate(digits):
        both = digit, sum(divmod(2 * digit, 10))
        even.append(even[-1] + both[place % 2 == 0])
        odd.append(odd[-1] + both[place % 2])
    return even, odd


def _proven(sums: tuple[list[int], list[int]], first: int, end: int) -> bool:
    """Whether the last of these digits proves the others (ISO/IEC 7812-1, annex B)."""
    sums_to = sums[end % 2]
    return (sums_to[end] - sums_to[first]) % 10 == 0


def _proof(text: str) -> str:
    def reached(found: re.Match[str]) -> str:
        return masked(kind_of_contact(found.group()), found.group())

    return _text(_REACHED.sub(reached, text))


def _starred(text: str, first: int, end: int) -> str:
    """The text with its digits from the `first` to before the `end` starred."""
    place, made = -1, []
    for letter in text:
        place += letter.isdigit()
        made.append(STAR if letter.isdigit() and first <= place < end else letter)
    return "".join(made)


MASKS: Mapping[Mask, Callable[[str], str]] = {
    Mask.NAME: _name,
    Mask.PHONE: _phone,
    Mask.EMAIL: _email,
    Mask.ADDRESS: _address,
    Mask.ACCOUNT: _account,
    Mask.IDENTITY: _identity,
    Mask.TEXT: _text,
    Mask.PROOF: _proof,
}
