"""What call control asks of signalling; `cti.transport.udp.SipEndpoint` does it."""

from collections.abc import Sequence
from typing import Protocol

from cti.sip.events import Invitation, SessionId
from cti.sip.registrar import Binding
from cti.sip.sdp import SessionDescription


class Signalling(Protocol):
    """Commands on SIP sessions. A command on a session that has ended does nothing."""

    def invite(self, invitation: Invitation) -> SessionId: ...

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> None: ...

    def accept(self, session: SessionId, description: SessionDescription) -> None: ...

    def reject(
        self, session: SessionId, status: int, headers: tuple[tuple[str, str], ...] = ()
    ) -> None: ...

    def reinvite(self, session: SessionId, offer: SessionDescription) -> None: ...

    def end(self, session: SessionId, reason: str = "") -> None:
        """CANCEL, BYE or refuse, whatever the session's state asks for."""

    def contacts(self, account: str) -> Sequence[Binding]:
        """Where the account registered, the newest first."""
