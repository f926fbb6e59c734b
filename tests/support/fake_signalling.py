"""Signalling without SIP: what was asked for is kept, what the far side does is said by a test.

Like the user agent it reports the end of every session once, its own doing included, and reports
nothing of a session that is over.
"""

from collections.abc import Callable
from itertools import count

from sipmessage import Request

from cti.sip.access.registrar import Binding
from cti.sip.events import (
    Ended,
    Endpoint,
    Invitation,
    Report,
    SessionEnded,
    SessionId,
    SessionOffered,
)
from cti.sip.sdp import SessionDescription, offer
from cti.sip.session.capabilities import Capabilities
from cti.sip.session.dialog import Dialog
from cti.sip.session.kept import KeptSession

TRUNK = Endpoint("192.0.2.1", 5060)


def kept_session(session: SessionId) -> KeptSession:
    """What is kept of a session whose far side is the trunk."""
    dialog = Dialog(
        call_id=f"{session}@192.0.2.1",
        local="<sip:hotline@192.0.2.9>;tag=ours",
        remote="<sip:caller@192.0.2.1>;tag=theirs",
        remote_tag="theirs",
        target="sip:caller@192.0.2.1",
        routes=(),
        destination=TRUNK,
        remote_sequence=1,
    )
    described = offer("192.0.2.9", 40000)
    return KeptSession(
        id=session,
        tag="ours",
        dialog=dialog,
        sequence=1,
        began=False,
        peer=Capabilities(),
        agreed=None,
        local=str(described),
        remote=str(offer("192.0.2.1", 30000)),
        keyed=False,
    )


class FakeSignalling:
    """Implements `cti.call.signalling.Signalling`; `on_report` is told what a far side does."""

    def __init__(self) -> None:
        self._names = count(1)
        self.on_report: Callable[[Report], object] = lambda _: None
        self.live: set[SessionId] = set()
        self.offers: dict[SessionId, SessionOffered] = {}
        self.invited: dict[SessionId, Invitation] = {}
        self.accepted: dict[SessionId, SessionDescription] = {}
        self.rejected: dict[SessionId, int] = {}
        self.ended: dict[SessionId, str] = {}
        self.rung: dict[SessionId, list[tuple[int, SessionDescription | None]]] = {}
        self.headers: dict[SessionId, tuple[tuple[str, str], ...]] = {}
        """Of refusals."""
        self.asked_to_call: dict[SessionId, str] = {}
        self.refer_answers: dict[str, int] = {}
        self.notified: dict[str, list[int]] = {}
        self.resumed: dict[SessionId, tuple[KeptSession, str, SessionDescription | None]] = {}
        self.contacts_of: dict[str, list[Binding]] = {}

    def offered(
        self,
        calling: str,
        called: str,
        *,
        late: bool = False,
        account: str | None = None,
        replaces: SessionId | None = None,
        max_forwards: int = 70,
    ) -> SessionOffered:
        """The report of an INVITE from the trunk, or from a telephone of the house."""
        lines = (
            f"INVITE sip:{called}@192.0.2.9 SIP/2.0",
            "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
            f"From: <sip:{calling}@192.0.2.1>;tag=1",
            f"To: <sip:{called}@192.0.2.9>",
            "Call-ID: 1@192.0.2.1",
            "CSeq: 1 INVITE",
            f"Max-Forwards: {max_forwards}",
        )
        request = Request.parse("\r\n".join([*lines, "", ""]).encode())
        assert isinstance(request, Request)
        description = None if late else offer("192.0.2.1", 30000)
        report = SessionOffered(
            self._name(),
            request,
            TRUNK,
            description,
            trunk=None if account else "carrier",
            account=account,
            replaces=replaces,
        )
        self.offers[report.session] = report
        return report

    def invite(self, invitation: Invitation) -> SessionId:
        session = self._name()
        self.invited[session] = invitation
        return session

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> None:
        if session in self.live:
            self.rung.setdefault(session, []).append((status, description))

    def accept(self, session: SessionId, description: SessionDescription) -> None:
        if session in self.live:
            self.accepted[session] = description

    def reject(
        self, session: SessionId, status: int, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        if session not in self.live:
            return
        self.rejected[session], self.headers[session] = status, headers
        if session not in self.accepted:
            self.over(session, Ended.LOCAL)

    def reinvite(self, session: SessionId, offer: SessionDescription | None) -> None: ...

    def refer(
        self,
        session: SessionId,
        target: str,
        *,
        replaces: SessionId | None = None,
        referred_by: str = "",
    ) -> None:
        del replaces, referred_by
        if session in self.live:
            self.asked_to_call[session] = target

    def answer_refer(self, session: SessionId, refer: str, status: int) -> None:
        del session
        self.refer_answers[refer] = status

    def notify_refer(self, session: SessionId, refer: str, status: int) -> None:
        assert session in self.live
        self.notified.setdefault(refer, []).append(status)

    def end(self, session: SessionId, reason: str = "") -> None:
        if session in self.live:
            self.ended[session] = reason
            self.over(session, Ended.LOCAL)

    def keep(self, session: SessionId) -> KeptSession | None:
        return kept_session(session) if session in self.live else None

    def resume(
        self,
        kept: KeptSession,
        *,
        secret: str = "",
        described: SessionDescription | None = None,
    ) -> None:
        assert kept.id not in self.live
        self.live.add(kept.id)
        self.resumed[kept.id] = (kept, secret, described)

    def die(self) -> None:
        """The process is killed: nobody here knows of a session any more."""
        self.live.clear()

    def contacts(self, account: str) -> list[Binding]:
        return self.contacts_of.get(account, [])

    # --- what the far side does -------------------------------------------------------------

    def over(
        self,
        session: SessionId,
        why: Ended,
        status: int = 0,
        *,
        reason: str = "",
        contacts: tuple[str, ...] = (),
        silent: bool = False,
    ) -> None:
        """The session ends, and is reported to."""
        self.live.remove(session)
        self.on_report(SessionEnded(session, why, status, reason, contacts, silent))

    def _name(self) -> SessionId:
        name = SessionId(f"session-{next(self._names)}")
        self.live.add(name)
        return name
