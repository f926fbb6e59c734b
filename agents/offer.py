"""An offer: one call for one agent until a deadline, and what each of its endings means."""

from dataclasses import dataclass
from datetime import datetime

from agents.events import OfferOutcome
from agents.model import NotReadyReason
from cti.call.model import Call, Cause
from cti.kernel.identifiers import AgentId, CallId, OfferId, QueueId

MISSED_REASONS = {
    OfferOutcome.NO_ANSWER: NotReadyReason.NO_ANSWER,
    OfferOutcome.REFUSED: NotReadyReason.REFUSED,
    OfferOutcome.PHONE_UNREACHABLE: NotReadyReason.PHONE_UNREACHABLE,
    OfferOutcome.AGENT_LEFT: NotReadyReason.LEAVING,
}
"""Outcomes that take the agent out of the queue, and the reason they see."""

SUFFERED = frozenset({OfferOutcome.PHONE_UNREACHABLE, OfferOutcome.AGENT_LEFT})
"""Those of them that are no matter of how often: no call could reach the agent."""

OUTCOME_OF_CAUSE = {
    Cause.NO_ANSWER: OfferOutcome.NO_ANSWER,
    Cause.BUSY: OfferOutcome.REFUSED,
    Cause.REFUSED: OfferOutcome.REFUSED,
    Cause.INTERRUPTED: OfferOutcome.INTERRUPTED,
}
"""What a failed ring means; every other cause is a phone that cannot be reached."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A call offered to one agent until the deadline."""

    offer_id: OfferId
    agent_id: AgentId
    call_id: CallId
    queue_id: QueueId
    offered: datetime
    deadline: datetime
    rings: bool = True
    """Whether the telephone is to ring by now; not while a customer is called back for it."""


def outcome_of(cause: Cause, call: Call | None) -> OfferOutcome:
    """What a failed ring means for the offer; `call` as it stands, None when it is over.

    A ring that somebody else cancelled is the caller's leaving if the caller is gone; if not, the
    agent's telephone was taken out of the call, which is as good as a refusal.
    """
    if cause is not Cause.CANCELLED:
        return OUTCOME_OF_CAUSE.get(cause, OfferOutcome.PHONE_UNREACHABLE)
    gone = call is None or call.customer is None
    return OfferOutcome.CALLER_LEFT if gone else OfferOutcome.REFUSED
