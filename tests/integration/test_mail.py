"""Letters in and out of real sockets: a mail server's LMTP, a mailbox on Dovecot, SMTP with TLS."""

import os
import smtplib
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.protocol import ServerFactory
from twisted.internet.ssl import PrivateCertificate
from twisted.internet.tcp import Client
from twisted.mail.imap4 import PLAINCredentials
from twisted.mail.interfaces import IMessageDeliveryFactory
from twisted.mail.smtp import ESMTP, LOGINCredentials
from zope.interface import implementer

from config.main import main
from cti.database import Base, Database
from cti.kernel.secret import Secret
from tests.support.certificates import authority
from tests.support.dovecot import PASSWORD, USER, mailbox
from tests.support.house import House, running_house
from tests.support.letters import FOLDER, letter, on_file
from tests.support.reactor import pause, reactor, run_in_reactor, until
from tickets.delivery.model import Channel, Outgoing, Purpose, Undelivered
from tickets.mail.identity import Identity
from tickets.mail.imap import ImapPoller
from tickets.mail.limits import Limits
from tickets.mail.lmtp import Dialogue, Listener
from tickets.mail.model import Envelope, MailUnreadable
from tickets.mail.sending import SmtpCarrier
from tickets.mail.settings import (
    Encryption,
    ListenSettings,
    MailSettings,
    PollSettings,
    ServerSettings,
)


class Taken:
    """An intake that takes everything but what is said to be unreadable, or to come later."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.later = 0

    def take(self, octets: bytes, envelope: Envelope) -> Deferred[None]:  # noqa: ARG002  (as an intake)
        if b"unreadable" in octets:
            return fail(MailUnreadable("it says so"))
        if self.later:
            self.later -= 1
            return fail(OSError("the database is gone"))
        self.letters.append(octets)
        return succeed(None)

    def welcome(self, recipient: str) -> bool:  # noqa: ARG002  (as an intake)
        return True


# --- a house ------------------------------------------------------------------------------------


def rows(house: House, query: str) -> list[Any]:
    with closing(sqlite3.connect(house.var / "hotline.sqlite")) as database:
        return database.execute(query).fetchall()


def acknowledgements(house: House) -> list[Path]:
    return sorted((house.var / "outbox").glob("*.eml"))


def test_a_mail_server_hands_a_letter_to_a_house(
    tmp_path: Path, prompts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "var" / "run" / "mail.socket"
    changes = {
        "tickets": {
            "mail": {
                "sender": "service@bank.example",
                "addresses": {"complaints@bank.example": "complaint"},
                "listen": {"path": str(path)},
            }
        }
    }
    with running_house(tmp_path, prompts, changes) as house, lmtp(path) as server:
        to, wang = "complaints@bank.example", "wang@example.com"
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.sendmail(wang, ["sales@bank.example"], on_file("attachments"))
        assert server.sendmail(wang, [to], on_file("attachments")) == {}
        assert server.sendmail(wang, [to], b"Received: again\r\n" + on_file("attachments")) == {}
        house.wait_until(lambda: acknowledgements(house), 15, "the acknowledgement")
        [(number, kind)] = rows(house, "SELECT number, kind FROM tickets")
        assert kind == "complaint"
        [written] = acknowledgements(house)
        read = message_from_bytes(written.read_bytes(), policy=policy.default)
        assert number in read["Subject"]
        assert read["In-Reply-To"] == "<att1@example.com>"
        house.wait_until(
            lambda: rows(house, "SELECT 1 FROM ticket_mails WHERE direction = 'out'"),
            15,
            "the acknowledgement on the time line",
        )
        deep = FOLDER / "deep.eml"
        assert main(["--config", str(house.config), "mail", str(FOLDER / "qq.eml"), str(deep)]) == 1
        out, err = capsys.readouterr()
        assert "qq.eml: taken for complaints@bank.example" in out
        assert "deep.eml: 554 5.6.0" in err
        assert len(rows(house, "SELECT number FROM tickets")) == 2


@contextmanager
def lmtp(path: Path) -> Iterator[smtplib.LMTP]:
    """A connection to that socket, whose address may be long."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with smtplib.LMTP(f"/proc/self/fd/{folder}/{path.name}") as server:
            yield server
    finally:
        os.close(folder)


# --- a mailbox ----------------------------------------------------------------------------------


