"""Takes a caller's message: notes in the recording and in the journal where it begins and ends.

The call is recorded anyway; where a house records none, it does from here on, since the message is
in the recording and nowhere else.
"""

from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.vocabulary import MessageAbout
from ivr.events import MessageBegun
from ivr.messages import ended
from ivr.ports import Ports

BEGINS, ENDS = "message begins", "message ends"
"""Labels in the recording."""


class Taking:
    """The messages of one call, one after the other."""

    def __init__(self, call_id: CallId, ports: Ports) -> None:
        self._call_id, self._ports = call_id, ports
        self._begun: MessageBegun | None = None

    @property
    def seconds(self) -> float:
        """How long the caller has been speaking; 0 when they are not."""
        if self._begun is None:
            return 0.0
        return (utc(self._ports.clock) - self._begun.at).total_seconds()

    def begin(self, node: str, about: MessageAbout, number: TicketNumber | None = None) -> None:
        """The tone is over: from now on the caller speaks, at that node of their flow.

        `number` is the ticket that proved to be theirs, None where none did.
        """
        calls = self._ports.calls
        call = calls.get(self._call_id)
        if call is None:
            return
        calls.record(self._call_id)
        calls.mark(self._call_id, BEGINS)
        known = call.user_data
        self._begun = MessageBegun(
            at=utc(self._ports.clock),
            call_id=self._call_id,
            calling=call.calling,
            language=known.language,
            queue_id=known.queue_id,
            customer_id=known.customer_id,
            node=node,
            about=about,
            number=number if about is MessageAbout.TICKET else None,
        )
        self._ports.bus.publish(self._begun)

    def resume(self, begun: MessageBegun) -> None:
        """It began before a restart, and goes on."""
        self._begun = begun

    def end(self) -> None:
        """It is over, whoever ended it; nothing where none was begun."""
        if self._begun is None:
            return
        begun, self._begun = self._begun, None
        self._ports.calls.mark(self._call_id, ENDS)
        self._ports.bus.publish(ended(begun, utc(self._ports.clock)))
