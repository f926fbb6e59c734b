"""Every session of a user agent, found by its name, its dialog, or the INVITE that began it."""

from collections.abc import Iterator

from cti.kernel.errors import LocalError, Refused
from cti.sip.core import Core
from cti.sip.errors import RequestError
from cti.sip.events import SessionId
from cti.sip.message import InboundRequest, InboundResponse, all_values
from cti.sip.sdp import SessionDescription
from cti.sip.session.conversation import Phase
from cti.sip.session.kept import KeptSession, resume
from cti.sip.session.replaces import Replaces
from cti.sip.session.session import Session

Origin = tuple[str, str, int]
"""Call-ID, From tag and CSeq number of a first INVITE: what it has in common with its CANCEL,
and with itself when it took two ways (RFC 3261, 8.2.2.2)."""


class SessionTable:
    """Keeps each session until nothing of it is under way; implements `ending.Sessions`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._by_id: dict[SessionId, Session] = {}
        self._by_dialog: dict[tuple[str, str], Session] = {}
        self._by_origin: dict[Origin, Session] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_id.values()))

    def add(self, call_id: str, tag: str) -> Session:
        """A new session whose dialog has that Call-ID and, on our side, that tag."""
        session = Session(self._core, SessionId(self._core.entropy(8)), call_id, tag, self)
        self._by_id[session.id] = self._by_dialog[call_id, tag] = session
        return session

    def resume(
        self, kept: KeptSession, secret: str, described: SessionDescription | None
    ) -> Session:
        """A session that another process kept, under its name; LocalError when it is here."""
        dialog = kept.dialog.call_id, kept.tag
        if kept.id in self._by_id or dialog in self._by_dialog:
            raise LocalError(f"session {kept.id} is here already")
        session = Session(self._core, kept.id, kept.dialog.call_id, kept.tag, self)
        self._by_id[kept.id] = self._by_dialog[dialog] = session
        resume(session, kept, secret, described)
        return session

    def began(self, session: Session, invite: InboundRequest) -> None:
        """That INVITE of theirs began the session."""
        session.origin = _origin(invite)
        self._by_origin[session.origin] = session

    def get(self, session: SessionId) -> Session | None:
        """The session of that name."""
        return self._by_id.get(session)

    def within(self, request: InboundRequest) -> Session | None:
        """The session in whose dialog a request of theirs is."""
        return self._by_dialog.get((request.call_id, request.to_tag))

    def asked_by(self, response: InboundResponse) -> Session | None:
        """The session whose request somebody answers."""
        return self._by_dialog.get((response.call_id, response.from_tag))

    def begun_by(self, request: InboundRequest) -> Session | None:
        """The session which that INVITE, or the one that this CANCEL is about, began."""
        return self._by_origin.get(_origin(request))

    def flow_lost(self, flow: str) -> None:
        """That connection is gone: dialogs look for another."""
        for session in self._by_id.values():
            usage = session.usage
            if usage is not None and flow and usage.dialog.destination.flow == flow:
                usage.dialog = usage.dialog.without_flow()

    # --- one in the place of another (RFC 3891) -----------------------------------------------

    def replaced_by(self, invite: InboundRequest) -> SessionId | None:
        """The session an INVITE shall take the place of (RFC 3891, 3); RequestError."""
        values = all_values(invite.message.headers, "Replaces")
        if not values:
            return None
        if len(values) > 1:
            raise RequestError("one dialog can be replaced", 400)
        replaces = Replaces.parse(values[0])
        session = self._named(replaces)
        if session is None:
            raise RequestError("no such dialog", 481)
        if session.phase.over:
            raise RequestError("the dialog is over", 603)
        if session.phase is Phase.OFFERED:
            raise RequestError("an early dialog that is not ours", 481)
        if session.phase is Phase.ESTABLISHED and replaces.early_only:
            raise RequestError("the dialog is answered already", 486)
        return session.id

    def far_side_of(self, session: SessionId) -> Replaces:
        """The session's dialog as its far side names it; Refused when there is none any more."""
        found = self._by_id.get(session)
        if found is None or found.dialog is None or found.phase.over:
            raise Refused("call.replaced_over", session=session)
        return Replaces(found.call_id, found.dialog.remote_tag, found.tag)

    def _named(self, replaces: Replaces) -> Session | None:
        session = self._by_dialog.get((replaces.call_id, replaces.to_tag))
        return session if session is not None and session.knows(replaces.from_tag) else None

    # --- Sessions -----------------------------------------------------------------------------

    def find(self, replaces: Replaces) -> SessionId | None:
        """The session of ours a Replaces value names, if it is answered and not over."""
        session = self._named(replaces)
        return session.id if session is not None and session.phase is Phase.ESTABLISHED else None

    def forget(self, session: Session) -> None:
        """The session is over, and nothing of it is under way."""
        self._by_id.pop(session.id, None)
        self._by_dialog.pop((session.call_id, session.tag), None)
        if session.origin is not None:
            self._by_origin.pop(session.origin, None)


def _origin(request: InboundRequest) -> Origin:
    return request.call_id, request.from_tag, request.cseq.sequence
