"""The lease of one agent: the call offered to them, from the ringing of their telephone to its end.

It names agent, call and deadline, and ends exactly once, whichever comes first of answer, refusal,
silence, a lost phone and a caller who leaves.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from agents.acd.explanation import Explanation
from agents.events import CallOffered, OfferEnded, OfferOutcome
from agents.offer import Offer, outcome_of
from agents.surroundings import Surroundings
from agents.timer import Timer
from cti.call.events import ConnectionEvent, Delivered, Established, Failed
from cti.kernel.clock import utc
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId, OfferId, QueueId

OFFER_ID_BYTES = 8
Ended = Callable[[Offer, OfferOutcome], None]


class Lease:
    """What is offered to one agent, if anything; `ended` is told of the end."""

    def __init__(
        self, agent_id: AgentId, extension: DeviceId, house: Surroundings, ended: Ended
    ) -> None:
        self.offer: Offer | None = None
        self.ringing = False
        self._agent_id, self._extension = agent_id, extension
        self._house, self._ended = house, ended
        self._connection: ConnectionId | None = None
        """The telephone's in the call: None until it is rung, empty when it is rung no more."""
        self._timer = Timer(house.clock)

    def make(self, call_id: CallId, queue_id: QueueId, within: float | None = None) -> Offer:
        """Hold the call for the agent, as long as their telephone may ring.

        With `within` it rings later, after so many seconds at the latest.
        """
        now, house = utc(self._house.clock), self._house
        offer_id = OfferId(house.entropy(OFFER_ID_BYTES))
        deadline = now + timedelta(seconds=house.settings.ring_limit + (within or 0.0))
        rings = within is None
        self.offer = Offer(offer_id, self._agent_id, call_id, queue_id, now, deadline, rings)
        self.ringing, self._connection = False, None
        return self.offer

    def tell(self, offer: Offer, why: Explanation) -> None:
        """Tell of the offer, and ring the agent's telephone if that is to ring by now."""
        house = self._house
        house.bus.publish(
            CallOffered(
                at=utc(house.clock),
                call_id=offer.call_id,
                queue_id=offer.queue_id,
                agent_id=offer.agent_id,
                offer_id=offer.offer_id,
                why=why,
            )
        )
        if offer.rings:
            self.ring()

    def ring(self) -> None:
        """Ring the agent's telephone, for as long as it may ring from now on."""
        house, offer = self._house, self.offer
        if offer is None:
            return
        limit = house.settings.ring_limit
        deadline = utc(house.clock) + timedelta(seconds=limit)
        self.offer = offer = replace(offer, deadline=deadline, rings=True)
        self._timer.arm(limit, lambda: self.stop(OfferOutcome.NO_ANSWER))
        connection_id = house.control.deliver(offer.call_id, self._extension)
        if self.offer is offer:
            self._connection = connection_id

    def restore(self, offer: Offer | None) -> None:
        """The offer that the server before us left; nobody rings for it any more."""
        self.offer = offer

    def holds(self, call_id: CallId) -> bool:
        """Whether that call is offered."""
        return self.offer is not None and self.offer.call_id == call_id

    def follow(self, event: ConnectionEvent) -> None:
        """Something happened to the agent's telephone in a call."""
        if not self.holds(event.call_id) or self._connection not in (None, event.connection_id):
            return
        match event:
            case Delivered():
                self.ringing = True
            case Established():
                self.end(OfferOutcome.ACCEPTED)
            case Failed():
                self.end(outcome_of(event.cause, self._house.control.get(event.call_id)))

    def stop(self, outcome: OfferOutcome) -> None:
        """End the offer, and the ringing first."""
        if self._connection is not None:
            # First, so that the phone is quiet before the call rings elsewhere; the Failed that
            # may come of it at once finds no offer of that connection.
            connection_id, self._connection = self._connection, ConnectionId("")
            self._house.control.clear_connection(connection_id)
        self.end(outcome)

    def end(self, outcome: OfferOutcome) -> None:
        """End the lease, the first time it is said; nothing after that."""
        offer, self.offer = self.offer, None
        if offer is None:
            return
        self.ringing, self._connection = False, None
        self._timer.disarm()
        self._house.bus.publish(
            OfferEnded(
                at=utc(self._house.clock),
                call_id=offer.call_id,
                queue_id=offer.queue_id,
                agent_id=offer.agent_id,
                offer_id=offer.offer_id,
                outcome=outcome,
            )
        )
        self._ended(offer, outcome)

    def leave(self) -> None:
        """The server after us goes on from here: only let go of the timer."""
        self._timer.disarm()
