"""The sink: messages become files in a folder, where no way out of the house is set up.

An e-mail becomes ``<delivery id>.eml``, everything else ``<delivery id>.json``; a message carried
twice is one file.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path

from twisted.internet.defer import Deferred

from tickets.delivery.model import Channel, Outgoing, Undelivered

Aside = Callable[[Callable[[], str]], Deferred[str]]
"""Does a job where it may take its time, such as `cti.kernel.threads.Threads.run`."""


class Sink:
    """A carrier that writes every message into a folder."""

    def __init__(self, folder: Path, aside: Aside) -> None:
        self._folder, self._aside = folder, aside

    def carry(self, outgoing: Outgoing, delivery_id: str) -> Deferred[str]:
        """See `Carrier`."""
        return self._aside(partial(_write, self._folder, outgoing, delivery_id))


def _write(folder: Path, outgoing: Outgoing, delivery_id: str) -> str:
    mail = outgoing.channel is Channel.EMAIL
    content = _mail(outgoing, delivery_id) if mail else _record(outgoing, delivery_id)
    path = folder / f"{delivery_id}.{'eml' if mail else 'json'}"
    draft = path.with_suffix(".tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise Undelivered(f"{path.name}: {error.strerror}", temporary=True) from error
    return f"written to {path.name}"


def _mail(outgoing: Outgoing, delivery_id: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["To"] = outgoing.to
    mail["Subject"] = outgoing.subject
    mail["Message-ID"] = f"<{delivery_id}@hotline.invalid>"
    for name, value in outgoing.headers.items():
        mail[name] = value
    mail.set_content(outgoing.body)
    if outgoing.html is not None:
        mail.add_alternative(outgoing.html, subtype="html")
    return mail.as_bytes()


def _record(outgoing: Outgoing, delivery_id: str) -> bytes:
    record = {
        "delivery": delivery_id,
        "channel": outgoing.channel.value,
        "to": outgoing.to,
        "subject": outgoing.subject,
        "body": outgoing.body,
        "purpose": outgoing.purpose.value,
        "number": outgoing.number,
    }
    return json.dumps(record, ensure_ascii=False, indent=1).encode()