@pytest.mark.needs("dovecot")
def test_a_mailbox_is_read_once_and_marked_after_it_is_kept(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, mailbox(Path(folder)) as box:
        box.put(letter())
        box.put(letter("unreadable", message_id="<two@example.com>"))
        box.put(on_file("netease"))
        server = ServerSettings("127.0.0.1", box.port, Encryption.NONE, USER, Secret(PASSWORD))
        taken = Taken()

        async def first(database: Database) -> None:
            taken.later = 1
            poller = ImapPoller(
                taken, PollSettings(server, every=0.2), Limits(), database, reactor()
            )
            poller.start()
            await until(poller.trouble)
            await until(lambda: len(taken.letters) == 2)
            await until(lambda: not poller.trouble())
            poller.stop()
            await until(lambda: not connected())

        async def second(database: Database) -> None:
            poller = ImapPoller(
                taken, PollSettings(server, every=0.2), Limits(), database, reactor()
            )
            poller.start()
            await until(lambda: len(taken.letters) == 3)
            await pause(0.5)
            poller.stop()
            await until(lambda: not connected())

        over(tmp_path, first)
        assert taken.letters == [letter(), on_file("netease")]
        assert [("Seen" in each, "Flagged" in each) for each in box.flags()] == [
            (True, False),
            (True, True),
            (True, False),
        ]
        box.put(letter("Later.", message_id="<three@example.com>"))
        over(tmp_path, second)
        assert len(taken.letters) == 3


def connected() -> bool:
    """Whether a connection that was begun here is still there."""
    everything = (*reactor().getReaders(), *reactor().getWriters())
    return any(isinstance(each, Client) for each in everything)


def over(folder: Path, work: Any) -> None:
    """Do it with a database in that folder, as one server after the other has it."""

    async def talk() -> None:
        database = Database(f"sqlite:///{folder / 'test.sqlite'}", reactor())
        Base.metadata.create_all(database.engine)
        database.start()
        try:
            await work(database)
        finally:
            database.stop()

    run_in_reactor(talk, allow_errors=True)


# --- a server that takes letters ----------------------------------------------------------------


def reply(to: str = "wang@example.com") -> Outgoing:
    return Outgoing(Channel.EMAIL, to, "答复", "您好\n.点\n", Purpose.REPLY, html="<p>您好</p>")


def carry(server: ServerSettings, outgoing: Outgoing) -> Deferred[str]:
    settings = MailSettings(domain="bank.example", sender="service@bank.example", send=server)
    return SmtpCarrier(settings, Identity(b"k" * 32, "bank.example"), reactor()).carry(
        outgoing, "1"
    )


def test_a_letter_arrives_as_it_was_written_and_its_proof_is_kept() -> None:
    taken = Taken()

    async def talk() -> None:
        listener = Listener(taken, ListenSettings(lmtp=False), reactor())
        port = reactor().listenTCP(0, listener, interface="127.0.0.1")
        server = ServerSettings("127.0.0.1", port.getHost().port, Encryption.NONE)
        assert (await carry(server, reply())).startswith("250 2.0.0")
        with pytest.raises(Undelivered) as refused:
            await carry(server, reply("unreadable@example.com"))
        assert not refused.value.temporary
        taken.later = 1
        with pytest.raises(Undelivered) as later:
            await carry(server, reply())
        assert later.value.temporary
        assert later.value.why.startswith("451")
        await port.stopListening()
        with pytest.raises(Undelivered) as gone:
            await carry(server, reply())
        assert gone.value.temporary

    run_in_reactor(talk, allow_errors=True)
    [octets] = taken.letters
    read = message_from_bytes(octets, policy=policy.default)
    assert read["Subject"] == "答复"
    plain, _ = read.iter_parts()
    assert plain.get_content() == "您好\n.点\n"


def test_without_the_encryption_that_is_set_up_nothing_is_sent(tmp_path: Path) -> None:
    taken, signer = Taken(), authority(tmp_path)
    trusted = signer.path
    certificate, key = signer.sign("localhost")
    own = PrivateCertificate.loadPEM(certificate.read_bytes() + key.read_bytes())

    async def talk() -> None:
        listener = Listener(taken, ListenSettings(lmtp=False), reactor())
        plain = reactor().listenTCP(0, listener, interface="127.0.0.1")
        wanted = ServerSettings(
            "localhost", plain.getHost().port, Encryption.STARTTLS, trusted=trusted
        )
        with pytest.raises(Undelivered) as refused:
            await carry(wanted, reply())
        assert refused.value.temporary
        secured = reactor().listenSSL(0, listener, own.options(), interface="127.0.0.1")
        port = secured.getHost().port
        known = ServerSettings("localhost", port, Encryption.TLS, trusted=trusted)
        assert (await carry(known, reply())).startswith("250")
        unknown = ServerSettings("localhost", port, Encryption.TLS)
        with pytest.raises(Undelivered):
            await carry(unknown, reply())
        await plain.stopListening()
        await secured.stopListening()

    run_in_reactor(talk, allow_errors=True)
    assert len(taken.letters) == 1


@implementer(IRealm)
class Realm:
    """Whoever has the password may send."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    def requestAvatar(self, _who: Any, _mind: Any, *_: Any) -> Any:  # noqa: N802  (Twisted's name)
        delivery = Dialogue(self.listener).deliveryFactory
        return IMessageDeliveryFactory, delivery, lambda: None


class Submission(ServerFactory):
    """Twisted's own server for signed-in senders, with STARTTLS."""

    def __init__(self, listener: Listener, context: Any) -> None:
        checker = InMemoryUsernamePasswordDatabaseDontUse()
        checker.addUser(b"hotline", b"open sesame")
        self.portal, self.context = Portal(Realm(listener), [checker]), context

    def buildProtocol(self, addr: Any) -> Any:  # noqa: ARG002  (Twisted's signature)
        server: Any = ESMTP({b"PLAIN": PLAINCredentials, b"LOGIN": LOGINCredentials}, self.context)
        server.portal = self.portal
        return server


def test_the_house_signs_in_over_starttls_and_waits_where_it_may_not(tmp_path: Path) -> None:
    taken, signer = Taken(), authority(tmp_path)
    certificate, key = signer.sign("localhost")
    own = PrivateCertificate.loadPEM(certificate.read_bytes() + key.read_bytes())

    async def talk() -> None:
        listener = Listener(taken, ListenSettings(lmtp=False), reactor())
        factory = Submission(listener, own.options())
        port = reactor().listenTCP(0, factory, interface="127.0.0.1")
        server = ServerSettings(
            "localhost",
            port.getHost().port,
            Encryption.STARTTLS,
            "hotline",
            Secret("open sesame"),
            signer.path,
        )
        assert (await carry(server, reply())).startswith("250")
        with pytest.raises(Undelivered) as refused:
            await carry(replace(server, password=Secret("wrong words")), reply())
        assert refused.value.temporary  # the letter is well, the password is not
        assert "wrong words" not in refused.value.why
        await port.stopListening()

    run_in_reactor(talk, allow_errors=True)
    assert len(taken.letters) == 1
