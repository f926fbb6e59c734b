"""Octets of a letter as a `Letter` (RFC 5322, 2045 to 2049), whatever was sent.

The structure is read by the standard library under its oldest policy, which decides by simple
rules and raises the least; header values are read one by one (`headers`). Whatever is wrong with a
letter, it is read as far as it goes or `MailUnreadable` says why not: nothing else is raised.
Files are kept by what they hold; what they are called is only shown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from hashlib import sha256

from tickets.mail import headers
from tickets.mail.automatic import automatic, report_of
from tickets.mail.bounded import structure
from tickets.mail.charsets import decoded, one_line
from tickets.mail.cleaning import cleaned, stripped, text_of
from tickets.mail.folding import folded
from tickets.mail.limits import Limits, check, head_length
from tickets.mail.model import Body, Envelope, Letter, MailUnreadable, Part
from tickets.mail.proof import proven

LONGEST_NAME = 120
LONGEST_TYPE = 100
LONGEST_CHARACTER = 4
"""Octets; more of a text than its limit has room for is not decoded, which would hold up others."""
TELLING = (
    "Date",
    "Reply-To",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "X-Auto-Response-Suppress",
)
"""Fields of a header that say why a letter is what it is."""
UNSAFE = re.compile(r"[/\\:*?\"<>|]+")
TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
PLAIN, HTML, LETTER = "text/plain", "text/html", "message/rfc822"
ENDINGS = {PLAIN: ".txt", HTML: ".html", LETTER: ".eml", "text/calendar": ".ics"}
REPORTED = frozenset({"message/delivery-status", "text/rfc822-headers"})


def read_letter(
    octets: bytes, envelope: Envelope, limits: Limits | None = None, server: str = ""
) -> Letter:
    """The letter; MailUnreadable. `server` is the one whose word proves its sender."""
    limits = limits or Limits()
    check(octets, limits)
    try:
        return _letter(structure(octets), octets, envelope, limits, server)
    except (*headers.BROKEN, ValueError) as error:
        raise MailUnreadable(f"it is broken ({type(error).__name__})") from error


def fingerprint(octets: bytes, message_id: str) -> str:
    """What tells the same letter when it comes again, by whatever way (64 hexadecimal digits).

    The Message-ID and the body, but not the header, to which every server on the way adds; the
    whole header's own words where there is no Message-ID.
    """
    end = head_length(octets)
    told = message_id.encode() or b"\n".join(sorted(_told(octets[:end])))
    body = octets[end:].replace(b"\r\n", b"\n").strip()
    return sha256(told + b"\n\n" + body).hexdigest()


def _told(head: bytes) -> Iterator[bytes]:
    for line in head.splitlines():
        if line.lower().startswith((b"date:", b"from:", b"subject:")):
            yield line


def _letter(
    message: Message, octets: bytes, envelope: Envelope, limits: Limits, server: str
) -> Letter:
    found = _Found(limits)
    found.walk(message)
    senders = headers.addresses(message, "From") or headers.addresses(message, "Sender")
    name, sender = senders[0] if senders else ("", headers.address(envelope.mail_from or ""))
    message_id = next(iter(headers.identifiers(message, "Message-ID")), "")
    references = (
        *headers.identifiers(message, "In-Reply-To"),
        *reversed(headers.identifiers(message, "References")),
    )
    report = report_of(message)
    results = tuple(headers.values(message, "Authentication-Results"))
    to = (*headers.addresses(message, "To"), *headers.addresses(message, "Cc"))
    return Letter(
        message_id=message_id,
        sender=sender,
        sender_name=name,
        recipients=tuple(
            dict.fromkeys((*map(headers.address, envelope.recipients), *(where for _, where in to)))
        ),
        subject=headers.text(message, "Subject"),
        references=tuple(dict.fromkeys(references)),
        body=found.body(),
        fingerprint=fingerprint(octets, message_id),
        parts=tuple(found.files),
        automatic=automatic(message, envelope, report),
        report=report,
        left_out=tuple(found.left_out),
        headers=tuple(_shown(message, envelope)),
        proven=len(senders) == 1 and proven(results, server, sender),
    )


def _shown(message: Message, envelope: Envelope) -> Iterator[tuple[str, str]]:
    if envelope.mail_from is not None:
        yield "Return-Path", f"<{one_line(envelope.mail_from, LONGEST_NAME)}>"
    for name in TELLING:
        if value := headers.text(message, name):
            yield name, value


@dataclass(slots=True)
class _Found:
    """What the parts of a letter hold, collected in their order."""

    limits: Limits
    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    room: int = 0

    def __post_init__(self) -> None:
        self.room = self.limits.files

    def walk(self, message: Message) -> None:
        """Take every part; of alternatives, the plain text and the page are both taken."""
        kind = _type(message)
        if message.is_multipart() and kind != LETTER:
            for part in headers.inner(message):
                self.walk(part)
        elif kind in (PLAIN, HTML) and not _attached(message):
            self._read(message, kind)
        elif kind not in REPORTED:
            self._keep(message, kind)

    def body(self) -> Body:
        """The words: the plain text where there is any, else those of the page."""
        page = "\n".join(self.pages)
        html = cleaned(page, self.limits.html) if page.strip() else ""
        text = "\n".join(self.texts).strip() or text_of(html) or stripped(page)
        return folded(_cut(text, self.limits.text), html)

    def _read(self, message: Message, kind: str) -> None:
        octets = _octets(message)
        limit = self.limits.text if kind == PLAIN else self.limits.html
        room = LONGEST_CHARACTER * (limit + 1)
        charset, whole = headers.parameter(message, "charset"), len(octets) <= room
        text = decoded(octets[:room], charset, whole=whole)
        (self.texts if kind == PLAIN else self.pages).append(text)
        if len(text) > limit or not whole:  # what is cut on the page stays whole in a file
            self._add(Part(f"letter{ENDINGS[kind]}", kind, octets))

    def _keep(self, message: Message, kind: str) -> None:
        name = file_name(_written_name(message), kind, len(self.files) + 1)
        inline = bool(headers.value(message, "Content-ID")) and not _attached(message)
        self._add(Part(name, kind, _octets(message), inline))

    def _add(self, part: Part) -> None:
        size = len(part.content)
        full = len(self.files) >= self.limits.most_files or size > min(self.limits.file, self.room)
        if full:
            self.left_out.append(part.name)
        elif size:
            self.room -= size
            self.files.append(part)


def file_name(written: str, kind: str, place: int) -> str:
    """A name to show for a file: one path component, no controls, of a bearable length."""
    name = UNSAFE.sub("_", one_line(written, 1000)).strip(". ")
    if not name:
        name = f"attachment-{place}{ENDINGS.get(kind, '')}"
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) <= 10 else ""
    return name[: LONGEST_NAME - len(ending)] + ending


def _written_name(message: Message) -> str:
    """By Content-Disposition, else by Content-Type; RFC 2231 or, as many write it, RFC 2047."""
    return headers.words(str(headers.attempt(lambda: message.get_filename(""), "") or ""))


def _attached(message: Message) -> bool:
    disposition = headers.value(message, "Content-Disposition").lower()
    return disposition.startswith("attachment") or "filename" in disposition


def _type(message: Message) -> str:
    kind = headers.attempt(message.get_content_type, "application/octet-stream")
    if kind.startswith("multipart/") and not message.is_multipart():
        return PLAIN  # it names no boundary that occurs, so its words stand there as they are
    return kind[:LONGEST_TYPE] if TYPE.fullmatch(kind) else "application/octet-stream"


def _octets(message: Message) -> bytes:
    """The content without its transfer encoding; a letter in the letter as it would be sent."""
    if message.is_multipart():
        return b"".join(headers.attempt(each.as_bytes, b"") for each in headers.inner(message))
    return headers.content(message)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
