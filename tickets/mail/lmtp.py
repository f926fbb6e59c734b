"""Letters in over LMTP (RFC 2033) or SMTP (RFC 5321), from the bank's own mail server.

A letter is answered with 250 once it is committed, with 4xx while our database cannot take it, so
that the mail server keeps it and comes again, and with 5xx only where it could never be read. The
dialogue is Twisted's; three things are made right here: commands sent ahead (RFC 2920) wait until
the letter before them is answered, a failure of ours is not a permanent one, and a line that is too
long ends the connection, since what follows it would be read as commands.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.mail.interfaces import IMessageDelivery, IMessageDeliveryFactory, IMessageSMTP
from twisted.mail.smtp import (
    COMMAND,
    ESMTP,
    Address,
    SMTPBadRcpt,
    SMTPServerError,
    User,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from cti.database import report
from cti.kernel.clock import Clock, DelayedCall
from tickets.mail.limits import MOST_LINES
from tickets.mail.model import Envelope, MailUnreadable
from tickets.mail.ports import Intake
from tickets.mail.settings import ListenSettings

LONGEST_LINE = 65_536
"""Octets; RFC 5321 asks for 1000, and mail programs send more."""
LONGEST_COMMAND = 2048
TAKEN = "2.0.0 Kept"
TOO_LONG = "5.3.4 The letter is too long"
LATER = "4.3.0 Cannot be kept now, try again later"


class Listener(Factory):
    """A connection of the mail server each; more than are allowed are asked to come later."""

    log = Logger()

    def __init__(self, intake: Intake, settings: ListenSettings, clock: Clock) -> None:
        self.intake, self.settings, self.clock = intake, settings, clock
        self.connected = 0

    def buildProtocol(self, addr: IAddress | None) -> Protocol:  # noqa: ARG002  (Twisted's signature)
        """A dialogue, or a refusal."""
        if self.connected >= self.settings.connections:
            self.log.warn("too many connections of mail servers: {count}", count=self.connected)
            return _Busy()
        return Dialogue(self)


class _Busy(Protocol):
    def connectionMade(self) -> None:
        """Ask to come later (RFC 5321, 3.8)."""
        assert self.transport is not None
        self.transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        self.transport.loseConnection()


class Dialogue(ESMTP):
    """One connection; what is said next waits while a letter is being kept."""

    MAX_LENGTH = LONGEST_LINE
    noisy = False
    log = Logger()

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.factory = listener
        self._settings = listener.settings
        self.timeout = listener.settings.timeout
        self.host = listener.settings.name
        self.deliveryFactory = _Deliveries(listener)
        self.transport: Any = None
        self._waiting: deque[bytes] = deque()
        self._keeping = False
        self._counted = False
        self._accepted = 0

    def callLater(self, delay: float, function: Callable[[], object]) -> DelayedCall:
        """As the time-out measures time."""
        clock: Clock = self.factory.clock
        return clock.callLater(delay, function)

    # --- life -------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Greet."""
        self.factory.connected += 1
        self._counted = True
        super().connectionMade()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # Twisted's is not typed
        """Forget what was being received; what is being kept goes on."""
        self.factory.connected -= self._counted
        self._counted = False
        self._waiting.clear()
        super().connectionLost(reason)

    def greeting(self) -> bytes:
        """Who we are."""
        return bytes(self.host) + (b" LMTP" if self._settings.lmtp else b" ESMTP")

    # --- commands ---------------------------------------------------------------------------

    def lineReceived(self, line: bytes) -> None:
        """A command, or a line of a letter; or one for later."""
        if self._keeping:
            self._waiting.append(line)
        elif self.mode == COMMAND and len(line) > LONGEST_COMMAND:
            self.sendCode(500, b"5.5.2 Line too long")
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002  (Twisted's signature)
        """Hang up: the rest of the line is no command."""
        self.sendCode(500, b"5.5.2 Line too long")
        self.transport.loseConnection()

    def lookupMethod(self, command: bytes) -> Callable[[bytes], None] | None:
        """What does the command; LHLO stands for EHLO in LMTP (RFC 2033, 4.1)."""
        name = command.decode("ascii", "replace").upper()
        lmtp = self._settings.lmtp
        match name:
            case "LHLO" if lmtp:
                return self._hello
            case "EHLO" if not lmtp:
                return self._hello
            case "HELO" if not lmtp:
                return self.do_HELO
            case "MAIL":
                return self.do_MAIL
            case "RCPT" | "DATA" | "RSET" | "QUIT":
                return getattr(self, f"do_{name}")  # type: ignore[no-any-return]
            case "NOOP" | "VRFY":
                return self._nothing
        return None

    def extensions(self) -> dict[bytes, list[bytes] | None]:
        """What RFC 2033 asks for, and SIZE (RFC 1870)."""
        return {
            b"PIPELINING": None,
            b"ENHANCEDSTATUSCODES": None,
            b"8BITMIME": None,
            b"SIZE": [str(self._settings.size).encode()],
        }

    def do_MAIL(self, rest: bytes) -> None:
        """From whom; refused where the letter is announced as too long."""
        match = self.mail_re.match(rest)
        for option in (match.group("opts") or b"").split() if match else ():
            name, _, value = option.upper().partition(b"=")
            if name == b"SIZE" and value.isdigit() and int(value[:20]) > self._settings.size:
                self.sendCode(552, TOO_LONG.encode())
                return
        super().do_MAIL(rest)

    def _hello(self, rest: bytes) -> None:
        self._helo = (rest, b"")
        self._from = None
        self._to: list[Any] = []
        self.sendCode(250, bytes(self.host) + b"\n" + bytes(self.listExtensions()))

    def _nothing(self, rest: bytes) -> None:
        self.sendCode(252 if rest else 250, b"2.0.0 Nothing was done")

    # --- letters ----------------------------------------------------------------------------

    def do_DATA(self, rest: bytes) -> None:
        """The letter follows, for those who were accepted."""
        self._accepted = len(self._to)
        super().do_DATA(rest)

    def dataLineReceived(self, line: bytes) -> None:
        """A line of the letter; its end is where others have to wait."""
        if line != b".":
            super().dataLineReceived(line)
        elif self.datafailed:
            self.mode = COMMAND
            self._answer([(self.datafailed.code, str(self.datafailed.resp))] * self._accepted)
        else:
            self._hold()
            super().dataLineReceived(line)

    state_DATA = dataLineReceived

    def _messageHandled(self, results: list[tuple[bool, Any]]) -> None:
        self._answer([_answer(success, result) for success, result in results])
        self._go_on()

    def _answer(self, answers: list[tuple[int, str]]) -> None:
        """For each recipient in LMTP (RFC 2033, 4.2), once for all in SMTP."""
        for code, words in answers if self._settings.lmtp else answers[:1]:
            self.sendCode(code, words.encode("ascii", "replace"))

    def _hold(self) -> None:
        self._keeping = True
        self.setTimeout(None)
        self.transport.pauseProducing()

    def _go_on(self) -> None:
        self._keeping = False
        if not self._counted:  # the mail server went away meanwhile
            return
        self.setTimeout(self.timeout)
        self.transport.resumeProducing()
        while self._waiting and not self._keeping:
            self.lineReceived(self._waiting.popleft())


def _answer(success: bool, result: Any) -> tuple[int, str]:
    if success:
        return 250, TAKEN
    if result.check(MailUnreadable):
        return 554, f"5.6.0 The letter cannot be read: {result.value.why}"
    report(Dialogue.log, result, "a letter could not be kept; it will come again")
    return 451, LATER


@implementer(IMessageDeliveryFactory)
class _Deliveries:
    """A delivery for each letter of a connection."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def getMessageDelivery(self) -> "_Delivery":
        return _Delivery(self._listener)


@implementer(IMessageDelivery)
class _Delivery:
    """One letter, whoever it is for: its octets are collected, and kept, once."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._sender = ""
        self._recipients: list[str] = []
        self._letter: _Letter | None = None

    def validateFrom(self, helo: object, origin: Address) -> Address:  # noqa: ARG002  (Twisted's signature)
        self._sender = str(origin)
        return origin

    def validateTo(self, user: User) -> Callable[[], "_Letter | _Same"]:
        recipient = str(user.dest).lower()
        if not self._listener.intake.welcome(recipient):
            raise SMTPBadRcpt(recipient, 550, resp="5.1.1 Nobody here has this address")
        if len(self._recipients) >= self._listener.settings.recipients:
            raise SMTPBadRcpt(recipient, 452, resp="4.5.3 Too many recipients")
        self._recipients.append(recipient)
        return self._collect

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:  # noqa: ARG002  (Twisted's signature)
        return b""

    def _collect(self) -> "_Letter | _Same":
        if self._letter is not None:
            return _Same(self._letter)
        envelope = Envelope(self._sender, tuple(self._recipients))
        self._letter = _Letter(self._listener, envelope)
        return self._letter


@implementer(IMessageSMTP)
class _Letter:
    """The octets of a letter, up to its limit."""

    def __init__(self, listener: Listener, envelope: Envelope) -> None:
        self._listener, self._envelope = listener, envelope
        self._octets = bytearray()  # lines by themselves would take fifty times as much
        self._lines = 0
        self._also: list[Deferred[None]] = []

    def lineReceived(self, line: bytes) -> None:
        """SMTPServerError where the letter becomes too long; what came of it is let go."""
        self._lines += 1
        self._octets += line + b"\r\n"
        if len(self._octets) > self._listener.settings.size or self._lines > MOST_LINES:
            self._octets.clear()
            raise SMTPServerError(552, TOO_LONG)

    def eomReceived(self) -> Deferred[None]:
        octets = bytes(self._octets)
        self._octets.clear()
        return self._listener.intake.take(octets, self._envelope).addBoth(self._tell)

    def also(self) -> Deferred[None]:
        """Fires as the letter itself does."""
        waiting: Deferred[None] = Deferred()
        self._also.append(waiting)
        return waiting

    def connectionLost(self) -> None:
        self._octets.clear()

    def _tell(self, result: Failure | None) -> Failure | None:
        for each in self._also:
            each.callback(result)
        return result


@implementer(IMessageSMTP)
class _Same:
    """The same letter for one more recipient."""

    def __init__(self, letter: _Letter) -> None:
        self._done = letter.also()

    def lineReceived(self, line: bytes) -> None:
        """It is collected already."""

    def eomReceived(self) -> Deferred[None]:
        return self._done

    def connectionLost(self) -> None:
        """Nothing is held here."""
