"""Who calls, as far as a trunk can be believed, and who we say calls.

P-Asserted-Identity counts from trunks we believe (RFC 3325), Remote-Party-ID where a trunk is
told to use it, From otherwise. A number whose caller asked for privacy (RFC 3323) is withheld from
everybody above; what was dialled first is read from Diversion (RFC 5806) or History-Info
(RFC 7044).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sipmessage import URI, Address, Request
from sipmessage.message import Headers

from cti.call.lines import Identity
from cti.sip.addresses import SCHEMES, parse_address
from cti.sip.errors import Header
from cti.sip.message import all_values
from cti.sip.outgoing import uri_host
from cti.trunks.numbers import Form, Kind, Number, Numbers, shown
from cti.trunks.settings import Dnis, Show, Trunk

WITHHELD = "anonymous"
"""The number that asks not to be shown (RFC 3323, 4.1.1.3), in and out."""
NOWHERE = "anonymous.invalid"
_NO_NAMES = frozenset({WITHHELD, "restricted", "private", "withheld", "unavailable"})
_SHOWN = frozenset({"off", "name"})
"""Values of the privacy parameter that let the number be shown (RFC 5806, 4)."""
_PRIVATE = frozenset({"id", "user"})
"""Values of Privacy that hide who calls (RFC 3323, 4.2; RFC 3325, 9.3)."""
_PRIVATE_HISTORY = frozenset({"history", "session", "header"})
"""Values of Privacy that hide who was called before (RFC 7044, 10.1.2)."""
_URI_HEADERS = re.compile(r"\?([^?>]*+)(?=>)")
_CAUSE = re.compile(r"cause(?:=|%3d)([0-9]{3})", re.IGNORECASE)
_DIVERSION_OF_CAUSE = {
    "302": "unconditional",
    "404": "unavailable",
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
}
"""Causes of RFC 4458, 3.1 in the words of RFC 5806, 4."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Who we say calls: user and host of From, and the headers beside it."""

    user: str
    host: str
    headers: tuple[Header, ...] = ()


# --- in -----------------------------------------------------------------------------------------


def identity_of_trunk(request: Request, trunk: Trunk, numbers: Numbers) -> Identity:
    """Who calls by this INVITE of the trunk's."""
    headers = request.headers
    sender = _address(headers.get("From") or "")
    asserted, hidden = _asserted(headers, trunk)
    caller = asserted or sender
    called = _number(_called(request, trunk.dnis), trunk, numbers)
    diverted, why = _diverted(headers, trunk, numbers)
    withheld = hidden or _is_anonymous(sender) or (asserted is not None and _is_anonymous(asserted))
    return Identity(
        number="" if withheld or caller is None else _number(caller.uri, trunk, numbers).text,
        called=numbers.own(called) or called.text,
        name="" if withheld or caller is None else shown(caller.name),
        withheld=withheld,
        diverted_from=diverted,
        diverted_why=why,
    )


def identity_of_telephone(request: Request, account: str, numbers: Numbers) -> Identity:
    """Who calls by this INVITE of a telephone of ours: its account, whatever it says."""
    sender = _address(request.headers.get("From") or "")
    called = numbers.dialled(subscriber(request.uri))
    return Identity(
        number=account,
        called=numbers.own(called) or called.text,
        name=shown(sender.name) if sender else "",
    )


def subscriber(uri: URI) -> str:
    """The telephone number a URI holds, with the context a local one needs (RFC 3966, 5.1.5)."""
    context = uri.parameters.get("phone-context")
    return f"{uri.user or ''};phone-context={context}" if context else uri.user or ""


def _number(uri: URI, trunk: Trunk, numbers: Numbers) -> Number:
    text = subscriber(uri)
    remove = trunk.prefixes.remove
    return numbers.read(text.removeprefix(remove), trunk.form)


def _asserted(headers: Headers, trunk: Trunk) -> tuple[Address | None, bool]:
    """The identity the trunk vouches for, and whether it is to be hidden."""
    if trunk.believed:
        private = bool(_privacy(headers.getlist("Privacy")) & _PRIVATE)
        values = all_values(headers, "P-Asserted-Identity")
        # One may be a SIP URI and one a telephone number; both name the same caller.
        addresses = [each for value in values if (each := _address(value))]
        if addresses or private:
            return _best(addresses), private
    if trunk.reads_rpid:
        for value in all_values(headers, "Remote-Party-ID"):
            if address := _address(value):
                privacy = address.parameters.get("privacy") or "off"
                return address, privacy.lower() not in _SHOWN
    return None, False


def _best(addresses: list[Address]) -> Address | None:
    telephones = (each for each in addresses if re.match(r"\+?\d", each.uri.user or ""))
    return next(telephones, addresses[0] if addresses else None)


def _privacy(lines: Iterable[str]) -> set[str]:
    return {part.strip().lower() for line in lines for part in re.split("[;,]", line)}


