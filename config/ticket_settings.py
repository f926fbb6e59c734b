"""Reads how tickets are worked on: section ``tickets`` of the settings file."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from config.durations import read_duration
from config.line_settings import read_line, read_reply_calls
from config.mail_settings import read_mail
from config.portal_settings import read_portal
from config.regulation_settings import RegulationSettings, read_regulation
from cti.kernel.document import Section, Value
from cti.kernel.secret import Secret
from tickets.attachments.model import MEGABYTE, Limits
from tickets.attachments.sniffing import ENDINGS, HTML
from tickets.delivery.settings import DeliverySettings, WebhookSettings
from tickets.line.settings import LineSettings
from tickets.mail.settings import MailSettings
from tickets.portal.settings import PortalSettings
from tickets.reply_calls.settings import ReplyCallSettings

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LARGEST_FILE = 1024
"""Megabytes that a file of a ticket may be allowed to have."""
MOST_FILES = 100
LEAST_KEY = 16
"""Octets of a key that signs."""
POLICY = Path(__file__).parent / "tickets" / "policy.yaml"
"""The time limits that the house comes with."""
NO_KEY = Secret("")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AttachmentSettings:
    """Where files of tickets lie, below the base folder, and what is taken."""

    folder: Path = Path("attachments")
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class TicketSettings:
    """How tickets are worked on."""

    policy: Path = POLICY
    """The file with their time limits."""
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    regulation: RegulationSettings = field(default_factory=RegulationSettings)
    telephone: LineSettings = field(default_factory=LineSettings)
    reply_calls: ReplyCallSettings = field(default_factory=ReplyCallSettings)
    attachments: AttachmentSettings = field(default_factory=AttachmentSettings)
    portal: PortalSettings = field(default_factory=PortalSettings)


def read_tickets(part: Section, beside: Path) -> TicketSettings:
    """The section's settings; `beside` is the folder that paths of files are relative to."""
    usual = TicketSettings()
    return TicketSettings(
        policy=part.read("policy", usual.policy, lambda value: beside / value.text()),
        delivery=read_part(part, "delivery", usual.delivery, lambda each: _delivery(each, beside)),
        regulation=read_part(
            part, "regulation", usual.regulation, lambda each: read_regulation(each, beside)
        ),
        mail=read_part(part, "mail", usual.mail, lambda each: read_mail(each, beside)),
        telephone=read_part(part, "telephone", usual.telephone, read_line),
        reply_calls=read_part(part, "reply_calls", usual.reply_calls, read_reply_calls),
        attachments=read_part(part, "attachments", usual.attachments, _attachments),
        portal=read_part(part, "portal", usual.portal, read_portal),
    )


def _attachments(part: Section) -> AttachmentSettings:
    usual = AttachmentSettings()
    limits = usual.limits
    largest = part.read(
        "largest", limits.largest // MEGABYTE, lambda value: value.whole(1, LARGEST_FILE)
    )
    return AttachmentSettings(
        folder=part.read("folder", usual.folder, lambda value: Path(value.text())),
        limits=replace(
            limits,
            largest=largest * MEGABYTE,
            most=part.read("most", limits.most, lambda value: value.whole(1, MOST_FILES)),
            types=part.read("types", limits.types, _types),
        ),
    )


def _types(value: Value) -> frozenset[str]:
    endings = {ending.lstrip("."): kind for kind, all_of in ENDINGS.items() for ending in all_of}
    named = [each.text().lower() for each in value.items()]
    unknown = [each for each in named if each not in endings or endings[each] == HTML]
    if unknown:
        known = ", ".join(sorted(each for each, kind in endings.items() if kind != HTML))
        value.wrong(f"there is no kind of file {unknown[0]!r}; there are {known}")
    return frozenset(endings[each] for each in named if each in endings)


def read_part(section: Section, key: str, default: T, read: Callable[[Section], T]) -> T:
    """What `read` makes of a section within; `default` where it is left out."""
    value = section.get(key)
    if value is None:
        return default
    inner = value.section()
    result = read(inner)
    inner.close()
    return result


def _delivery(part: Section, beside: Path) -> DeliverySettings:
    usual = DeliverySettings()

    def webhook(each: Section) -> WebhookSettings | None:
        return read_webhook(each, beside)

    return DeliverySettings(
        sink=part.read("sink", usual.sink, lambda value: Path(value.text())),
        give_up_after=part.read(
            "give_up_after", usual.give_up_after, lambda value: read_duration(value, HOUR, 30 * DAY)
        ),
        digest_every=part.read(
            "digest_every", usual.digest_every, lambda value: read_duration(value, 0 * DAY, DAY)
        ),
        site=part.read("site", usual.site, _site),
        webhook=read_part(part, "webhook", usual.webhook, webhook),
        sms=read_part(part, "sms", usual.sms, webhook),
    )


def read_webhook(part: Section, beside: Path) -> WebhookSettings:
    """Where it is and what it is signed with; the key is read at once, so that it is there."""
    trusted = part.get("trusted")
    return WebhookSettings(
        url=_url(part.need("url", "where it is, such as https://alerts.bank.example/hotline")),
        key=read_key(part.need("key", "a file with the key that signs what is sent"), beside),
        trusted=beside / Path(trusted.text()).expanduser() if trusted else None,
    )


def read_key(value: Value, beside: Path) -> Secret:
    """The secret in the file, without the line's end; what is wrong is noted."""
    name = value.text()
    if not name:
        return NO_KEY
    try:
        text = (beside / Path(name).expanduser()).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        value.wrong(f"{name} cannot be read: {getattr(error, 'strerror', 'it is no text')}")
        return NO_KEY
    if len(text) < LEAST_KEY:
        value.wrong(f"{name} must hold a key of {LEAST_KEY} characters or more")
    return Secret(text)


def _site(value: Value) -> str:
    """Where the pages are, or nothing."""
    text = str(getattr(value.node, "value", ""))
    if text and not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", text):
        value.wrong(f"must look like https://hotline.bank.example, not {text!r}")
    return text


def _url(value: Value) -> str:
    """HTTPS anywhere, plain HTTP to this machine alone."""
    text = value.text()
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    plain = text.startswith("http://") and _is_here(host)
    if text and not (host and (text.startswith("https://") or plain)):
        value.wrong(f"must be an https:// address (http:// to this machine alone), not {text!r}")
    return text


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
