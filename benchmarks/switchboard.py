"""Many telephones behind one address: who is called there answers, whatever the number.

Agents of a floor register here with one contact each; a line outside leads here as it is.
"""

import socket
from collections.abc import Callable
from itertools import count

from benchmarks import sip, wire
from benchmarks.phones import Call, Exchange, request
from benchmarks.sip import Message


class Switchboard:
    """Answers every call at once; `on_offer` and `on_end` are told whose it is."""

    def __init__(
        self, exchange: Exchange, server: wire.Address, sound: socket.socket, port: int = 0
    ) -> None:
        self.on_offer: Callable[[str, Call], object] = lambda _user, _call: None
        self.on_end: Callable[[str, Call], object] = lambda _user, _call: None
        self.calls: dict[str, tuple[str, Call]] = {}
        self.registered: set[str] = set()
        self._exchange, self._server = exchange, server
        self._body = sip.describe(sound.getsockname()[1])
        self._secrets: dict[str, str] = {}
        self._names = count()
        self._sock = wire.timed_socket(port)
        self.port = self._sock.getsockname()[1]
        exchange.add(self._sock, self._take)

    def close(self) -> None:
        """Give the socket back."""
        self._exchange.remove(self._sock)
        self._sock.close()

    def register(self, user: str, secret: str) -> None:
        """Let the server reach that user here; `registered` tells when it is done."""
        self._secrets[user] = secret
        self._send_register(user, 1, [])

    def hang_up(self, call: Call) -> int:
        """End the call; when BYE was on the wire."""
        user, _ = self.calls.pop(call.call_id)
        return self._request("BYE", call, 1, user)

    # --- what the network does ----------------------------------------------------------------

    def _take(self, data: bytes, at: int) -> None:
        message = sip.read(data)
        if message is None:
            return
        if message.status:
            if message.method == "REGISTER":
                self._registering(message)
        elif message.method == "INVITE":
            self._offered(message, at)
        elif message.method != "ACK":
            self._sock.sendto(
                sip.response(message, "200 OK", "x", self._contact("x")), self._server
            )
            if message.method == "BYE" and message.one("call-id") in self.calls:
                self.on_end(*self.calls.pop(message.one("call-id")))

    def _offered(self, message: Message, at: int) -> None:
        call_id = message.one("call-id")
        if call_id in self.calls:
            return  # sent again: the answer is under way
        user = message.start.split()[1].partition(":")[2].partition("@")[0]
        tag = f"{user}-{next(self._names)}"
        local = f"{message.one('to')};tag={tag}"
        call = Call(local, message.one("from"), call_id, message.contact)
        call.offered, call.media = at, message.media
        self.calls[call_id] = user, call
        answer = sip.response(message, "200 OK", tag, self._contact(user), self._body)
        self._sock.sendto(answer, self._server)
        self.on_offer(user, call)

    def _registering(self, message: Message) -> None:
        user = message.one("call-id").partition("-")[2]
        if message.status == 200:
            self.registered.add(user)
        elif message.status == 401 and message.one("cseq").startswith("1 "):
            challenge = next(c for c in message.headers["www-authenticate"] if "SHA-256" in c)
            uri, secret = f"sip:{self._server[0]}", self._secrets[user]
            proof = sip.authorization(challenge, "REGISTER", uri, user, secret)
            self._send_register(user, 2, [("Authorization", proof)])

    # --- inside -------------------------------------------------------------------------------

    def _contact(self, user: str) -> str:
        return f"<sip:{user}@127.0.0.1:{self.port}>"

    def _send_register(self, user: str, sequence: int, extra: list[tuple[str, str]]) -> None:
        host = self._server[0]
        me = f"<sip:{user}@{host}>"
        call = Call(f"{me};tag=r", me, f"register-{user}", f"sip:{host}")
        self._request("REGISTER", call, sequence, user, [("Expires", "3600"), *extra])

    def _request(
        self,
        method: str,
        call: Call,
        sequence: int,
        user: str,
        extra: list[tuple[str, str]] | None = None,
    ) -> int:
        via = f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-{user}-{next(self._names)}"
        at = wire.now()
        message = request(method, call, sequence, via, self._contact(user), extra)
        self._sock.sendto(message, self._server)
        return at
