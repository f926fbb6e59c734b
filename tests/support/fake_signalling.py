"""Signalling without SIP: what was asked for is kept, what the far side does is said by a test."""

from itertools import count

from sipmessage import Request

from cti.sip.events import Endpoint, Invitation, SessionId, SessionOffered
from cti.sip.registrar import Binding
from cti.sip.sdp import SessionDescription, offer

TRUNK = Endpoint("192.0.2.1", 5060)


class FakeSignalling:
    """Implements `cti.call.signalling.Signalling`."""

    def __init__(self) -> None:
        self._names = count(1)
        self.invited: dict[SessionId, Invitation] = {}
        self.accepted: dict[SessionId, SessionDescription] = {}
        self.rejected: dict[SessionId, int] = {}
        self.ended: dict[SessionId, str] = {}
        self.contacts_of: dict[str, list[Binding]] = {}

    def offered(self, calling: str, called: str, *, late: bool = False) -> SessionOffered:
        """The report of an INVITE from the trunk."""
        lines = (
            f"INVITE sip:{called}@192.0.2.9 SIP/2.0",
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
            f"From: <sip:{calling}@192.0.2.1>;tag=1",
            f"To: <sip:{called}@192.0.2.9>",
            "Call-ID: 1@192.0.2.1",
            "CSeq: 1 INVITE",
        )
        request = Request.parse("\r\n".join([*lines, "", ""]).encode())
        assert isinstance(request, Request)
        description = None if late else offer("192.0.2.1", 30000)
        return SessionOffered(self._name(), request, TRUNK, description, trunk="carrier")

    def invite(self, invitation: Invitation) -> SessionId:
        session = self._name()
        self.invited[session] = invitation
        return session

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> None: ...

    def accept(self, session: SessionId, description: SessionDescription) -> None:
        self.accepted[session] = description

    def reject(
        self, session: SessionId, status: int, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        del headers
        self.rejected[session] = status

    def reinvite(self, session: SessionId, offer: SessionDescription) -> None: ...

    def end(self, session: SessionId, reason: str = "") -> None:
        self.ended[session] = reason

    def contacts(self, account: str) -> list[Binding]:
        return self.contacts_of.get(account, [])

    def _name(self) -> SessionId:
        return SessionId(f"session-{next(self._names)}")
