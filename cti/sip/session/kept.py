"""A confirmed session as plain values, so that another process can take it up (RFC 3261, 12).

What is kept is what both sides agreed on and nothing secret: no password, which the configuration
has, and no SRTP key (RFC 4568) nor ICE password, which only the media worker needs and still has.
Descriptions are kept without them, for three uses:

- the next description of ours carries on the ``o=`` line, `VERSION_GAP` higher: to describe
  something else in a version that was used since (RFC 3264, 8) would go unnoticed;
- DTLS keeps the roles of its handshake (RFC 8842, 5.3);
- a session timer (RFC 4028) that can only be refreshed by re-INVITE repeats the last description.
  Where keys were taken out of it, it cannot be repeated, since without them it would change the
  call: then the far side is asked by OPTIONS whether it is there, unless whoever resumes the
  session hands the whole description in. UPDATE, which telephones with session timers know,
  refreshes without a description anyway.

A snapshot may be older than the last request of ours: CSeq numbers go on `SEQUENCE_GAP` higher,
which the far side must accept (12.2.2), so that nothing need be written per request. Requests,
offers and REFERs under way are not kept: whoever waits for their answers hears 481 or nothing.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cti.sip.errors import DescriptionError
from cti.sip.events import SessionId
from cti.sip.sdp import SessionDescription
from cti.sip.session.capabilities import Capabilities
from cti.sip.session.conversation import InviteUsage, Phase
from cti.sip.session.dialog import Dialog
from cti.sip.session.exchange import Exchange
from cti.sip.session.session_timer import Agreed

if TYPE_CHECKING:
    from cti.sip.session.session import Session

SEQUENCE_GAP = 1000
"""More requests than a session sends between two snapshots."""
VERSION_GAP = 100
"""More descriptions than a session makes between two snapshots."""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """An answered session with nothing under way; `cti.kernel.plain` writes it down."""

    id: SessionId
    tag: str
    """Ours."""
    dialog: Dialog
    sequence: int
    """Our last CSeq number."""
    began: bool
    """Whether we sent the first INVITE."""
    peer: Capabilities
    agreed: Agreed | None
    """The session timer."""
    local: str
    """What we described last, without keys; empty when nothing was agreed on."""
    remote: str
    keyed: bool
    """Whether a description had keys."""
    user: str = ""
    """Who answers challenges of the far side; the secret is not kept."""

    @property
    def described(self) -> SessionDescription | None:
        """What we described last, without keys: `previous` of what we describe next."""
        last = _read(self.local)
        if last is None:
            return None
        return replace(last, origin=replace(last.origin, version=last.origin.version + VERSION_GAP))


def keep(session: "Session") -> KeptSession | None:
    """The session as it stands; None unless it is answered and nothing of it is under way.

    None says nothing against what was kept of it before.
    """
    usage = session.usage
    if usage is None or session.phase is not Phase.ESTABLISHED:
        return None
    if session.client is not None or session.server is not None or not usage.exchange.idle:
        return None
    written = usage.exchange.written
    return KeptSession(
        id=session.id,
        tag=session.tag,
        dialog=usage.dialog,
        sequence=session.conversation.sequence,
        began=session.conversation.began,
        peer=usage.peer,
        agreed=session.refresh.current,
        local=written.local,
        remote=written.remote,
        keyed=written.keyed or not usage.exchange.repeatable,
        user=session.conversation.credentials[0],
    )


def resume(
    session: "Session", kept: KeptSession, secret: str, described: SessionDescription | None
) -> None:
    """Have a session that was just made go on as the kept one."""
    conversation = session.conversation
    conversation.usage = InviteUsage(
        _without_connection(kept.dialog), _exchange(kept, described), kept.peer, settled=True
    )
    conversation.began = kept.began
    conversation.sequence = kept.sequence + SEQUENCE_GAP
    conversation.credentials = (kept.user, secret)
    session.phase = Phase.ESTABLISHED
    session.refresh.resume(kept.agreed)


def _exchange(kept: KeptSession, described: SessionDescription | None) -> Exchange:
    whole = described is not None or not kept.keyed
    return Exchange.resumed(described or _read(kept.local), _read(kept.remote), repeatable=whole)


def _without_connection(dialog: Dialog) -> Dialog:
    """The dialog without the connection that led to the far side, which is gone.

    Its name may even be that of another by now. Who can be connected to is (RFC 3261, 18.1.1); a
    browser, or who is behind a translator, cannot be until a request of theirs in the dialog comes
    over their new connection (`Dialog.heard_from`). Before that, requests to them fail as
    undeliverable: a BYE of ours then ends the session here alone. Their new registration moves no
    dialog: nothing in it proves that the telephone is the one in the call.
    """
    return dialog.without_flow()


def _read(text: str) -> SessionDescription | None:
    try:
        return SessionDescription.parse(text.encode()) if text else None
    except DescriptionError:
        return None
