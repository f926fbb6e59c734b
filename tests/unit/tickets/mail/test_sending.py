"""Letters as they are put on the wire, and what cannot be."""

from email import message_from_bytes, policy

import pytest
from twisted.internet.task import Clock

from tests.support.tickets import MONDAY
from tickets.delivery.model import Channel, Outgoing, Purpose, Undelivered
from tickets.delivery.outbox import LEASE
from tickets.mail.identity import Identity, Sent
from tickets.mail.sending import LONGEST, WIRE, SmtpCarrier, pem_certificates
from tickets.mail.settings import MailSettings, ServerSettings

IDENTITY = Identity(b"k" * 32, "bank.example")
SETTINGS = MailSettings(sender="service@bank.example", send=ServerSettings("mx.bank.example", 25))


def carrier() -> SmtpCarrier:
    clock = Clock()
    clock.rightNow = MONDAY.timestamp()
    return SmtpCarrier(SETTINGS, IDENTITY, clock)


def outgoing(purpose: Purpose = Purpose.REPLY, **more: object) -> Outgoing:
    usual: dict[str, object] = {
        "channel": Channel.EMAIL,
        "to": "王芳@example.com".replace("王芳", "wang"),
        "subject": "[#26112100016] 关于您投诉柜台服务一事的答复，并就给您造成的不便致歉",
        "body": "您好：\n.单独一点开头的行\n" + "很长的一行" * 100 + "\n",
        "html": "<p>您好</p>",
        "purpose": purpose,
        "number": "26112100016",
        "headers": {"In-Reply-To": "<a@example.com>"},
    }
    return Outgoing(**(usual | more))  # type: ignore[arg-type]  # as named


def test_a_letter_reads_back_as_it_was_meant() -> None:
    octets = carrier().write(outgoing(), "7-1").as_bytes(policy=WIRE)
    assert octets.isascii()
    assert max(map(len, octets.splitlines())) <= 998
    read = message_from_bytes(octets, policy=policy.default)
    assert read["Subject"] == outgoing().subject
    assert read["From"].addresses[0].display_name == "客户服务中心"
    assert read["In-Reply-To"] == "<a@example.com>"
    assert read["Date"].datetime == MONDAY
    plain, page = read.iter_parts()
    assert plain.get_content() == outgoing().body
    assert page.get_content().strip() == "<p>您好</p>"


def test_the_message_id_is_ours_and_the_same_at_every_attempt() -> None:
    written = [carrier().write(outgoing(), "7-1")["Message-ID"] for _ in range(2)]
    assert len(set(written)) == 1
    assert IDENTITY.read(written[0].strip("<>")) == Sent("26112100016", "7-1")  # type: ignore[arg-type]  # a number


@pytest.mark.parametrize(
    ("purpose", "submitted"),
    [
        (Purpose.REPLY, None),
        (Purpose.ACKNOWLEDGEMENT, "auto-replied"),
        (Purpose.ALARM, "auto-generated"),
        (Purpose.CODE, "auto-generated"),
    ],
)
def test_what_no_person_wrote_says_so(purpose: Purpose, submitted: str | None) -> None:
    assert carrier().write(outgoing(purpose), "1")["Auto-Submitted"] == submitted


@pytest.mark.parametrize(
    "to", ["nobody", "a b@example.com", "a@b@c>", "王芳@example.com", "a@example.com\r\nBcc: x@y"]
)
def test_what_is_no_address_is_never_tried(to: str) -> None:
    with pytest.raises(Undelivered) as told:
        carrier().write(outgoing(to=to), "1")
    assert not told.value.temporary


def test_a_domain_of_any_script_is_written_as_dns_has_it() -> None:
    written = carrier().write(outgoing(to="wang@例子.example"), "1")
    assert written["To"] == "wang@xn--fsqu00a.example"


def test_no_header_is_smuggled_in() -> None:
    for smuggled in ({"subject": "a\r\nBcc: x@y.example"}, {"headers": {"X": "a\nBcc: x@y"}}):
        with pytest.raises(Undelivered):
            carrier().write(outgoing(**smuggled), "1")


def test_a_file_of_certificates_is_read_one_by_one() -> None:
    one = b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
    assert len(pem_certificates(b"comment\n" + one * 3)) == 3


def test_a_letter_is_handed_over_while_it_is_ours() -> None:
    assert LEASE.total_seconds() > LONGEST