def _is_anonymous(address: Address | None) -> bool:
    if address is None:
        return False
    uri = address.uri
    return uri.host.lower() == NOWHERE or (uri.user or "").lower() in _NO_NAMES


def _called(request: Request, dnis: Dnis) -> URI:
    """The number dialled, from where the trunk puts it; the request URI where it is not there."""
    name = {Dnis.TO: "To", Dnis.P_CALLED_PARTY_ID: "P-Called-Party-ID"}.get(dnis)
    address = _address(request.headers.get(name) or "") if name else None
    return address.uri if address else request.uri


def _diverted(headers: Headers, trunk: Trunk, numbers: Numbers) -> tuple[str, str]:
    """The number first dialled and why it did not take the call; empty for none, or hidden."""
    diversions = [each for value in all_values(headers, "Diversion") if (each := _address(value))]
    if diversions:
        first = diversions[-1]  # each diverting proxy adds its own on top
        if (first.parameters.get("privacy") or "off").lower().strip('"') not in _SHOWN:
            return "", ""
        why = (first.parameters.get("reason") or "").strip('"').lower()
        return _readable(_number(first.uri, trunk, numbers)), shown(why)
    return _retargeted(headers, trunk, numbers)


def _retargeted(headers: Headers, trunk: Trunk, numbers: Numbers) -> tuple[str, str]:
    """The same from History-Info, with the cause where RFC 7044 or RFC 4244 has it."""
    hidden = _privacy(headers.getlist("Privacy")) & _PRIVATE_HISTORY
    history = [each for value in all_values(headers, "History-Info") if (each := _entry(value))]
    if len(history) < 2 or hidden:
        return "", ""
    (first, said), (following, _) = history[:2]
    if "privacy=history" in said.lower() or _is_anonymous(first):
        return "", ""
    reason = _CAUSE.search(said)
    cause = following.uri.parameters.get("cause") or (reason[1] if reason else "")
    why = _DIVERSION_OF_CAUSE.get(cause, "unknown")
    return _readable(_number(first.uri, trunk, numbers)), why


def _entry(value: str) -> tuple[Address, str] | None:
    """An entry of History-Info, and the headers its URI holds, escaped."""
    found = _URI_HEADERS.search(value)
    address = _address(_URI_HEADERS.sub("", value, count=1))
    return (address, found[1] if found else "") if address else None


def _readable(number: Number) -> str:
    return "" if number.text.lower() in _NO_NAMES else number.text


def _address(value: str) -> Address | None:
    """A header's name-addr; None when it cannot be read: headers beside From are often broken."""
    try:
        found = parse_address(value)
    except ValueError:
        return None
    return found if found.uri.scheme in SCHEMES else None


# --- out ----------------------------------------------------------------------------------------


def shown_to(trunk: Trunk, calling: str, numbers: Numbers, host: str) -> Shown:
    """Who we say calls: `calling` where the trunk may show it, else the trunk's own number.

    `host` is ours. `WITHHELD` asks the trunk to hide the number (RFC 3323), which it is told all
    the same.
    """
    number = _presented(trunk, calling, numbers)
    domain = trunk.domain or (trunk.account.domain if trunk.account else "") or host
    hidden = calling == WITHHELD
    asserted = f"<sip:{number}@{uri_host(domain)}>" if number else ""
    headers: list[Header] = []
    if asserted and trunk.show is Show.PAI:
        headers.append(("P-Asserted-Identity", asserted))
    if asserted and trunk.show is Show.RPID:
        privacy = "full" if hidden else "off"
        value = f"{asserted};party=calling;screen=yes;privacy={privacy}"
        headers.append(("Remote-Party-ID", value))
    if hidden:
        return Shown(WITHHELD, NOWHERE, (*headers, ("Privacy", "id")))
    account = trunk.account.user if trunk.account and trunk.show is not Show.FROM else ""
    return Shown(account or number or WITHHELD, uri_host(domain), tuple(headers))


def _presented(trunk: Trunk, calling: str, numbers: Numbers) -> str:
    """The number to show, as the trunk writes numbers; empty: it has none."""
    asked = numbers.dialled(calling)
    if calling and any(_allows(pattern, asked, numbers) for pattern in trunk.presented):
        return numbers.write(asked, trunk.form)
    own = next((each for each in trunk.presented if "X" not in each), "")
    if own:
        return numbers.write(numbers.read(own), trunk.form)
    return trunk.account.user if trunk.account else ""


def _allows(pattern: str, number: Number, numbers: Numbers) -> bool:
    if "X" not in pattern:
        return numbers.read(pattern) == number
    shape = re.compile(re.escape(pattern).replace("X", "[0-9]"))
    forms = (number.text, *(numbers.write(number, form) for form in Form))
    return number.kind is not Kind.OTHER and any(shape.fullmatch(form) for form in forms)
