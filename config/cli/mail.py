"""Hand letters from files over to the running hotline, as the bank's mail server would."""

from __future__ import annotations

import os
import smtplib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cti.kernel.errors import ConfigurationError
from tickets.mail.settings import ListenSettings

EPILOG = """\
examples:
  hotline mail letter.eml
  hotline mail letter.eml --from wang@example.com --to complaints@bank.example

The letter goes where `tickets.mail.listen` says. Status 1: it was not taken; what the hotline
answered is printed."""
REFUSED = 1


def add_arguments(parser: ArgumentParser) -> None:
    """Which letters, and what the envelope says."""
    parser.epilog = EPILOG
    parser.add_argument("letters", nargs="+", type=Path, metavar="FILE", help="a letter (.eml)")
    parser.add_argument(
        "--from", dest="sender", default="customer@example.com", help="return path; empty for none"
    )
    parser.add_argument("--to", help="an address of the house (default: the first of its settings)")


def run(args: Namespace) -> int:
    """Hand each over, and print what was answered."""
    from config.cli import settings_of

    mail = settings_of(args).tickets.mail
    if mail.listen is None:
        raise ConfigurationError(
            "no letters are taken: say where, such as {port: 2424}",
            key="tickets.mail.listen",
        )
    to = args.to or next(iter(mail.addresses), mail.sender)
    status = 0
    for path in args.letters:
        try:
            with _connected(mail.listen) as server:
                server.sendmail(args.sender, [to], path.read_bytes())
        except (OSError, smtplib.SMTPException) as error:
            print(f"{path}: {_said(error)}", file=sys.stderr)
            status = REFUSED
        else:
            print(f"{path}: taken for {to}")
    return status


@contextmanager
def _connected(listen: ListenSettings) -> Iterator[smtplib.SMTP]:
    if listen.path is None:
        kind = smtplib.LMTP if listen.lmtp else smtplib.SMTP
        with kind(listen.host, listen.port) as server:
            yield server
        return
    folder = os.open(listen.path.absolute().parent, os.O_PATH | os.O_DIRECTORY)
    try:  # an address holds 107 octets, and folders may lie deeper
        with smtplib.LMTP(f"/proc/self/fd/{folder}/{listen.path.name}") as server:
            yield server
    finally:
        os.close(folder)


def _said(error: Exception) -> str:
    """What the hotline answered, or why nothing could be said to it."""
    code = 0
    words: str | bytes = getattr(error, "strerror", None) or str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {text}" if code else text
