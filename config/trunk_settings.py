"""Reads what the settings file says of lines to the outside and of numbers."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from phonenumbers import SUPPORTED_REGIONS

from cti.kernel.document import Section, Value
from cti.kernel.secret import Secret
from cti.media.model import Security
from cti.sip.events import Transport
from cti.trunks.numbers import Form, NumberSettings, Reach
from cti.trunks.routing import REACHES
from cti.trunks.settings import (
    USUAL_REACHES,
    Account,
    Dnis,
    Gateway,
    Limits,
    Prefixes,
    Probing,
    Rule,
    Show,
    Trunk,
    TrunksSettings,
)
from cti.trunks.trusted import network_of

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f:.]+")
NUMERIC = re.compile(r"[0-9.]+")
GATEWAY = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<transport>udp|tcp|tls))?",
    re.IGNORECASE,
)
URI = re.compile(r"sips?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?(?:;[^\s]*)?")
PATTERN = re.compile(r"\+?[0-9X*#]+")
PREFIX = re.compile(r"[0-9*#+]+")
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECURITIES = {"none": Security.NONE, "sdes": Security.SDES}
CODECS = ("PCMA", "PCMU", "G722")
LAST_PORT = 65535
MOST_CALLS = 100_000
SECRET_FILE_BYTES = 1024


def read_trunks(top: Section, by_address: Mapping[str, str], beside: Path) -> TrunksSettings:
    """The trunks, and those that `sip.trunks` names by address alone.

    `beside` is the folder that secrets' files are relative to.
    """
    usual = TrunksSettings()
    trunks, routes = top.get("trunks"), top.get("routes")
    found = _by_address(by_address)
    for name, value in trunks.section().each() if trunks else ():
        if name in found or not NAME.fullmatch(name):
            value.wrong("is no name of its own: letters, digits, - and _, none used twice")
        found[name] = _trunk(name, value.section(), beside)
    if trunks is not None:
        _check_addresses(trunks, found)
    probing = top.read(
        "probing", (usual.probing, usual.patience), lambda value: _probing(value.section())
    )
    return TrunksSettings(found, _rules(routes, found), *probing)


def read_numbers(part: Section) -> NumberSettings:
    """Where the house stands in the world's numbering."""
    usual = NumberSettings()
    country = part.read("country", usual.country, _country)
    area = part.read("area", usual.area if country == usual.country else "", _area)
    return NumberSettings(
        country=country,
        area=area,
        extensions=part.read("extensions", usual.extensions, _patterns),
        emergency=part.read("emergency", usual.emergency, _patterns),
        outside=part.read("outside", usual.outside, _prefix),
    )


# --- one trunk ----------------------------------------------------------------------------------


def _trunk(name: str, part: Section, beside: Path) -> Trunk:
    usual = Trunk(name)
    account = part.read("register", None, lambda value: _account(value.section(), beside))
    gateways = part.read("gateways", usual.gateways, _gateways)
    if not gateways and account is not None:
        gateways = _registrar_as_gateway(account)
    trunk = Trunk(
        name=name,
        gateways=gateways,
        trusted=part.read("from", usual.trusted, _sources),
        account=account,
        proxy=part.read("proxy", usual.proxy, _uri),
        domain=part.read("domain", usual.domain, _host),
        form=part.read("numbers", usual.form, lambda value: Form(_word(value, Form))),
        prefixes=part.read("prefixes", usual.prefixes, lambda value: _prefixes(value.section())),
        believed=part.read("believed", usual.believed, Value.truth),
        reads_rpid=part.read("remote_party_id", usual.reads_rpid, Value.truth),
        dnis=part.read("dnis", usual.dnis, lambda value: Dnis(_word(value, Dnis))),
        show=part.read("identity", usual.show, lambda value: Show(_word(value, Show))),
        presented=part.read("shown", usual.presented, _patterns),
        reaches=part.read("allowed", USUAL_REACHES, _reaches),
        limits=part.read("limits", usual.limits, lambda value: _limits(value.section())),
        codecs=part.read("codecs", usual.codecs, _codecs),
        security=part.read(
            "srtp", usual.security, lambda value: SECURITIES[value.one_of(tuple(SECURITIES))]
        ),
        probed=part.read("probe", usual.probed, Value.truth),
    )
    _check_security(part, trunk)
    if not trunk.gateways and not trunk.trusted:
        part.value.wrong("leads nowhere: give it `gateways`, `from` or `register`")
    part.close()
    return trunk


