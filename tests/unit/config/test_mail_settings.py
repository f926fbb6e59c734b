"""What the settings say of letters, and what is said of mistakes in them."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.mail_settings import read_mail
from cti.kernel.document import DocumentError, read_document
from cti.kernel.vocabulary import Language
from tickets.mail.settings import Encryption, MailSettings, Window
from tickets.model import TicketKind


def read(folder: Path, text: str) -> MailSettings:
    file = folder / "mail.yaml"
    file.write_text(text)
    top = read_document(file)
    settings = read_mail(top, folder)
    top.close()
    top.value.report.check()
    return settings


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    (tmp_path / "letters").mkdir()
    settings = read(
        tmp_path,
        """
sender: Service@Bank.example
names: {zh: 银行, en: Bank}
addresses: {Complaints@bank.example: complaint}
language: en
largest: 5
acknowledged: {letters: 3, within: 10 min}
reopen_within: 60 days
templates: letters
listen: {path: run/mail.socket, protocol: smtp, connections: 3, name: mx}
poll: {host: imap.bank.example, user: hotline, password: secret, every: 30, folder: Hotline}
send: {host: smtp.bank.example, encryption: starttls, user: hotline, password: secret}
""",
    )
    assert (settings.sender, settings.domain) == ("service@bank.example", "bank.example")
    assert settings.sender_names[Language.CHINESE] == "银行"
    assert settings.addresses == {"complaints@bank.example": TicketKind.COMPLAINT}
    assert settings.acknowledged == Window(3, timedelta(minutes=10))
    assert settings.reopen_within == timedelta(days=60)
    assert settings.limits.letter == 5 * 1024 * 1024
    assert settings.templates == tmp_path / "letters"
    assert settings.listen is not None
    assert settings.listen.path == tmp_path / "run/mail.socket"
    assert not settings.listen.lmtp
    assert settings.listen.size == settings.limits.letter
    assert settings.poll is not None
    assert (settings.poll.server.port, settings.poll.folder) == (993, "Hotline")
    assert settings.send is not None
    assert (settings.send.encryption, settings.send.port) == (Encryption.STARTTLS, 587)
    assert settings.send.password.reveal() == "open sesame"
    assert "sesame" not in repr(settings)


def test_left_out_nothing_is_listened_to_polled_or_sent(tmp_path: Path) -> None:
    settings = read(tmp_path, "language: zh\n")
    assert (settings.listen, settings.poll, settings.send) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sender: bank", "service@bank.example"),
        ("addresses: {complaints: complaint}", "complaints@bank.example"),
        ("addresses: {a@b.example: grumble}", "must be one of"),
        ("addresses: {a@b.example: appointment}", "complaint, suggestion, acceptance, enquiry"),
        ("listen: {}", "either `path`"),
        ("listen: {path: a, port: 1}", "either `path`"),
        ("poll: {host: imap.bank.example}", "needs `user` and `password`"),
        ("send: {host: smtp.bank.example, user: hotline}", "belong together"),
        ("send: {host: a, user: b, password: nowhere}", "cannot be read"),
        ("send: {host: a, user: b, password: nowhere, encryption: none}", "over TLS only"),
        ("send: {}", "needs `host`"),
        ("templates: nowhere", "nowhere is no folder"),
        ("names: {zh: 银行}", "needs `en`"),
        ("largest: 500", "from 1 to 50"),
        ("sent: {}", "did you mean `send`"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        read(tmp_path, text)
