"""What call control asks of signalling; `cti.transport` does it."""

from collections.abc import Sequence
from typing import Protocol

from cti.sip.access.registrar import Binding
from cti.sip.events import Invitation, SessionId
from cti.sip.sdp import SessionDescription
from cti.sip.session.kept import KeptSession


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

    def reinvite(self, session: SessionId, offer: SessionDescription | None) -> None:
        """Offer other media; None asks the far side to offer. The last one wins.

        Before the call is answered it goes by UPDATE where the far side can, else it waits.
        """

    def end(self, session: SessionId, reason: str = "") -> None:
        """CANCEL, BYE or refuse, whatever the session's state asks for."""

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

    def keep(self, session: SessionId) -> KeptSession | None:
        """What another process needs to take the session up, and nothing secret.

        None unless it is answered and nothing of it is under way: what was kept before then holds
        still. `SessionChanged` tells when there is something new to keep.
        """

    def resume(
        self,
        kept: KeptSession,
        *,
        secret: str = "",
        described: SessionDescription | None = None,
    ) -> None:
        """Take a kept session up under its name; LocalError when it is here.

        `secret` is what answers challenges for `kept.user`, a trunk's name with a carrier;
        `described` what we described last, where its keys are still known.
        """

    def contacts(self, account: str) -> Sequence[Binding]:
        """Where the account registered, the newest first."""