def _check_security(part: Section, trunk: Trunk) -> None:
    """SDES writes the keys into the messages, so nobody may read these (RFC 4568, 7.1)."""
    open_ones = [each for each in trunk.gateways if each.transport is not Transport.TLS]
    srtp = part.get("srtp")
    if srtp is not None and trunk.security is Security.SDES and open_ones:
        srtp.wrong(f"sdes needs gateways reached by tls (host:port/tls), not {open_ones[0]}")


def _gateways(value: Value) -> tuple[Gateway, ...]:
    return tuple(_gateway(each) for each in value.items())


def _gateway(value: Value) -> Gateway:
    """``host``, ``host:port/transport``, or a section with priority and weight."""
    if not value.is_section:
        return _written_gateway(value, value.text())
    part = value.section()
    address = part.need("address", "host, host:port or host:port/tcp")
    plain = _written_gateway(address, address.text())
    gateway = Gateway(
        plain.host,
        plain.port,
        plain.transport,
        priority=part.read("priority", 0, lambda each: each.whole(0, LAST_PORT)),
        weight=part.read("weight", 1, lambda each: each.whole(0, LAST_PORT)),
    )
    part.close()
    return gateway


def _written_gateway(value: Value, text: str) -> Gateway:
    match = GATEWAY.fullmatch(text)
    if match is None or int(match["port"] or 0) > LAST_PORT or not _is_host(match["host"]):
        if text:
            value.wrong(f"must look like sip.carrier.example:5060/udp, not {text!r}")
        return Gateway("invalid")
    transport = Transport((match["transport"] or "udp").upper())
    return Gateway(match["host"].strip("[]"), int(match["port"] or 0), transport)


def _account(part: Section, beside: Path) -> Account:
    registrar = _uri(part.need("registrar", "its SIP URI, such as sip:carrier.example"))
    match = URI.fullmatch(registrar)
    domain = part.get("domain")
    account = Account(
        registrar=registrar,
        domain=_host(domain) if domain else match["host"] if match else "",
        user=part.need("user", "the user of our address there").text(),
        secret=_secret(part, beside),
        login=part.read("login", "", Value.text),
        expires=part.read("expires", 3600, lambda value: value.whole(60, 86400)),
    )
    part.close()
    return account


def _secret(part: Section, beside: Path) -> Secret:
    """From an environment variable or a file; never from the settings, never into a message."""
    variable, file = part.get("secret_variable"), part.get("secret_file")
    if variable is not None and file is None:
        name = variable.text()
        if not VARIABLE.fullmatch(name):
            # What stands here may be the secret itself, so it is not repeated.
            variable.wrong("must be the name of an environment variable, such as CARRIER_SECRET")
        elif not os.environ.get(name):
            variable.wrong(f"the environment has no variable {name}")
        return Secret(os.environ.get(name, ""))
    if file is not None and variable is None:
        return _secret_of_file(file, beside)
    part.value.wrong("needs one of `secret_variable` and `secret_file`")
    return Secret("")


