"""The section `tickets` of the settings file."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.settings_file import read_settings
from config.ticket_settings import TicketSettings
from cti.kernel.document import DocumentError
from cti.kernel.secret import Secret


def read(folder: Path, delivery: str) -> TicketSettings:
    (folder / "hotline.yaml").write_text(f"tickets:\n  delivery: {delivery}\n", "utf-8")
    return read_settings(folder / "hotline.yaml").tickets


def test_a_webhook_with_its_key_and_times_with_units(tmp_path: Path) -> None:
    (tmp_path / "alerts.key").write_text("0123456789abcdef\n")
    told = read(
        tmp_path,
        "{webhook: {url: 'https://alerts.bank.example/x', key: alerts.key, trusted: ca.pem},"
        " sms: {url: 'http://127.0.0.1:8025/', key: alerts.key},"
        " give_up_after: 36 h, digest_every: 30 min, sink: mails}",
    ).delivery
    assert told.webhook is not None
    assert told.sms is not None
    assert told.webhook.url == "https://alerts.bank.example/x"
    assert told.webhook.key == Secret("0123456789abcdef")
    assert told.webhook.trusted == tmp_path / "ca.pem"
    assert told.sms.url == "http://127.0.0.1:8025/"
    assert (told.give_up_after, told.digest_every) == (timedelta(hours=36), timedelta(minutes=30))
    assert told.sink == Path("mails")


@pytest.mark.parametrize(
    ("delivery", "key", "says"),
    [
        ("{webhook: {key: long.key}}", "webhook", "needs `url`"),
        ("{webhook: {url: 'https://a/'}}", "webhook", "needs `key`"),
        ("{webhook: {url: 'http://a.example/', key: long.key}}", "webhook.url", "https://"),
        ("{webhook: {url: 'https://', key: long.key}}", "webhook.url", "https://"),
        ("{webhook: {url: 'https://a:x/', key: long.key}}", "webhook.url", "https://"),
        ("{sms: {url: 'https://a/', key: none.key}}", "sms.key", "cannot be read"),
        ("{sms: {url: 'https://a/', key: short.key}}", "sms.key", "16 characters"),
        ("{give_up_after: 1 min}", "give_up_after", "from 1:00:00"),
        ("{digest_every: often}", "digest_every", "20 min"),
        ("{digest: 1 h}", "digest", "did you mean `digest_every`"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, delivery: str, key: str, says: str) -> None:
    (tmp_path / "long.key").write_text("0123456789abcdef")
    (tmp_path / "short.key").write_text("secret")
    with pytest.raises(DocumentError, match=says) as caught:
        read(tmp_path, delivery)
    assert caught.value.key == f"tickets.delivery.{key}"


def read_files(folder: Path, attachments: str) -> TicketSettings:
    (folder / "hotline.yaml").write_text(f"tickets:\n  attachments: {attachments}\n", "utf-8")
    return read_settings(folder / "hotline.yaml").tickets


def test_which_files_are_taken(tmp_path: Path) -> None:
    told = read_files(tmp_path, "{folder: files, largest: 5, most: 2, types: [pdf, jpeg]}")
    limits = told.attachments.limits
    assert told.attachments.folder == Path("files")
    assert (limits.largest, limits.most) == (5 * 1024 * 1024, 2)
    assert limits.types == {"application/pdf", "image/jpeg"}


@pytest.mark.parametrize(
    ("attachments", "key", "says"),
    [
        ("{types: [pdf, exe]}", "types", "there is no kind of file 'exe'"),
        ("{types: [html]}", "types", "there is no kind of file 'html'"),
        ("{largest: 0}", "largest", "1"),
        ("{most: many}", "most", "must be a number"),
    ],
)
def test_mistakes_about_files_are_named(
    tmp_path: Path, attachments: str, key: str, says: str
) -> None:
    with pytest.raises(DocumentError, match=says) as caught:
        read_files(tmp_path, attachments)
    assert caught.value.key == f"tickets.attachments.{key}"
