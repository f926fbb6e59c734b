"""What the far side may ask inside a dialog, and who of the session's parts sees to it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from cti.sip.errors import RequestError
from cti.sip.events import SessionKey
from cti.sip.message import InboundRequest
from cti.sip.session.bodies import key_body, key_of
from cti.sip.session.capabilities import ACCEPT, ALLOW, SUPPORTED
from cti.sip.session.conversation import Answered, InviteUsage, Phase

if TYPE_CHECKING:
    from cti.sip.session.session import Session

_EARLY = ("BYE", "PRACK", "UPDATE", "OPTIONS")
"""What may come before the call is answered."""


class Inside:
    """Requests inside the dialogs of one session (RFC 3261, 12.2.2); a view of it."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._core = session.conversation.core

    def received(self, key: str, request: InboundRequest) -> None:
        """A request came; RequestError says what to answer."""
        usage = self._session.usage_of(request.from_tag)
        if usage is None:
            raise RequestError("no such dialog", 481)
        if request.cseq.sequence <= usage.dialog.remote_sequence:
            raise RequestError("CSeq out of order", 500)
        dialog = replace(usage.dialog, remote_sequence=request.cseq.sequence)
        usage.dialog = dialog.heard_from(request.source)
        if request.method == "BYE" and self._session.usage is usage:
            self._session.bye_received(key, request)
        elif self._session.phase.over:
            raise RequestError("the session is over", 481)
        elif self._session.phase is not Phase.ESTABLISHED and request.method not in _EARLY:
            raise RequestError("not before the call is answered", 403)
        else:
            self._route(key, request, usage)

    def send_key(self, key: str) -> None:
        """Press a key by INFO."""
        self._session.request("INFO", _nothing, body=key_body(key))

    def _route(self, key: str, request: InboundRequest, usage: InviteUsage) -> None:
        session = self._session
        match request.method:
            case "INVITE":
                session.offering.reinvited(key, request, usage)
            case "UPDATE":
                session.offering.updated(key, request, usage)
            case "PRACK":
                session.offering.pracked(key, request, usage)
            case "INFO":
                self._informed(key, request)
            case "OPTIONS":
                self._core.respond(key, request, 200, headers=(ALLOW, ACCEPT, SUPPORTED))
            case "REFER":
                session.references.received(key, request)
            case "NOTIFY":
                session.references.notified(key, request)
            case _:
                raise RequestError("not inside a dialog", 403)

    def _informed(self, key: str, request: InboundRequest) -> None:
        pressed = key_of(request.message)
        self._core.respond(key, request, 200)
        if pressed is not None:
            self._core.report(SessionKey(self._session.id, pressed))


def _nothing(answered: Answered) -> None:
    """A key that was refused is not pressed again."""
    del answered