def _secret_of_file(file: Value, beside: Path) -> Secret:
    path = beside / Path(file.text()).expanduser()
    try:
        with path.open("rb") as opened:
            secret = opened.read(SECRET_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        file.wrong(f"the file cannot be read: {why}")
        return Secret("")
    if not secret:
        file.wrong("the file is empty")
    return Secret(secret)


def _registrar_as_gateway(account: Account) -> tuple[Gateway, ...]:
    place = account.registrar.partition(":")[2].partition(";")[0]
    match = GATEWAY.fullmatch(place)
    transport = re.search(r";transport=(udp|tcp|tls)\b", account.registrar, re.IGNORECASE)
    if match is None:
        return ()
    kind = Transport(transport[1].upper()) if transport else Transport.UDP
    return (Gateway(match["host"].strip("[]"), int(match["port"] or 0), kind),)


def _prefixes(part: Section) -> Prefixes:
    prefixes = Prefixes(part.read("remove", "", _prefix), part.read("add", "", _prefix))
    part.close()
    return prefixes


def _limits(part: Section) -> Limits:
    def calls(key: str) -> int:
        return part.read(key, 0, lambda value: value.whole(0, MOST_CALLS))

    limits = Limits(
        calls("incoming"),
        calls("outgoing"),
        calls("total"),
        part.read("per_second", 0.0, lambda value: value.number(0, MOST_CALLS)),
    )
    part.close()
    return limits


# --- all of them --------------------------------------------------------------------------------


def _by_address(legacy: Mapping[str, str]) -> dict[str, Trunk]:
    """The trunks of `sip.trunks`: an address each, whose calls are taken; several may share one."""
    sources: dict[str, list[str]] = {}
    for address, name in legacy.items():
        sources.setdefault(name, []).append(address)
    return {name: Trunk(name, trusted=tuple(each)) for name, each in sources.items()}


def _probing(part: Section) -> tuple[Probing, float]:
    usual = TrunksSettings()

    def seconds(key: str, default: float) -> float:
        return part.read(key, default, lambda value: value.number(0.1, 3600))

    def times(key: str, default: int) -> int:
        return part.read(key, default, lambda value: value.whole(1, 100))

    probing = Probing(
        seconds("every", usual.probing.every),
        seconds("suspect", usual.probing.suspect),
        times("failures", usual.probing.failures),
        times("successes", usual.probing.successes),
    )
    patience = seconds("patience", usual.patience)
    part.close()
    return probing, patience


def _check_addresses(trunks: Value, found: Mapping[str, Trunk]) -> None:
    """Two trunks may share an address only if the contact called tells them apart."""
    owners: dict[str, Trunk] = {}
    for trunk in found.values():
        for place in (*trunk.trusted, *(gateway.host for gateway in trunk.gateways)):
            other = owners.setdefault(place, trunk)
            if other is not trunk and not (other.account and trunk.account):
                trunks.wrong(f"{place} belongs to {other.name} and {trunk.name}; calls from there "
                             "cannot be told apart unless both register")  # fmt: skip


def _rules(value: Value | None, trunks: Mapping[str, Trunk]) -> tuple[Rule, ...]:
    return tuple(_rule(each.section(), trunks) for each in value.items()) if value else ()


def _rule(part: Section, trunks: Mapping[str, Trunk]) -> Rule:
    by = part.need("by", "the trunks, the first first")
    names = []
    for item in by.items():
        name = item.text()
        if name in trunks:
            names.append(name)
        elif name:
            item.wrong(f"no trunk is called {name!r}; there are {', '.join(trunks) or 'none'}")
    rule = Rule(part.read("to", (), _destinations), tuple(names))
    part.close()
    return rule


# --- values -------------------------------------------------------------------------------------


def _word(value: Value, words: type[Form] | type[Dnis] | type[Show]) -> str:
    return value.one_of([each.value for each in words])


def _checked(value: Value, fits: Callable[[str], object], example: str) -> str:
    text = value.text()
    if text and not fits(text):
        value.wrong(f"must look like {example}, not {text!r}")
    return text


def _is_host(text: str) -> bool:
    """A name or an address; what is all numbers is an address or a mistake (RFC 1123, 2.1)."""
    if NUMERIC.fullmatch(text):
        return network_of(text) is not None
    return HOST.fullmatch(text) is not None


def _host(value: Value) -> str:
    return _checked(value, _is_host, "carrier.example")


def _uri(value: Value) -> str:
    return _checked(value, URI.fullmatch, "sip:carrier.example")


def _prefix(value: Value) -> str:
    return _checked(value, PREFIX.fullmatch, "9") if getattr(value.node, "value", "") else ""


def _country(value: Value) -> str:
    return _checked(value, lambda text: text in SUPPORTED_REGIONS, "CN")


def _area(value: Value) -> str:
    """Digits; a leading zero is how national calls begin, not part of the code."""
    written = _checked(value, str.isdecimal, "010") if getattr(value.node, "value", "") else ""
    return written.removeprefix("0")


def _patterns(value: Value) -> tuple[str, ...]:
    return tuple(_checked(item, PATTERN.fullmatch, "0106666XXXX") for item in value.items())


def _destinations(value: Value) -> tuple[str, ...]:
    kinds = ", ".join(REACHES)
    return tuple(
        _checked(
            item,
            lambda text: text in REACHES or PATTERN.fullmatch(text),
            f"+44*, 95588, 010XXXXXXXX or one of {kinds}",
        )
        for item in value.items()
    )


def _sources(value: Value) -> tuple[str, ...]:
    return tuple(
        _checked(item, lambda text: network_of(text) or _is_host(text), "192.0.2.0/24")
        for item in value.items()
    )


def _reaches(value: Value) -> frozenset[Reach]:
    return frozenset(REACHES[item.one_of(tuple(REACHES))] for item in value.items())


def _codecs(value: Value) -> tuple[str, ...]:
    return tuple(item.one_of(CODECS) for item in value.items())
