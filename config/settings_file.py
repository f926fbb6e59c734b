"""Reads the settings file; every mistake in it is named by file, line and key, all at once."""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import available_timezones

from agents.model import AgentSettings, Queue
from config.agent_settings import read_agents
from config.door_settings import read_door
from config.networks import networks
from config.queue_settings import read_queues
from config.reach import check_reach
from config.settings import (
    DEFAULT_TRUNKS,
    BankSettings,
    Folders,
    IvrSettings,
    Recorded,
    RecordingSettings,
    Settings,
    SipSettings,
    TelephoneSettings,
    TraceSettings,
    WebSiteSettings,
)
from config.ticket_settings import TicketSettings, read_tickets
from config.trunk_settings import read_numbers, read_trunks
from cti.call.security import Srtp
from cti.kernel.document import Section, Value, read_document
from cti.kernel.errors import ConfigurationError
from cti.media.model import Codec
from cti.recording.keys import KeyPlace
from cti.sip.access.digest import Algorithm, Md5
from cti.sip.events import Transport
from cti.sip.session.session_timer import LEAST_INTERVAL, Terms
from cti.transport.tls import TlsContexts, TlsSettings
from cti.trunks.numbers import NumberSettings
from cti.trunks.settings import TrunksSettings
from cti.worker.settings import MediaSettings
from monitoring.thresholds import Threshold, Thresholds

PORTS = (0, 65535)
DAY = 86400.0
NUMBER = re.compile(r"\+?\d{1,15}")
ORIGIN = re.compile(r"https?://[^/\s]+")
URL = re.compile(r"(sqlite|postgresql)://\S+")

T = TypeVar("T")


def read_settings(path: Path) -> Settings:
    """The settings of the file, with defaults for what it leaves out; DocumentError."""
    top = read_document(path)
    media, workers, srtp = _part(top, "media", (MediaSettings(), 0, Srtp.OPTIONAL), _media)
    nothing: tuple[SipSettings, dict[str, str] | None] = SipSettings(), None
    sip, by_address = _part(top, "sip", nothing, lambda part: _sip(part, path.parent))
    ivr = _part(top, "ivr", IvrSettings(), _ivr)
    queues = _queues(top, ivr.transfers)
    names = {each.queue_id for each in queues} if top.get("queues") is not None else None
    settings = Settings(
        sip=sip,
        trunks=_trunks(top, by_address, path.parent),
        numbers=_part(top, "numbers", NumberSettings(), read_numbers),
        media=media,
        media_workers=workers,
        media_srtp=srtp,
        most_calls=_part(top, "calls", Settings().most_calls, _calls),
        trace=_part(top, "trace", TraceSettings(), _trace),
        web=_part(top, "web", WebSiteSettings(), _web),
        folders=_part(
            top, "folders", _beside(path.parent), lambda part: _folders(part, path.parent)
        ),
        recordings=_part(
            top, "recordings", RecordingSettings(), lambda part: _recordings(part, path.parent)
        ),
        database=_part(top, "database", "", _database),
        ivr=ivr,
        bank=_part(top, "bank", BankSettings(), _bank),
        queues=queues,
        tickets=_part(
            top, "tickets", TicketSettings(), lambda part: read_tickets(part, path.parent)
        ),
        agents=_part(top, "agents", AgentSettings(), lambda part: read_agents(part, names)),
        board=_part(top, "board", Thresholds(), _board),
        time_zone=_time_zone(top.get("time_zone")),
        demo=top.read("demo", Settings().demo, Value.truth),
    )
    top.close()
    check_reach(top, settings)
    top.value.report.check()
    return settings


# --- sections -------------------------------------------------------------------------------


def _sip(part: Section, beside: Path) -> tuple[SipSettings, dict[str, str] | None]:
    """Beside the settings the trunks that are named by address alone, where there are any."""
    usual = SipSettings()
    trunks = part.get("trunks")
    settings = SipSettings(
        host=part.read("host", usual.host, Value.text),
        port=part.read("port", usual.port, lambda value: value.whole(*PORTS)),
        advertised=part.read("advertised", usual.advertised, _text_or_nothing),
        realm=part.read("realm", usual.realm, Value.text),
        md5=part.read("md5", usual.md5, _md5),
        telephones=_part(part, "telephones", usual.telephones, _telephones),
        session_timer=_part(part, "session_timer", usual.session_timer, _session_timer),
        tcp=part.read("tcp", usual.tcp, Value.truth),
        tls=_part(part, "tls", usual.tls, lambda each: _tls(each, beside)),
        websocket=part.read("websocket", usual.websocket, Value.truth),
        door=read_door(part),
    )
    if trunks is None:
        return settings, None
    return settings, {address: name.text() for address, name in trunks.section().each()}


