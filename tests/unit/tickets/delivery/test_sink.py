"""What has no way out of the house becomes a file."""

import errno
import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from twisted.internet.defer import execute

from tests.support.deferred import result_of
from tests.support.deliveries import letter
from tickets.delivery.model import Channel, Outgoing, Purpose, Undelivered
from tickets.delivery.sink import Sink


def test_an_email_is_a_file_that_mail_programs_open(tmp_path: Path) -> None:
    sink = Sink(tmp_path / "outbox", execute)
    outgoing = Outgoing(
        Channel.EMAIL,
        "officer@bank.example",
        "工单提醒",
        "正文",
        Purpose.DIGEST,
        html="<p>正文</p>",
        headers={"In-Reply-To": "<1@bank.example>"},
    )
    assert result_of(sink.carry(outgoing, "20261123-1")) == "written to 20261123-1.eml"
    result_of(sink.carry(outgoing, "20261123-1"))
    (path,) = (tmp_path / "outbox").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    assert (mail["To"], mail["Subject"]) == ("officer@bank.example", "工单提醒")
    assert (mail["Message-ID"], mail["In-Reply-To"]) == (
        "<20261123-1@hotline.invalid>",
        "<1@bank.example>",
    )
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert (plain.get_content().strip(), rich.get_content().strip()) == ("正文", "<p>正文</p>")


def test_anything_else_is_a_record(tmp_path: Path) -> None:
    outgoing = Outgoing(Channel.SMS, "13800138000", "", "您的工单已受理", Purpose.ACKNOWLEDGEMENT)
    result_of(Sink(tmp_path, execute).carry(outgoing, "7"))
    record = json.loads((tmp_path / "7.json").read_text("utf-8"))
    assert (record["to"], record["body"], record["delivery"]) == (
        "13800138000",
        "您的工单已受理",
        "7",
    )


def test_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(Undelivered, match="No space left") as caught:
        result_of(Sink(tmp_path / "outbox", execute).carry(letter(), "7"))
    assert caught.value.temporary
    assert list((tmp_path / "outbox").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in its place")
    with pytest.raises(Undelivered) as caught:
        result_of(Sink(tmp_path / "outbox", execute).carry(letter(), "7"))
    assert caught.value.temporary
