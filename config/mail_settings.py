"""Reads how letters come in and go out: section ``mail`` of ``tickets`` in the settings file."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from agents.acd.reading import DURATION, UNITS
from cti.kernel.document import Section, Value
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from tickets.forms import FORMS
from tickets.mail.limits import Limits
from tickets.mail.settings import (
    Encryption,
    ListenSettings,
    MailSettings,
    PollSettings,
    ServerSettings,
    Window,
)
from tickets.model import TicketKind

MEGABYTE = 1024 * 1024
ADDRESS = re.compile(r"[^\s@<>]{1,64}@[A-Za-z0-9.-]{1,253}")
SMTP, SMTPS, SUBMISSION, IMAP, IMAPS = 25, 465, 587, 143, 993
LAST_PORT = 65535

T = TypeVar("T")


def read_mail(part: Section, beside: Path) -> MailSettings:
    """The section's settings; `beside` is the folder that paths of files are relative to."""
    usual = MailSettings()
    sender = part.read("sender", usual.sender, _address)
    letter = part.read("largest", usual.limits.letter // MEGABYTE, lambda value: value.whole(1, 50))
    limits = Limits(letter=letter * MEGABYTE)
    templates = part.get("templates")
    return MailSettings(
        domain=sender.rpartition("@")[2],
        sender=sender,
        sender_names=part.read("names", usual.sender_names, _names),
        addresses=part.read("addresses", usual.addresses, _addresses),
        listen=_within(part, "listen", lambda each: _listen(each, beside, limits)),
        poll=_within(part, "poll", lambda each: _poll(each, beside)),
        send=_within(part, "send", lambda each: _server(each, beside, _sending_port)),
        checked_by=part.read("checked_by", usual.checked_by, Value.text),
        templates=_folder(templates, beside) if templates else None,
        language=part.read("language", usual.language, _language),
        limits=limits,
        acknowledged=part.read("acknowledged", usual.acknowledged, _window),
        opening=part.read("opening", usual.opening, _window),
        reopen_within=part.read("reopen_within", usual.reopen_within, _time),
    )


def _folder(value: Value, beside: Path) -> Path:
    """A folder that is there: without it the house's own words would go out unnoticed."""
    folder = beside / Path(value.text()).expanduser()
    if not folder.is_dir():
        value.wrong(f"{folder} is no folder")
    return folder


def _within(part: Section, key: str, read: Callable[[Section], T]) -> T | None:
    value = part.get(key)
    if value is None:
        return None
    inner = value.section()
    result = read(inner)
    inner.close()
    return result


def _listen(part: Section, beside: Path, limits: Limits) -> ListenSettings:
    usual = ListenSettings()
    path, port = part.get("path"), part.get("port")
    if (path is None) == (port is None):
        part.value.wrong("needs either `path`, of a Unix socket, or `port`")
    protocol = part.read("protocol", "lmtp", lambda value: value.one_of(("lmtp", "smtp")))
    return ListenSettings(
        path=beside / Path(path.text()).expanduser() if path else None,
        host=part.read("host", usual.host, Value.text),
        port=port.whole(0, LAST_PORT) if port else 0,
        lmtp=protocol == "lmtp",
        name=part.read("name", usual.name, Value.text),
        size=limits.letter,
        connections=part.read("connections", usual.connections, lambda value: value.whole(1, 1000)),
    )


def _poll(part: Section, beside: Path) -> PollSettings:
    server = _server(part, beside, _reading_port)
    if not server.user:
        part.value.wrong("needs `user` and `password`")
    return PollSettings(
        server=server,
        folder=part.read("folder", "INBOX", Value.text),
        every=part.read("every", 60.0, lambda value: value.number(5, 86400)),
    )


def _server(part: Section, beside: Path, usual_port: Callable[[Encryption], int]) -> ServerSettings:
    host = part.need("host", "the name of the mail server").text()
    words = [each.value for each in Encryption]
    encryption = part.read(
        "encryption", Encryption.TLS, lambda value: Encryption(value.one_of(words))
    )
    port = part.read("port", usual_port(encryption), lambda value: value.whole(1, LAST_PORT))
    user, password = part.get("user"), part.get("password")
    if (user is None) != (password is None):
        part.value.wrong("`user` and `password` (a file that holds it) belong together")
    if (
        user is not None
        and encryption is Encryption.NONE
        and host not in ("127.0.0.1", "::1", "localhost")
    ):
        part.value.wrong("a password is sent over TLS only, but to this machine itself")
    trusted = part.get("trusted")
    return ServerSettings(
        host=host,
        port=port,
        encryption=encryption,
        user=user.text() if user else "",
        password=_secret(password, beside) if password else Secret(""),
        trusted=beside / Path(trusted.text()).expanduser() if trusted else None,
        timeout=part.read("timeout", 60.0, lambda value: value.number(1, 600)),
    )


def _sending_port(encryption: Encryption) -> int:
    return {Encryption.TLS: SMTPS, Encryption.STARTTLS: SUBMISSION, Encryption.NONE: SMTP}[
        encryption
    ]


def _reading_port(encryption: Encryption) -> int:
    return IMAPS if encryption is Encryption.TLS else IMAP


def _secret(value: Value, beside: Path) -> Secret:
    """The first line of the file, which is read at once, so that a mistake is found here."""
    try:
        text = (beside / Path(value.text()).expanduser()).read_text().strip()
    except (OSError, ValueError) as error:
        value.wrong(f"cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}")
        return Secret("")
    if not text:
        value.wrong("the file is empty")
    return Secret(text.splitlines()[0] if text else "")


def _address(value: Value) -> str:
    text = value.text()
    if text and not ADDRESS.fullmatch(text):
        value.wrong(f"must be an address such as service@bank.example, not {text!r}")
    return text.lower()


def _addresses(value: Value) -> dict[str, TicketKind]:
    """What a letter to each opens: a kind of whose form nothing is missing in a letter."""
    kinds = [each.value for each in TicketKind if not any(field.needed for field in FORMS[each])]
    found = {}
    for address, kind in value.section().each():
        if not ADDRESS.fullmatch(address):
            kind.wrong(f"{address!r} is no address such as complaints@bank.example")
        found[address.lower()] = TicketKind(kind.one_of(kinds))
    return found


def _window(value: Value) -> Window:
    section = value.section()
    letters = section.need("letters", "how many of one sender").whole(1, 100_000)
    within = _time(section.need("within", "a time, such as 1 h"))
    section.close()
    return Window(letters, within)


def _time(value: Value) -> timedelta:
    text = value.text()
    match = DURATION.fullmatch(text)
    if match is not None:
        return timedelta(seconds=float(match[1]) * UNITS[match[2] or "s"])
    if text:
        value.wrong(f"must be a time, such as 90 (seconds), 2 h or 7 days, not {text!r}")
    return timedelta()


def _names(value: Value) -> dict[Language, str]:
    section = value.section()
    found = {
        each: section.need(each.value, "how the bank calls itself in that language").text()
        for each in Language
    }
    section.close()
    return found


def _language(value: Value) -> Language:
    return Language(value.one_of([each.value for each in Language]))
