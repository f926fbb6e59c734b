"""The dialogue with the mail server: what is promised, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tickets.mail.lmtp import Listener
from tickets.mail.model import Envelope, MailUnreadable
from tickets.mail.settings import ListenSettings

HELLO = b"LHLO mx.bank.example\r\n"
FROM = b"MAIL FROM:<wang@example.com>\r\n"
TO = b"RCPT TO:<service@bank.example>\r\n"
WORDS = b"Subject: a\r\n\r\n..dot\r\nwords\r\n.\r\n"


class SlowIntake:
    """Takes letters when a test says so."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, Envelope]] = []
        self.answers: list[Deferred[None]] = []
        self.at_once = False

    def take(self, octets: bytes, envelope: Envelope) -> Deferred[None]:
        self.taken.append((octets, envelope))
        if self.at_once:
            return succeed(None)
        self.answers.append(Deferred())
        return self.answers[-1]

    def welcome(self, recipient: str) -> bool:
        return recipient.endswith("@bank.example")


class Line:
    """A mail server at a listener."""

    def __init__(self, **settings: object) -> None:
        self.clock, self.intake = Clock(), SlowIntake()
        self.listener = Listener(self.intake, ListenSettings(**settings), self.clock)  # type: ignore[arg-type]  # as named
        self.protocol, self.transport = self.connect()

    def connect(self) -> tuple[object, StringTransport]:
        protocol, transport = self.listener.buildProtocol(None), StringTransport()
        protocol.makeConnection(transport)
        return protocol, transport

    def say(self, octets: bytes) -> list[bytes]:
        """What is answered, line by line."""
        self.transport.clear()
        self.protocol.dataReceived(octets)  # type: ignore[attr-defined]  # a dialogue
        answered: bytes = self.transport.value()
        return answered.splitlines()

    def codes(self, octets: bytes) -> list[bytes]:
        return [each[:3] for each in self.say(octets) if each[3:4] == b" "]


@pytest.fixture
def line() -> Line:
    return Line()


def test_a_letter_is_answered_once_it_is_kept(line: Line) -> None:
    assert line.codes(HELLO + FROM + TO + b"DATA\r\n") == [b"250", b"250", b"250", b"354"]
    assert line.say(WORDS) == []
    [(octets, envelope)] = line.intake.taken
    assert octets == b"Subject: a\r\n\r\n.dot\r\nwords\r\n"
    assert envelope == Envelope("wang@example.com", ("service@bank.example",))
    line.transport.clear()
    line.intake.answers[0].callback(None)
    assert line.transport.value().startswith(b"250 2.0.0")


@pytest.mark.parametrize(
    ("error", "code"), [(MailUnreadable("no"), b"554"), (OSError("database"), b"451")]
)
def test_a_failure_of_ours_is_not_for_good(line: Line, error: Exception, code: bytes) -> None:
    line.say(HELLO + FROM + TO + b"DATA\r\n" + WORDS)
    line.transport.clear()
    line.intake.answers[0].errback(error)
    assert line.transport.value()[:3] == code


def test_lmtp_answers_for_each_recipient_and_smtp_once() -> None:
    for lmtp, hello, answers in ((True, HELLO, 2), (False, b"EHLO mx\r\n", 1)):
        line = Line(lmtp=lmtp)
        line.intake.at_once = True
        other = b"RCPT TO:<complaints@bank.example>\r\n"
        line.say(hello + FROM + TO + other + b"DATA\r\n")
        assert line.codes(WORDS) == [b"250"] * answers
        assert len(line.intake.taken) == 1
        assert len(line.intake.taken[0][1].recipients) == 2


def test_what_is_said_ahead_waits_for_the_answer(line: Line) -> None:
    line.say(HELLO + FROM + TO + b"DATA\r\n")
    assert line.say(WORDS + FROM + TO + b"DATA\r\n" + WORDS + b"QUIT\r\n") == []
    line.intake.answers[0].callback(None)
    line.intake.answers[1].callback(None)
    codes = [each[:3] for each in line.transport.value().splitlines()]
    assert codes == [b"250", b"250", b"250", b"354", b"250", b"221"]


