"""Calls made on somebody else's behalf: REFER and what becomes of it (RFC 3515, 7647, 4488).

Their REFER, taken on with 202, is a subscription of theirs: NOTIFY tells how the call goes, one at
a time, the newest state last, until a final status or `SUBSCRIPTION` seconds end it. Ours is
settled once: by its refusal, by a final NOTIFY, or by the end of the subscription.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sipmessage import Request

from cti.sip.core import SessionTimer
from cti.sip.errors import RequestError
from cti.sip.events import SessionId, SessionReferProgressed, SessionReferred
from cti.sip.message import InboundRequest, all_values, number, uri_text
from cti.sip.outgoing import PHRASES, Body
from cti.sip.session.bodies import media_type
from cti.sip.session.capabilities import NO_REFER_SUB, supports
from cti.sip.session.conversation import Answered, Conversation
from cti.sip.session.replaces import ReferTarget, Replaces

SUBSCRIPTION = 180
"""Seconds a REFER is reported on; as long as a telephone may ring."""
FRAGMENT = "message/sipfrag"
_STATUS = re.compile(rb"\s*SIP/2\.0 ([1-6][0-9][0-9])(?: |\r|\n|$)", re.IGNORECASE)

Find = Callable[[Replaces], SessionId | None]


@dataclass(slots=True)
class _Theirs:
    """A REFER of theirs that we took on."""

    event: str
    status: int = 100
    sending: bool = False
    changed: bool = False


@dataclass(slots=True, eq=False)
class _Ours:
    """A REFER of ours; `sequence` is what its NOTIFY name it by."""

    sequence: int


class References:
    """The REFERs of one session, both ways."""

    def __init__(self, conversation: Conversation, find: Find) -> None:
        self._conversation = conversation
        self._find = find
        self._asked: dict[str, tuple[str, InboundRequest]] = {}
        self._theirs: dict[str, _Theirs] = {}
        self._ours: list[_Ours] = []

    # --- theirs ---------------------------------------------------------------------------------

    def received(self, key: str, request: InboundRequest) -> None:
        """A REFER came; RequestError says what to answer."""
        headers = request.message.headers
        named = all_values(headers, "Refer-To")
        if len(named) != 1:
            raise RequestError("a REFER needs one Refer-To", 400)
        target = ReferTarget.parse(uri_text(named[0]))
        ours, elsewhere = self._replaced(target.replaces)
        refer = str(request.cseq.sequence)
        self._asked[refer] = (key, request)
        referred_by = headers.get("Referred-By") or ""
        session = self._conversation.id
        self._conversation.report(
            SessionReferred(session, refer, target.uri, ours, elsewhere, referred_by)
        )

    def answer(self, refer: str, status: int) -> None:
        """Take their REFER on with a 2xx, or refuse it."""
        asked = self._asked.pop(refer, None)
        if asked is None:
            return
        key, request = asked
        core = self._conversation.core
        silent = status < 300 and _declines_subscription(request.message)
        told = (("Contact", core.settings.contact),) if status < 300 else ()
        headers = (*told, ("Refer-Sub", "false")) if silent else told
        core.respond(key, request, status, headers=headers)
        if status < 300 and not silent:
            self._theirs[refer] = _Theirs(f"refer;id={refer}")
            self._conversation.start_timer(SessionTimer.NOTIFYING, SUBSCRIPTION)
            self.notify(refer, 100)

    def notify(self, refer: str, status: int) -> None:
        """Tell how the call goes; a final status ends the subscription."""
        theirs = self._theirs.get(refer)
        if theirs is None or theirs.status >= 200:
            return
        theirs.status, theirs.changed = status, True
        if not theirs.sending:
            self._send(refer, theirs)

    # --- ours -----------------------------------------------------------------------------------

    def refer(self, target: str, replaces: Replaces | None, referred_by: str) -> None:
        """Ask the far side to call `target`."""
        uri = ReferTarget(target, str(replaces) if replaces else "")
        by = (("Referred-By", referred_by),) if referred_by else ()
        contact = ("Contact", self._conversation.core.settings.contact)
        ours = _Ours(0)
        self._ours.append(ours)
        headers = (contact, ("Refer-To", str(uri)), *by)
        ours.sequence = self._conversation.request("REFER", partial(self._answered, ours), headers)

    def notified(self, key: str, request: InboundRequest) -> None:
        """A NOTIFY came; RequestError says what to answer."""
        event, _, parameters = (request.message.headers.get("Event") or "").partition(";")
        if event.strip().lower() != "refer":
            raise RequestError("no such event", 489, (("Allow-Events", "refer"),))
        ours = self._named(parameters)
        if ours is None:
            raise RequestError("no such subscription", 481)
        status = _fragment_of(request.message)
        self._conversation.core.respond(key, request, 200)
        state = (request.message.headers.get("Subscription-State") or "").lower()
        if status >= 200:
            self._settle(ours, status)
        elif state.startswith("terminated"):
            self._settle(ours, 408 if "timeout" in state else 480)
        else:
            self._progressed(ours, status, _expires(state))

    # --- both -----------------------------------------------------------------------------------

    def timer_fired(self, timer: SessionTimer) -> None:
        """The subscriptions of one side ran out."""
        if timer is SessionTimer.REFERRING:
            for ours in tuple(self._ours):
                self._settle(ours, 408)
            return
        for refer, theirs in tuple(self._theirs.items()):
            self._send(refer, theirs, "terminated;reason=timeout")
            self._theirs.pop(refer, None)

    def flush(self) -> None:
        """The session is about to be left: say now what waits to be said."""
        for refer, theirs in tuple(self._theirs.items()):
            if theirs.changed:
                self._send(refer, theirs)

    def close(self) -> None:
        """The session is over: nothing is told or reported any more."""
        for key, request in self._asked.values():
            self._conversation.core.respond(key, request, 487)
        if self._ours:
            self._conversation.stop_timer(SessionTimer.REFERRING)
        if self._theirs:
            self._conversation.stop_timer(SessionTimer.NOTIFYING)
        self._asked.clear()
        self._theirs.clear()
        self._ours.clear()

    # --- private --------------------------------------------------------------------------------

    def _replaced(self, value: str) -> tuple[SessionId | None, str]:
        """The session of ours that a Replaces in a Refer-To names, or else the value itself."""
        if not value:
            return None, ""
        replaces = Replaces.parse(value)
        ours = self._find(replaces) or self._find(replaces.turned)
        return ours, "" if ours else value

    def _send(self, refer: str, theirs: _Theirs, state: str = "") -> None:
        theirs.sending, theirs.changed = True, False
        over = theirs.status >= 200
        usual = "terminated;reason=noresource" if over else f"active;expires={SUBSCRIPTION}"
        phrase = PHRASES.get(theirs.status) or PHRASES.get(theirs.status // 100 * 100, "Answer")
        headers = (
            ("Event", theirs.event),
            ("Subscription-State", state or usual),
            ("Contact", self._conversation.core.settings.contact),
        )
        body = Body(f"SIP/2.0 {theirs.status} {phrase}\r\n".encode(), f"{FRAGMENT};version=2.0")
        self._conversation.request("NOTIFY", partial(self._told, refer), headers, body)

    def _told(self, refer: str, answered: Answered) -> None:
        theirs = self._theirs.get(refer)
        if theirs is None:
            return
        theirs.sending = False
        if answered.status < 300 and theirs.changed:
            self._send(refer, theirs)
        elif answered.status >= 300 or theirs.status >= 200:
            del self._theirs[refer]
            if not self._theirs:
                self._conversation.stop_timer(SessionTimer.NOTIFYING)

    def _answered(self, ours: _Ours, answered: Answered) -> None:
        ours.sequence = answered.request.sequence
        if answered.status >= 300 or answered.response is None:
            self._settle(ours, answered.status)
            return
        sub = answered.response.message.headers.get("Refer-Sub") or ""
        if sub.strip().lower().startswith("false"):
            self._settle(ours, 200)
        else:
            self._progressed(ours, 100, SUBSCRIPTION)

    def _progressed(self, ours: _Ours, status: int, expires: int) -> None:
        if ours in self._ours:
            self._conversation.start_timer(SessionTimer.REFERRING, expires)
            self._conversation.report(SessionReferProgressed(self._conversation.id, status))

    def _settle(self, ours: _Ours, status: int) -> None:
        if ours not in self._ours:
            return
        self._ours.remove(ours)
        if not self._ours:
            self._conversation.stop_timer(SessionTimer.REFERRING)
        self._conversation.report(SessionReferProgressed(self._conversation.id, status))

    def _named(self, parameters: str) -> _Ours | None:
        """The REFER of ours a NOTIFY is about; one without id, or before our id is known, fits."""
        found = re.search(r"(?:^|;)\s*id\s*=\s*([0-9]+)", parameters, re.IGNORECASE)
        if found:
            for ours in self._ours:
                if str(ours.sequence) == found[1]:
                    return ours
        alone = len(self._ours) == 1
        return self._ours[0] if self._ours and (alone or not found) else None


def _declines_subscription(refer: Request) -> bool:
    """Whether they want no NOTIFY (RFC 4488, 4)."""
    wanted = (refer.headers.get("Refer-Sub") or "").strip().lower()
    return wanted.startswith("false") and supports(refer, NO_REFER_SUB)


def _fragment_of(notify: Request) -> int:
    """The status in a NOTIFY, 100 where it says nothing; RequestError."""
    if not notify.body:
        return 100
    if media_type(notify) != FRAGMENT:
        raise RequestError("a NOTIFY body other than sipfrag", 415, (("Accept", FRAGMENT),))
    status = _STATUS.match(notify.body)
    if status is None:
        raise RequestError("no status in the NOTIFY", 400)
    return int(status[1])


def _expires(state: str) -> int:
    """Seconds a Subscription-State says the subscription still lasts."""
    found = re.search(r";\s*expires\s*=\s*([0-9]+)", state)
    return number(found[1]) or SUBSCRIPTION if found else SUBSCRIPTION
