"""2xx to INVITEs that no transaction waits for: those of a process before us, or far too late.

Where the dialog is known, because it was kept, the ACK got lost: it is sent again (RFC 3261,
13.2.2.4). Where it is not, somebody answered a call that nobody here wants any more: acknowledged,
and left by BYE. Strangers cannot make us send anything: the From tag must be one that this house
made for this call not long ago (`Marks`), the Via must name us, what is sent goes nowhere but where
the answer came from, and to all of them together at most `RATE` answers a second are looked at.

An INVITE that rang at us when the process before us died cannot be taken up: its transaction is
gone, and with it the branch that our answer would need. Its caller hears nothing more, sends a
CANCEL in the end, and gets 481.
"""

from collections import OrderedDict

from cti.kernel.bucket import Bucket
from cti.sip.core import Core
from cti.sip.errors import RequestError
from cti.sip.message import InboundResponse, all_values, uri_text
from cti.sip.session.dialog import Dialog, contact_of
from cti.sip.session.kept import SEQUENCE_GAP
from cti.sip.session.session_table import SessionTable

RATE, BURST = 5.0, 20.0
"""Answers a second to calls that nobody knows, and how many at once."""
MOST_LEFT = 256
"""Dialogs remembered because a BYE is under way in them."""
_REASON = ("Reason", 'SIP;cause=503;text="Restarted"')


class Strays:
    """Sees to the 2xx that nobody waits for."""

    def __init__(self, core: Core, sessions: SessionTable) -> None:
        self._core, self._sessions = core, sessions
        self._left: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._bucket = Bucket.full(RATE, BURST, 0.0)

    def received(self, response: InboundResponse) -> None:
        """A response came that answers no request of this process."""
        accepts = response.cseq.method == "INVITE" and 200 <= response.code < 300
        if not accepts or not response.to_tag or not self._names_us(response):
            return
        session = self._sessions.asked_by(response)
        usage = session.usage_of(response.to_tag) if session is not None else None
        if session is not None and session.client is not None:
            return  # Its INVITE is under way, and has another branch.
        if usage is not None:
            self._acknowledge(usage.dialog, response.cseq.sequence)
        elif self._core.marks.ours(response.from_tag, response.call_id, self._core.now):
            self._take_leave(response)

    def _names_us(self, response: InboundResponse) -> bool:
        """Whether its Via is one of ours, and the only one (18.1.2)."""
        values = all_values(response.message.headers, "Via")
        transport = response.source.transport
        via = response.via
        host = f"[{via.host.strip('[]')}]" if ":" in via.host else via.host
        sent_by = f"{host}:{via.port or transport.default_port}"
        return len(values) == 1 and sent_by == self._core.settings.sent_by_over(transport)

    def _take_leave(self, response: InboundResponse) -> None:
        if not self._bucket.take(self._core.now):
            return
        dialog, sequence = _dialog(response), response.cseq.sequence
        self._acknowledge(dialog, sequence)
        name = response.call_id, response.to_tag
        if name in self._left:
            return
        self._left[name] = None
        if len(self._left) > MOST_LEFT:
            self._left.popitem(last=False)
        core = self._core
        bye = dialog.request(
            "BYE", sequence + SEQUENCE_GAP, core.settings.sent_by, core.branch(), (_REASON,)
        )
        core.request(bye, dialog.destination)

    def _acknowledge(self, dialog: Dialog, sequence: int) -> None:
        core = self._core
        ack = dialog.request("ACK", sequence, core.settings.sent_by, core.branch())
        core.send(bytes(core.addressed(ack, dialog.destination)), dialog.destination)


def _dialog(response: InboundResponse) -> Dialog:
    """The dialog as the response tells of it, towards where it came from (12.1.2)."""
    headers = response.message.headers
    try:
        target = contact_of(response.message)
    except RequestError:
        target = uri_text(headers["To"])
    return Dialog(
        response.call_id,
        headers["From"],
        headers["To"],
        response.to_tag,
        target,
        tuple(reversed(all_values(headers, "Record-Route"))),
        response.source,
    )