def _telephones(part: Section) -> dict[str, TelephoneSettings]:
    found = {}
    for extension, value in part.each():
        own = value.section()
        algorithms = own.read("algorithms", TelephoneSettings().algorithms, _algorithms)
        found[extension] = TelephoneSettings(algorithms, own.read("md5", None, _md5))
        own.close()
    return found


def _algorithms(value: Value) -> tuple[Algorithm, ...]:
    """The strongest first, whatever order they are written in."""
    words = [each.value for each in Algorithm]
    written = [item.one_of(words) for item in value.items()]
    return tuple(each for each in Algorithm if each.value in written)


def _session_timer(part: Section) -> Terms:
    usual = Terms()
    least = part.read("least", usual.least, lambda value: value.whole(LEAST_INTERVAL, int(DAY)))
    interval = part.read("interval", usual.interval, lambda value: value.whole(least, int(DAY)))
    return Terms(interval, least)


def _tls(part: Section, beside: Path) -> TlsSettings | None:
    """Certificates and keys are read at once, so that a mistake in them is found here."""

    def file(key: str) -> Path | None:
        return part.read(key, None, lambda value: beside / Path(value.text()).expanduser())

    for needed in ("certificate", "key"):
        part.need(needed, "a PEM file")
    port = part.read("port", Transport.TLS.default_port, lambda value: value.whole(*PORTS))
    certificate, key = file("certificate"), file("key")
    client_ca, trusted = file("client_ca"), file("trusted")
    if certificate is None or key is None:
        return None
    settings = TlsSettings(certificate, key, port, client_ca, trusted)
    try:
        TlsContexts(settings)
    except ConfigurationError as error:
        wrong = part.get(error.key.rpartition(".")[2]) or part.value
        wrong.wrong(error.message)
    return settings


def _trunks(top: Section, by_address: dict[str, str] | None, beside: Path) -> TrunksSettings:
    settings = read_trunks(top, by_address or {}, beside)
    unsaid = by_address is None and "trunks" not in top.keys
    return replace(settings, trunks=DEFAULT_TRUNKS.trunks) if unsaid else settings


def _media(part: Section) -> tuple[MediaSettings, int, Srtp]:
    usual = MediaSettings()
    first = part.read("first_port", usual.first_port, lambda value: value.whole(*PORTS))
    last = part.read("last_port", usual.last_port, lambda value: value.whole(*PORTS))
    if last <= first:
        part.value.wrong(f"`last_port` ({last}) must lie above `first_port` ({first})")
    settings = MediaSettings(
        bind=part.read("host", usual.bind, Value.text),
        advertised=part.read("advertised", usual.advertised, _text_or_nothing),
        first_port=first,
        last_port=last,
        rtp_timeout=_seconds(part, "rtp_timeout", usual.rtp_timeout, 1),
        orphan_time=_seconds(part, "orphan_time", usual.orphan_time, 1),
        codecs=part.read("codecs", usual.codecs, _codecs),
    )
    workers = part.read("workers", 0, lambda value: value.whole(0, 64))
    return settings, workers, part.read("srtp", Srtp.OPTIONAL, _srtp)


def _calls(part: Section) -> int:
    return part.read("most", Settings().most_calls, lambda value: value.whole(1, 100_000))


def _trace(part: Section) -> TraceSettings:
    usual = TraceSettings()
    return TraceSettings(part.read("size", usual.size, lambda value: value.whole(0, 4096)))


def _web(part: Section) -> WebSiteSettings:
    usual = WebSiteSettings()
    return WebSiteSettings(
        host=part.read("host", usual.host, Value.text),
        port=part.read("port", usual.port, lambda value: value.whole(*PORTS)),
        secure=part.read("secure", usual.secure, Value.truth),
        origins=part.read("origins", usual.origins, _origins),
        proxies=part.read("proxies", usual.proxies, networks),
        idle=_seconds(part, "idle", usual.idle, 60),
        longest=_seconds(part, "longest", usual.longest, 60),
    )


def _beside(folder: Path) -> Folders:
    """The usual folders, where the base stands beside the file, wherever we are started."""
    usual = Folders()
    return replace(usual, base=folder / usual.base)


def _folders(part: Section, beside: Path) -> Folders:
    usual = _beside(beside)

    def folder(key: str, default: Path) -> Path:
        return part.read(key, default, lambda value: Path(value.text()).expanduser())

    return Folders(
        base=part.read("base", usual.base, lambda value: beside / value.text()),
        prompts=folder("prompts", usual.prompts),
        recordings=folder("recordings", usual.recordings),
        spool=folder("spool", usual.spool),
        run=folder("run", usual.run),
        flows=folder("flows", usual.flows),
        calendars=folder("calendars", usual.calendars),
        wrap_up=folder("wrap_up", usual.wrap_up),
        music=part.read("music", None, lambda value: beside / Path(value.text()).expanduser()),
    )


