"""Letters out over SMTP (RFC 5321), by the bank's own mail server.

Each is RFC 5322 throughout: a Message-ID that is the same at every attempt, words of any script in
header and body within seven bits, and Auto-Submitted where no person wrote it (RFC 3834). Without
the encryption that is set up nothing is sent, and what the server said is the proof.
"""

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from io import BytesIO
from typing import Any

from OpenSSL import crypto
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.mail.smtp import (
    ESMTPSender,
    ESMTPSenderFactory,
    SMTPClientError,
    SMTPDeliveryError,
)
from twisted.python.failure import Failure

from cti.kernel.clock import utc
from tickets.delivery.model import Outgoing, Purpose, Undelivered
from tickets.mail.charsets import one_line
from tickets.mail.identity import Identity
from tickets.mail.settings import Encryption, MailSettings, ServerSettings

BY_HAND = frozenset({Purpose.REPLY, Purpose.PROGRESS})
"""Purposes for which a person wrote the words."""
WIRE = policy.default.clone(cte_type="7bit", max_line_length=78)
LONGEST_SAID = 300
PATIENCE = 4
"""Time-outs within which a whole letter is handed over."""
LONGEST = 270.0
"""Seconds for that at most: less than the lease by which nobody else carries the letter."""
SUBMITTED = "Auto-Submitted"


class SmtpCarrier:
    """Carries e-mail to one server; see `tickets.delivery.model.Carrier`."""

    def __init__(self, settings: MailSettings, identity: Identity, reactor: Any) -> None:
        assert settings.send is not None
        self._settings, self._server = settings, settings.send
        self._identity, self._reactor = identity, reactor

    def carry(self, outgoing: Outgoing, delivery_id: str) -> Deferred[str]:
        """See `Carrier`."""
        written = self.write(outgoing, delivery_id)
        octets, recipient = written.as_bytes(policy=WIRE), _ascii(outgoing.to)
        said: Deferred[Any] = Deferred()
        factory = _Sending(self._settings.sender, recipient, octets, said, self._server)
        connector = self._connect(factory)
        said.addTimeout(min(self._server.timeout * PATIENCE, LONGEST), self._reactor)
        return said.addCallbacks(lambda _: factory.said, partial(_undelivered, connector))

    def write(self, outgoing: Outgoing, delivery_id: str) -> EmailMessage:
        """The letter as it is sent; Undelivered where it cannot be written as one."""
        message = EmailMessage(policy=WIRE)
        message_id = self._identity.message_id(outgoing.number, delivery_id)
        try:
            message["From"] = _address(self._settings.sender, self._name())
            message["To"] = _address(outgoing.to)
            message["Subject"] = outgoing.subject
            message["Date"] = format_datetime(utc(self._reactor))
            message["Message-ID"] = f"<{message_id}>"
            for name, value in (_usual(outgoing) | dict(outgoing.headers)).items():
                message[name] = value
        except (ValueError, IndexError) as error:
            why = f"no header can be written of it: {type(error).__name__}"
            raise Undelivered(why, temporary=False) from error
        message.set_content(outgoing.body)
        if outgoing.html is not None:
            message.add_alternative(outgoing.html, subtype="html")
        return message

    def _name(self) -> str:
        return self._settings.sender_names.get(self._settings.language, "")

    def _connect(self, factory: "_Sending") -> Any:
        server = self._server
        if server.encryption is Encryption.TLS:
            return self._reactor.connectSSL(
                server.host, server.port, factory, tls_options(server), timeout=server.timeout
            )
        return self._reactor.connectTCP(server.host, server.port, factory, timeout=server.timeout)


def tls_options(server: ServerSettings) -> Any:
    """What makes a connection to the server secure: its name and its certificate are checked."""
    if server.trusted is None:
        return optionsForClientTLS(server.host)
    roots = [
        Certificate(crypto.load_certificate(crypto.FILETYPE_PEM, each))
        for each in pem_certificates(server.trusted.read_bytes())
    ]
    return optionsForClientTLS(server.host, trustRoot=trustRootFromCertificates(roots))


def pem_certificates(octets: bytes) -> list[bytes]:
    """Each certificate of a PEM file (RFC 7468)."""
    end = b"-----END CERTIFICATE-----"
    return [each + end + b"\n" for each in octets.split(end)[:-1]]


class _Sender(ESMTPSender):
    """One letter. Nothing is logged: the log of Twisted would hold the password."""

    debug = False

    def sentMail(self, code: int, resp: bytes, numOk: int, addresses: Any, log: Any) -> None:  # noqa: N802, N803  (Twisted's names)
        """Keep what the server said."""
        self.factory.said = one_line(f"{code} {resp.decode('utf-8', 'replace')}", LONGEST_SAID)
        super().sentMail(code, resp, numOk, addresses, log)


class _Sending(ESMTPSenderFactory):
    protocol = _Sender
    noisy = False

    def __init__(
        self,
        sender: str,
        recipient: str,
        octets: bytes,
        result: Deferred[Any],
        server: ServerSettings,
    ) -> None:
        upgrade = server.encryption is Encryption.STARTTLS
        super().__init__(
            server.user.encode() or None,
            server.password.reveal().encode() or None,
            sender.encode("ascii"),
            recipient.encode("ascii"),
            BytesIO(octets),
            result,
            retries=0,
            timeout=server.timeout,
            contextFactory=tls_options(server) if upgrade else None,
            requireAuthentication=bool(server.user),
            requireTransportSecurity=upgrade,
        )
        self.domain = sender.rpartition("@")[2].encode()
        self.said = ""


def _undelivered(connector: Any, failure: Failure) -> Failure:
    """A refusal of the letter is for good; whatever is wrong with the way to the server is not."""
    _break_off(connector)
    error = failure.value
    if isinstance(error, (CancelledError, DeferredTimeoutError)):
        return Failure(Undelivered("the mail server is too slow", temporary=True))
    if not isinstance(error, SMTPClientError):
        return failure
    said = error.resp.decode("utf-8", "replace") if isinstance(error.resp, bytes) else error.resp
    code = f"{error.code} " if error.code > 0 else ""
    refused = isinstance(error, SMTPDeliveryError) and 500 <= error.code < 600
    return Failure(Undelivered(one_line(f"{code}{said}", LONGEST_SAID), temporary=not refused))


def _break_off(connector: Any) -> None:
    """Without waiting for a far side that may say nothing more."""
    if connector.state == "connected":
        connector.transport.abortConnection()
    else:
        connector.disconnect()


def _usual(outgoing: Outgoing) -> dict[str, str]:
    if outgoing.purpose in BY_HAND:
        return {}
    answered = outgoing.purpose is Purpose.ACKNOWLEDGEMENT
    return {
        SUBMITTED: "auto-replied" if answered else "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def _address(written: str, name: str = "") -> Address:
    return Address(display_name=name, addr_spec=_ascii(written))


def _ascii(written: str) -> str:
    """The address with its domain as DNS has it (RFC 5891); Undelivered where it is no address."""
    local, at, domain = written.strip().rpartition("@")
    try:
        local.encode("ascii")
        name = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        why = "the address needs a mail server that speaks SMTPUTF8 (RFC 6531)"
        raise Undelivered(why, temporary=False) from error
    if not (local and at and name) or any(mark in "<>\r\n\t ," for mark in local + name):
        raise Undelivered("this is no address of e-mail", temporary=False)
    return f"{local}@{name}"