def test_a_null_return_path_is_heard(line: Line) -> None:
    line.say(HELLO + b"MAIL FROM:<> SIZE=100\r\n" + TO + b"DATA\r\n" + WORDS)
    assert line.intake.taken[0][1].mail_from == ""


def test_addresses_of_others_and_too_many_are_refused() -> None:
    line = Line(recipients=1)
    elsewhere = b"RCPT TO:<sales@elsewhere.example>\r\n"
    assert line.codes(HELLO + FROM + elsewhere + TO + TO)[2:] == [b"550", b"250", b"452"]


def test_a_letter_beyond_its_size_is_refused_and_the_next_is_taken() -> None:
    line = Line(size=100)
    line.intake.at_once = True
    assert line.codes(HELLO + b"MAIL FROM:<a@b.example> SIZE=101\r\n")[1:] == [b"552"]
    line.say(FROM + TO + b"DATA\r\n")
    long = b"x" * 60 + b"\r\n" + b"y" * 60 + b"\r\nz\r\n.\r\n"
    assert line.codes(long) == [b"552"]
    line.say(FROM + TO + TO + b"DATA\r\n")
    assert line.codes(long) == [b"552"] * 2
    assert line.intake.taken == []
    line.say(FROM + TO + b"DATA\r\n")
    assert line.codes(WORDS) == [b"250"]


def test_a_line_too_long_ends_the_connection(line: Line) -> None:
    line.say(HELLO + FROM + TO + b"DATA\r\n")
    assert line.codes(b"x" * 70_000 + b"\r\nMAIL FROM:<a@b.example>\r\n")[:1] == [b"500"]
    assert line.transport.disconnecting
    assert line.intake.taken == []
    command = Line()
    assert command.codes(b"NOOP " + b"x" * 3000 + b"\r\n") == [b"500"]


def test_silence_ends_the_connection_but_not_while_a_letter_is_kept(line: Line) -> None:
    line.say(HELLO + FROM + TO + b"DATA\r\n" + WORDS)
    line.clock.advance(1000)
    assert not line.transport.disconnecting
    line.intake.answers[0].callback(None)
    line.clock.advance(301)
    assert line.transport.disconnecting


def test_too_many_connections_are_asked_to_come_later() -> None:
    line = Line(connections=1)
    _, transport = line.connect()
    assert transport.value().startswith(b"421")
    assert transport.disconnecting
    line.protocol.connectionLost(Exception())  # type: ignore[attr-defined]  # a dialogue
    _, transport = line.connect()
    assert transport.value().startswith(b"220")


def test_a_mail_server_that_goes_away_leaves_nothing_behind(line: Line) -> None:
    line.say(HELLO + FROM + TO + b"DATA\r\n" + WORDS)
    line.protocol.connectionLost(Exception())  # type: ignore[attr-defined]  # a dialogue
    line.intake.answers[0].callback(None)
    assert line.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("lmtp", "hello", "code"),
    [
        (True, b"EHLO mx\r\n", b"500"),
        (False, b"LHLO mx\r\n", b"500"),
        (False, b"HELO m\r\n", b"250"),
    ],
)
def test_each_protocol_has_its_own_greeting(*, lmtp: bool, hello: bytes, code: bytes) -> None:
    assert Line(lmtp=lmtp).codes(hello) == [code]


SMUGGLED = (
    b"AUTH\r\n",
    b"STARTTLS\r\n",
    b"MAIL FROM:<\xff@x>\r\n",
    b"RCPT TO:<@@>\r\n",
    b"\xff\r\n",
)
PLAIN = (HELLO, FROM, TO, b"DATA\r\n", WORDS, b".\r\n", b"RSET\r\n", b"QUIT\r\n", b"NOOP\r\n")
WORD = st.sampled_from([*PLAIN, *SMUGGLED])


@given(st.lists(WORD | st.binary(max_size=30), max_size=20), st.integers(1, 40))
def test_whatever_is_said_nothing_is_raised_and_nothing_kept_unasked(
    words: list[bytes], cut: int
) -> None:
    line = Line()
    line.intake.at_once = True
    said = b"".join(words)
    for at in range(0, len(said), cut):
        line.say(said[at : at + cut])
    for _, envelope in line.intake.taken:
        assert envelope.recipients == ("service@bank.example",) * len(envelope.recipients)
        assert envelope.recipients
