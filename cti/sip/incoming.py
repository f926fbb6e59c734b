"""Their requests: each led to the session or the service it is for, or refused (RFC 3261, 8.2).

Whatever a request asks for it gets one answer, and a mistake of ours in carrying it out is
answered 500 and told, once what it concerned is ended.
"""

from cti.sip.access.bans import Offence
from cti.sip.access.gatekeeper import Gatekeeper
from cti.sip.access.location import Location
from cti.sip.access.registrar import REGISTRAR_EXTENSIONS
from cti.sip.core import Core
from cti.sip.errors import MessageError, RequestError
from cti.sip.events import Endpoint, MalformedReceived, RequestFailed, SessionOffered
from cti.sip.message import InboundRequest
from cti.sip.outgoing import refusal_of
from cti.sip.session.bodies import offer_of
from cti.sip.session.capabilities import (
    ACCEPT,
    ALLOW,
    METHODS,
    OPTION_TAGS,
    SUPPORTED,
    check_required,
)
from cti.sip.session.session_table import SessionTable
from cti.sip.transaction.layer import AckArrived, Indication, RequestArrived

_CAPABILITIES = (ALLOW, ACCEPT, ("Accept-Encoding", "identity"), SUPPORTED)


class Incoming:
    """Routes what the transaction layer indicates."""

    def __init__(
        self, core: Core, gatekeeper: Gatekeeper, sessions: SessionTable, location: Location
    ) -> None:
        self._core, self._gatekeeper = core, gatekeeper
        self._sessions, self._location = sessions, location

    def malformed(self, error: MessageError, source: Endpoint) -> None:
        """Answer without a transaction what was read far enough to be answered."""
        core = self._core
        core.report(MalformedReceived(source, error.why))
        self._gatekeeper.offended(source, Offence.MALFORMED, core.now)
        if error.status and error.message is not None and core.door.complains(core.now):
            response = refusal_of(error.message, source, error.status, core.tag())
            core.send(response.data, source)

    def indicated(self, indication: Indication) -> None:
        """A request came, for the first time, or an ACK to a 2xx."""
        match indication:
            case RequestArrived(key, request):
                try:
                    self._route(key, request)
                except RequestError as error:
                    self._refuse(key, request, error)
                except Exception as error:  # noqa: BLE001  (our bug: answered, told, logged there)
                    self._failed(key, request, error)
            case AckArrived(request):
                if session := self._sessions.within(request):
                    self._core.door.proved(request.source.host, request.source.port)
                    session.ack_received(request)

    def _refuse(self, key: str, request: InboundRequest, error: RequestError) -> None:
        if self._sessions.within(request):
            self._core.respond(key, request, error.status, headers=error.headers)
        else:
            self._core.answer_once(key, request, error.status, error.headers)

    def _failed(self, key: str, request: InboundRequest, error: Exception) -> None:
        """A mistake of ours: nobody is left waiting, and what it concerned comes to its end."""
        self._core.respond(key, request, 500)
        if session := self._sessions.within(request) or self._sessions.begun_by(request):
            session.end("")
        self._core.report(RequestFailed(error))

    def _route(self, key: str, request: InboundRequest) -> None:
        if request.method not in METHODS:
            raise RequestError("method", 405, (ALLOW,))
        if request.method == "CANCEL":
            self._cancel(key, request)
            return
        registers = request.method == "REGISTER"
        check_required(request, REGISTRAR_EXTENSIONS if registers else OPTION_TAGS)
        if request.to_tag:
            self._inside(key, request)
        else:
            self._outside(key, request)

    def _inside(self, key: str, request: InboundRequest) -> None:
        """A request in a dialog (12.2.2)."""
        session = self._sessions.within(request)
        if session is None:
            raise RequestError("no such dialog", 481)
        session.request_received(key, request)

    def _outside(self, key: str, request: InboundRequest) -> None:
        """A request that begins something, or asks who we are."""
        if request.method not in ("INVITE", "REGISTER"):
            self._gatekeeper.offended(request.source, Offence.UNINVITED, self._core.now)
        match request.method:
            case "INVITE":
                self._invited(key, request)
            case "REGISTER":
                self._location.register(key, request)
            case "OPTIONS":
                self._core.answer_once(key, request, 200, _CAPABILITIES)
            case "REFER":
                raise RequestError("calls are made on behalf of who is in one", 403)
            case _:
                raise RequestError("no such dialog", 481)

    def _invited(self, key: str, request: InboundRequest) -> None:
        sessions = self._sessions
        if sessions.begun_by(request) is not None:
            raise RequestError("the same INVITE came by another way", 482)
        caller = self._gatekeeper.caller(request, self._core.now)
        self._check_load(request)
        if request.max_forwards == 0:
            raise RequestError("too many hops to be passed on", 483)
        offer = offer_of(request.message, self._core.settings.codecs)
        replaces = sessions.replaced_by(request)
        session = sessions.add(request.call_id, self._core.tag())
        try:
            session.offered(key, request, offer)
        except Exception:
            sessions.forget(session)
            raise
        sessions.began(session, request)
        trunk, account = caller.trunk, caller.account
        self._core.report(
            SessionOffered(
                session.id, request.message, request.source, offer, trunk, account, replaces
            )
        )

    def _check_load(self, request: InboundRequest) -> None:
        """Refuse a new call while none can be taken; RequestError 503.

        What takes the place of a session is no new call; one for help is always taken.
        """
        core = self._core
        if request.message.headers.get("Replaces") or not core.antechamber.hindered():
            return
        if not core.antechamber.urgent(request.message.uri.user or ""):
            raise RequestError("too much to do", 503, (core.retry_after(),))

    def _cancel(self, key: str, request: InboundRequest) -> None:
        """RFC 3261, 9.2: 200 when there is such an INVITE, with its tag, whatever becomes of it."""
        invite = self._core.layer.invite_cancelled_by(request)
        if invite is None:
            raise RequestError("nothing to cancel", 481)
        session = self._sessions.within(request) or self._sessions.begun_by(request)
        self._core.respond(key, request, 200, tag=session.tag if session else None)
        if session is not None:
            session.cancel_received(invite, request)
