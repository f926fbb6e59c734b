"""What we sent to customers as it is kept on the time line: letters and short messages.

It is written down once the next server took it, or once it was given up.
"""

from twisted.internet.defer import Deferred

from cti.database import Database
from tickets.delivery.model import Channel, End, Ended, Purpose
from tickets.mail.identity import Identity
from tickets.mail.model import Body, DeliveryState, Direction, Mail
from tickets.mail.repository import keep_sent_txn

KEPT = (
    Purpose.ACKNOWLEDGEMENT,
    Purpose.REPLY,
    Purpose.PROGRESS,
    Purpose.THANKS,
    Purpose.NOTICE,
)
"""What belongs on a time line: neither codes, which open something, nor what staff are told."""


class SentMail:
    """Writes down what became of it; told of it twice, it writes it once."""

    def __init__(self, database: Database, identity: Identity, sender: str) -> None:
        self._database, self._identity, self._sender = database, identity, sender

    def ended(self, ended: Ended) -> Deferred[None] | None:
        """See `tickets.delivery.model.OnEnd`."""
        outgoing = ended.outgoing
        if outgoing.channel not in (Channel.EMAIL, Channel.SMS) or outgoing.number is None:
            return None
        return self._database.run(keep_sent_txn, mail_of(ended, self._identity, self._sender))


def mail_of(ended: Ended, identity: Identity, sender: str) -> Mail:
    """The letter or short message, with what became of it."""
    outgoing = ended.outgoing
    return Mail(
        mail_id=0,
        number=outgoing.number,
        direction=Direction.OUT,
        at=ended.at,
        message_id=identity.message_id(outgoing.number, ended.delivery_id),
        in_reply_to=outgoing.headers.get("In-Reply-To", "").strip("<>"),
        sender=sender,
        recipient=outgoing.to.lower(),
        subject=outgoing.subject,
        body=Body(outgoing.body.strip()),
        delivery=DeliveryState.SENT if ended.end is End.DELIVERED else DeliveryState.FAILED,
        proof=ended.said,
    )