def _recordings(part: Section, beside: Path) -> RecordingSettings:
    usual = RecordingSettings()
    return RecordingSettings(
        calls=part.read("calls", usual.calls, _recorded),
        keys=_part(part, "encryption", None, lambda each: _key_place(each, beside)),
        low_space=part.read("low_space", usual.low_space, lambda value: value.number(0, 1e6)),
    )


def _key_place(part: Section, beside: Path) -> KeyPlace:
    path = Path(part.need("keys", "the folder or file of keys").text()).expanduser()
    return KeyPlace(beside / path, part.need("current", "the name of a key").text())


def _database(part: Section) -> str:
    return part.read("url", "", _url)


def _ivr(part: Section) -> IvrSettings:
    usual = IvrSettings()
    numbers = part.get("numbers")
    return IvrSettings(
        numbers=_numbers(numbers) if numbers else usual.numbers,
        transfers={**usual.transfers, **part.read("transfers", {}, _transfers)},
    )


def _bank(part: Section) -> BankSettings:
    usual = BankSettings()
    return BankSettings(
        wrong_pins=part.read("wrong_pins", usual.wrong_pins, lambda value: value.whole(1, 10)),
        locked_for=_seconds(part, "locked_for", usual.locked_for, 60),
    )


def _board(part: Section) -> Thresholds:
    usual = Thresholds()

    def threshold(key: str, default: Threshold, most: float) -> Threshold:
        return _part(part, key, default, lambda each: _threshold(each, default, most))

    return Thresholds(
        waiting=threshold("waiting", usual.waiting, 10_000),
        longest_wait=threshold("longest_wait", usual.longest_wait, DAY),
        service_level=threshold("service_level", usual.service_level, 1),
    )


def _threshold(part: Section, usual: Threshold, most: float) -> Threshold:
    def level(key: str, default: float) -> float:
        return part.read(key, default, lambda value: value.number(0, most))

    warning, critical = level("warning", usual.warning), level("critical", usual.critical)
    if (critical > warning) if usual.below else (critical < warning):
        part.value.wrong(f"`critical` ({critical:g}) must lie beyond `warning` ({warning:g})")
    return replace(usual, warning=warning, critical=critical)


def _queues(top: Section, transfers: Collection[str]) -> tuple[Queue, ...]:
    value = top.get("queues")
    return Settings().queues if value is None else read_queues(value, transfers)


# --- values ---------------------------------------------------------------------------------


def _part(top: Section, key: str, default: T, read: Callable[[Section], T]) -> T:
    value = top.get(key)
    if value is None:
        return default
    section = value.section()
    result = read(section)
    section.close()
    return result


def _seconds(part: Section, key: str, default: float, least: float) -> float:
    return part.read(key, default, lambda value: value.number(least, DAY))


def _text_or_nothing(value: Value) -> str:
    return value.text() if getattr(value.node, "value", "") else ""


def _md5(value: Value) -> Md5:
    return Md5(value.one_of([each.value for each in Md5]))


def _srtp(value: Value) -> Srtp:
    return Srtp(value.one_of([each.value for each in Srtp]))


def _recorded(value: Value) -> Recorded:
    return Recorded(value.one_of([each.value for each in Recorded]))


def _origins(value: Value) -> tuple[str, ...]:
    return tuple(_matching(item, ORIGIN, "https://hotline.bank.example") for item in value.items())


def _codecs(value: Value) -> tuple[Codec, ...]:
    """Their names in order of preference, at least one of G.711, which every telephone speaks."""
    found = tuple(Codec[item.one_of([codec.name for codec in Codec])] for item in value.items())
    if not {Codec.PCMA, Codec.PCMU} & set(found):
        value.wrong("must hold PCMA or PCMU, which every telephone speaks")
    return tuple(dict.fromkeys(found))


def _url(value: Value) -> str:
    return _matching(value, URL, "postgresql://hotline@localhost/hotline")


def _matching(value: Value, pattern: re.Pattern[str], example: str) -> str:
    text = value.text()
    if text and not pattern.fullmatch(text):
        value.wrong(f"must look like {example}, not {text!r}")
    return text


def _numbers(value: Value) -> dict[str, str]:
    flows: dict[str, Any] = {}
    for number, flow in value.section().each():
        if not NUMBER.fullmatch(number):
            flow.wrong(f"{number!r} is no telephone number: digits only, perhaps after a +")
        flows[number] = flow.text()
    return flows


def _transfers(value: Value) -> dict[str, str]:
    numbers = {name: _text_or_nothing(number) for name, number in value.section().each()}
    for name, number in value.section().each():
        if numbers[name] and not NUMBER.fullmatch(numbers[name]):
            number.wrong(f"{numbers[name]!r} is no telephone number")
    return numbers


def _time_zone(value: Value | None) -> str:
    name = value.text() if value else Settings().time_zone
    if value and name and name not in available_timezones():
        value.wrong(f"{name!r} is no time zone of the IANA database, such as Asia/Shanghai")
    return name
