"""A mail server that takes every letter and keeps it, in a thread of the test's process."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from typing import Any, cast


class _Dialogue(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(ConnectionError):  # whoever leaves without a word has left
            self._talk()

    def _talk(self) -> None:
        self._say("220 mail.example ready")
        recipients: list[str] = []
        while line := self.rfile.readline():
            command = line.decode("ascii").strip()
            match command[:4].upper():
                case "EHLO" | "HELO":
                    self._say("250 mail.example")
                case "RCPT":
                    recipients.append(command.partition("<")[2].partition(">")[0])
                    self._say("250 OK")
                case "DATA":
                    self._say("354 go on")
                    taken = len(self._taken)
                    self._taken.append((tuple(recipients), self._letter()))
                    self._say(f"250 taken as {taken}")
                case "QUIT":
                    self._say("221 bye")
                    return
                case "RSET":
                    recipients = []
                    self._say("250 OK")
                case _:
                    self._say("250 OK")

    @property
    def _taken(self) -> list[tuple[tuple[str, ...], bytes]]:
        return cast(Any, self.server).taken  # type: ignore[no-any-return]

    def _letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@dataclass
class MailTaker:
    """Where it is, and what it took."""

    port: int
    taken: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)

    def letters(self, to: str) -> list[EmailMessage]:
        """What was sent to that address, the oldest first."""
        return [
            message_from_bytes(octets, policy=policy.default)
            for recipients, octets in list(self.taken)
            if to in recipients
        ]


@contextmanager
def mail_taker() -> Iterator[MailTaker]:
    """A mail server on a port of its own."""
    with _Server(("127.0.0.1", 0), _Dialogue) as server:
        taker = MailTaker(server.server_address[1])
        cast(Any, server).taken = taker.taken
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield taker
        finally:
            server.shutdown()
            thread.join()
