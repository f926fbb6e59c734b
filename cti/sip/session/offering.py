"""Offers after the first, ours and theirs, by re-INVITE, UPDATE and PRACK (RFC 3261, 14; 3311).

An offer of ours waits until nothing hinders it, and only the last one given goes out: as an UPDATE
before the call is answered, where the far side can, else as a re-INVITE. Refreshes of the session
timer (RFC 4028) go the same ways and change nothing.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cti.sip.core import SessionTimer
from cti.sip.errors import Header, RequestError
from cti.sip.events import SessionAnswered, SessionReoffered, SessionReofferRefused
from cti.sip.message import InboundRequest
from cti.sip.sdp import SessionDescription
from cti.sip.session.bodies import description_of, offer_of
from cti.sip.session.capabilities import ALLOW, SUPPORTED, Capabilities
from cti.sip.session.client_invite import ClientInvite
from cti.sip.session.conversation import Answered, InviteUsage, Phase, TheirOffer, described
from cti.sip.session.exchange import Turn
from cti.sip.session.server_invite import ServerInvite

if TYPE_CHECKING:
    from cti.sip.session.session import Session


@dataclass(slots=True)
class Offers:
    """What of it the session keeps."""

    wanted: bool = False
    last: SessionDescription | None = None
    """The last offer given; None asks the far side to make one."""
    refreshing: bool = False
    """Whether the re-INVITE under way, or waiting, only keeps the session alive."""
    remote: SessionDescription | None = None
    theirs: TheirOffer | None = None


class Offering:
    """What is to be offered, what is offered, and what keeps the session alive; a view of it."""

    def __init__(self, session: "Session", offers: Offers) -> None:
        self._session = session
        self._offers = offers
        self._conversation = session.conversation
        self._core = session.conversation.core

    # --- ours -----------------------------------------------------------------------------------

    def offer(self, description: SessionDescription | None) -> None:
        """Make this offer as soon as may be."""
        offers = self._offers
        offers.last, offers.wanted, offers.refreshing = description, True, False
        self.proceed()

    def proceed(self) -> None:
        """Something came to its end: make the offer that waits, if nothing hinders it."""
        session = self._session
        session.look()
        if not self._offers.wanted or session.phase.over:
            return
        usage = session.usage or _latest(session.client)
        if usage is None or not usage.exchange.idle:
            return
        if session.phase is Phase.ESTABLISHED:
            if session.client is None and session.server is None:
                self._reinvite(usage)
        elif self._offers.last is not None and usage.settled and "UPDATE" in usage.peer.methods:
            self._update(usage, self._offers.last)

    def _reinvite(self, usage: InviteUsage) -> None:
        core, session, dialog = self._core, self._session, usage.dialog
        self._offers.wanted = False
        if self._offers.refreshing:
            self._offers.last = usage.exchange.local
        self._offers.remote = usage.exchange.remote
        contact = ("Contact", core.settings.contact)
        headers = (contact, ALLOW, SUPPORTED, *session.refresh.headers)
        sequence, sent_by = self._conversation.next_sequence(), core.settings.sent_by
        request = dialog.request("INVITE", sequence, sent_by, core.branch(), headers)
        request = replace(request, body=described(self._offers.last))
        if self._offers.last is not None:
            usage.exchange.offer(self._offers.last)
        session.client = ClientInvite(
            self._conversation, session, request, dialog.destination, usage.exchange, usage
        )
        session.client.start()

    def _update(self, usage: InviteUsage, offer: SessionDescription) -> None:
        """Offer before the call is answered (RFC 3311, 5.1)."""
        self._offers.wanted = False
        usage.exchange.offer(offer)
        headers = (("Contact", self._core.settings.contact), ALLOW, SUPPORTED)

        def answered(what: Answered) -> None:
            self._updated(usage, what)

        self._conversation.request("UPDATE", answered, headers, described(offer), usage)

    def _updated(self, usage: InviteUsage, what: Answered) -> None:
        description = description_of(what.response.message) if what.response else None
        accepted = what.status < 300 and what.response is not None
        if accepted and description is not None:
            usage.exchange.answered(description)
        else:
            usage.exchange.withdraw()
        if self._session.phase.over:
            return
        if what.response is not None and accepted:
            usage.dialog = usage.dialog.refreshed(what.response.message)
            self._conversation.report(SessionAnswered(self._conversation.id, description))
        elif what.response is None:
            self._retry()
        elif not self.refused(what.status):
            report = SessionReofferRefused(self._conversation.id, what.status)
            self._conversation.report(report)
        self.proceed()

    def refused(self, status: int) -> bool:
        """An offer of ours was refused: whether that is nobody's business but ours."""
        if status == 491:
            self._retry()
        elif self._offers.refreshing:
            self._offers.refreshing = False
            self._session.refresh.failed()
        else:
            return False
        return True

    def quiet(self, usage: InviteUsage) -> bool:
        """Whether our re-INVITE that was accepted only kept the session alive."""
        quiet, self._offers.refreshing = self._offers.refreshing, False
        return quiet and usage.exchange.remote == self._offers.remote

    def _retry(self) -> None:
        """It met an offer of theirs, or nobody knows what became of it: once more in a while.

        Unless another was given since.
        """
        if not self._offers.wanted:
            self._conversation.start_timer(SessionTimer.GLARE, self._conversation.glare_delay())

    # --- theirs ---------------------------------------------------------------------------------

    def reinvited(self, key: str, request: InboundRequest, usage: InviteUsage) -> None:
        """A re-INVITE came; RequestError says what to answer."""
        session = self._session
        if session.client is not None:
            raise RequestError("our INVITE is under way", 491)
        if session.server is not None:
            raise RequestError("their last INVITE is under way", 500, (("Retry-After", "1"),))
        usage.exchange.check()
        session.refresh.check(request)
        offer = offer_of(request.message, self._core.settings.codecs)
        self._renew(request, usage)
        if offer is not None:
            usage.exchange.offered(offer)
        session.server = ServerInvite(self._conversation, key, request, usage, session.tag)
        self._conversation.report(SessionReoffered(self._conversation.id, offer))

    def updated(self, key: str, request: InboundRequest, usage: InviteUsage) -> None:
        """An UPDATE came, early or late (RFC 3311, 5.2); RequestError says what to answer."""
        session = self._session
        if self._offers.theirs is not None:
            raise RequestError("their last offer is under way", 500, (("Retry-After", "1"),))
        session.refresh.check(request)
        if request.message.body:
            usage.exchange.check()
        offer = offer_of(request.message, self._core.settings.codecs)
        if offer is not None:
            _check_agreed(usage)
        self._renew(request, usage)
        headers: tuple[Header, ...] = (("Contact", self._core.settings.contact), ALLOW, SUPPORTED)
        if session.phase is Phase.ESTABLISHED and session.server is None:
            agreed, terms = session.refresh.grant(request)
            session.refresh.agreed(agreed)
            headers = (*headers, *terms)
        if offer is None:
            self._core.respond(key, request, 200, headers=headers)
            session.look()
        else:
            self._ask(TheirOffer(key, request, usage, headers), offer)

    def pracked(self, key: str, request: InboundRequest, usage: InviteUsage) -> None:
        """A PRACK came (RFC 3262, 3 and 5); RequestError says what to answer."""
        server = self._session.server
        if server is None or not server.reliable.matches(request):
            raise RequestError("no such response", 481)
        offer = None
        answers = usage.exchange.turn is Turn.OURS and not usage.settled
        if request.message.body and not answers:
            usage.exchange.check()
            offer = offer_of(request.message, self._core.settings.codecs)
        if offer is not None:
            _check_agreed(usage)
        server.reliable.acknowledged()
        if offer is not None:
            self._ask(TheirOffer(key, request, usage), offer)
        else:
            self._core.respond(key, request, 200)
        if answers:
            self._answered_early(request, usage)
        server.advance()

    def _answered_early(self, request: InboundRequest, usage: InviteUsage) -> None:
        """The PRACK carries the answer to the offer of our 1xx, or should."""
        description = description_of(request.message)
        if description is None:
            usage.exchange.withdraw()
            return
        usage.exchange.answered(description)
        usage.settled = True
        self._conversation.report(SessionAnswered(self._conversation.id, description))

    def _ask(self, theirs: TheirOffer, offer: SessionDescription) -> None:
        theirs.usage.exchange.offered(offer)
        self._offers.theirs = theirs
        limit = self._core.settings.timers.limit
        self._conversation.start_timer(SessionTimer.UNDECIDED, limit)
        self._conversation.report(SessionReoffered(self._conversation.id, offer))

    def accept(self, description: SessionDescription) -> bool:
        """Answer the UPDATE or PRACK that waits; whether there was one."""
        theirs = self._decided()
        if theirs is None:
            return False
        theirs.usage.exchange.answer(description)
        body = described(description)
        self._core.respond(theirs.key, theirs.request, 200, headers=theirs.headers, body=body)
        self.proceed()
        return True

    def reject(self, status: int, headers: tuple[Header, ...] = ()) -> bool:
        """Refuse the UPDATE or PRACK that waits; whether there was one."""
        theirs = self._decided()
        if theirs is None:
            return False
        theirs.usage.exchange.withdraw()
        self._core.respond(theirs.key, theirs.request, status, headers=headers)
        self.proceed()
        return True

    def _decided(self) -> TheirOffer | None:
        theirs, self._offers.theirs = self._offers.theirs, None
        if theirs is not None:
            self._conversation.stop_timer(SessionTimer.UNDECIDED)
        return theirs

    def _renew(self, request: InboundRequest, usage: InviteUsage) -> None:
        """Take over target and abilities: both requests are target refreshes (12.2)."""
        usage.dialog = usage.dialog.refreshed(request.message)
        usage.peer = usage.peer.renewed(request.message)

    # --- time -----------------------------------------------------------------------------------

    def timer_fired(self, timer: SessionTimer) -> None:
        """Try again, refuse what nobody answered, or show that we are still there."""
        if timer is SessionTimer.GLARE:
            self._offers.wanted = True
            self.proceed()
        elif timer is SessionTimer.UNDECIDED:
            self.reject(504)
        elif timer is SessionTimer.REFRESH:
            self._keep_alive()
        elif timer is SessionTimer.RESUMED:
            self._ask_whether_there()

    def close(self) -> None:
        """The session is over."""
        self._offers.wanted = False
        self.reject(487)
        self._conversation.stop_timer(SessionTimer.GLARE)

    def _ask_whether_there(self) -> None:
        """Whoever left while nobody was here to hear it says so now: 481 (RFC 5057, 5)."""
        current = self._session.refresh.current
        if current is not None and current.ours:
            self._keep_alive()
        else:
            self._session.request("OPTIONS", _whatever)

    def _keep_alive(self) -> None:
        """Refresh by UPDATE, else by re-INVITE; one who knows no timers is only asked."""
        session, usage = self._session, self._session.usage
        current = session.refresh.current
        if usage is None or current is None or session.phase.over:
            return
        if "UPDATE" in usage.peer.methods:
            contact = ("Contact", self._core.settings.contact)
            headers = (contact, SUPPORTED, *session.refresh.headers)
            session.request("UPDATE", self._refreshed, headers)
        elif not (current.known and usage.exchange.local and usage.exchange.repeatable):
            session.request("OPTIONS", self._still_there)
        elif self._offers.wanted or session.client is not None:
            session.refresh.failed()
        else:
            self._offers.wanted = self._offers.refreshing = True
            self.proceed()

    def _refreshed(self, what: Answered) -> None:
        refresh, usage = self._session.refresh, self._session.usage
        if what.response is None or usage is None:
            return
        if what.status < 300:
            usage.dialog = usage.dialog.refreshed(what.response.message)
            refresh.granted(what.response.message)
            self._session.look()
        elif what.status in (405, 501):
            left = usage.peer.methods - {"UPDATE"}
            usage.peer = Capabilities(left, usage.peer.option_tags)
            self._keep_alive()
        elif what.status == 422 and refresh.lengthened(what.response.message):
            self._keep_alive()
        else:
            refresh.failed()

    def _still_there(self, what: Answered) -> None:
        del what
        self._session.refresh.agreed(self._session.refresh.current)


def _whatever(answered: Answered) -> None:
    """Any answer but 408 and 481, which the session sees to, says that it is there."""
    del answered


def _check_agreed(usage: InviteUsage) -> None:
    """RequestError where an UPDATE or PRACK offers before the INVITE's own offer was answered."""
    if usage.exchange.turn is not Turn.AGREED:
        raise RequestError("nothing is agreed on that could change", 500, (("Retry-After", "1"),))


def _latest(client: ClientInvite | None) -> InviteUsage | None:
    """The early dialog that said something last."""
    return next(reversed(client.early.values()), None) if client is not None else None
