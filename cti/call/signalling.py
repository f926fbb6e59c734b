"""What call control asks of signalling; `cti.transport` does it."""

from collections.abc import Sequence
from typing import Protocol

from cti.sip.access.registrar import Binding
from cti.sip.events import Endpoint, Invitation, SessionId
from cti.sip.sdp import SessionDescription


class Signalling(Protocol):
    """Commands on SIP sessions. A command on a session that has ended does nothing."""

    def invite(self, invitation: Invitation) -> SessionId: ...

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> None:
        """Answer 1xx; with early media where described, reliably where the far side can."""

    def accept(self, session: SessionId, description: SessionDescription) -> None: ...

    def reject(
        self, session: SessionId, status: int, headers: tuple[tuple[str, str], ...] = ()
    ) -> None: ...

    def answer(self, session: SessionId, description: SessionDescription) -> None:
        """Answer the offer of a 2xx or reliable 1xx to our INVITE that made none (`offered`)."""

    def reinvite(self, session: SessionId, offer: SessionDescription | None) -> None:
        """Offer other media; None asks the far side to offer. The last one wins.

        Before the call is answered it goes by UPDATE where the far side can, else it waits.
        """

    def end(self, session: SessionId, reason: str = "") -> None:
        """CANCEL, BYE or refuse, whatever the session's state asks for."""

    def send_key(self, session: SessionId, key: str) -> None:
        """Press a key by INFO, where media cannot carry it."""

    def refer(
        self,
        session: SessionId,
        target: str,
        *,
        replaces: SessionId | None = None,
        referred_by: str = "",
    ) -> None:
        """Ask the far side to call `target` (RFC 3515); `replaces` makes it an attended transfer.

        `replaces` names the session of ours with `target` that the far side shall take over.
        `SessionReferProgressed` follows; the session goes on until somebody ends it.
        """

    def answer_refer(self, session: SessionId, refer: str, status: int) -> None:
        """202 takes a REFER of theirs on, 400 and above refuses it."""

    def notify_refer(self, session: SessionId, refer: str, status: int) -> None:
        """Tell how the call goes that they asked for; a final status ends the subscription."""

    def probe(self, key: str, uri: str) -> None:
        """OPTIONS; `ProbeAnswered` follows, once."""

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> None:
        """Register with somebody else's registrar, a SIP URI, and stay so."""

    def unregister(self, address_of_record: str) -> None: ...

    def reachable(self, uri: str) -> Endpoint | None:
        """Where the URI leads if that can be said without asking a name server."""

    def contacts(self, account: str) -> Sequence[Binding]:
        """Where the account registered, the newest first."""
