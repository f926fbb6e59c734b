"""Replies and news by e-mail or SMS: what is written to the customer, and the act it becomes.

What was merely sent has told the customer nothing, so it is an attempt until the next mail server
took it; then the house itself does the act ``reply`` or ``inform``, with what that server said as
proof, and the customer's clocks stop.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session
from twisted.logger import Logger

from cti.kernel.errors import Refused
from cti.kernel.vocabulary import Language
from tickets.acting import Asked
from tickets.delivery.model import Channel, Ended, Outgoing, Purpose
from tickets.delivery.repository import queue_txn, queued_at
from tickets.mail.composing import Composer, Template, language_of
from tickets.mail.filing import LONGEST_TEXT, request_of_reply
from tickets.mail.headers import address
from tickets.mail.intake import ATTEMPTS
from tickets.mail.repository import thread_txn
from tickets.masking import Mask, masked
from tickets.model import SYSTEM, Case, CaseState, ReplyChannel
from tickets.ports import Tickets
from tickets.repository import load_case_txn
from tickets.view import TicketView
from tickets.workflow import Action

NO_ADDRESS = "ticket.no_address"
ACTS: Mapping[Purpose, Action] = {
    Purpose.REPLY: Action.REPLY,
    Purpose.PROGRESS: Action.INFORM,
}
"""What is done once a letter of that purpose arrived."""
DONE = frozenset({"ticket.wrong_state", "ticket.unknown"})
"""Somebody was quicker: the customer was told by another way, or nothing is to be told any more."""


def address_of(case: Case) -> str:
    """Where the requester reads e-mail; nothing where they gave no address."""
    draft = case.draft
    written = (draft.requester.contact, *draft.details.values())
    return next(filter(None, map(address, written)), "")


def queue_reply_txn(
    session: Session, composer: Composer, case: Case, text: str, usual: Language, at: datetime
) -> Outgoing:
    """Write the reply down in the transaction of its act; Refused where there is no address."""
    to = address_of(case)
    if not to:
        raise Refused(NO_ADDRESS)
    draft = case.draft
    values: Mapping[str, str] = {
        "name": draft.requester.name,
        "number": case.number,
        "title": masked(Mask.TEXT, draft.title),
        "text": masked(Mask.TEXT, text),
    }
    thread = thread_txn(session, case.number)
    language = language_of(text, usual)
    outgoing = composer.compose(Template.REPLY, language, to, values, case.number, thread)
    queue_txn(session, outgoing, at)
    return outgoing


def _overtaken(view: TicketView, ended: Ended) -> bool:
    """Whether there is a later result than the one that the letter tells."""
    came = (
        entry.at
        for entry in view.history
        if entry.state == CaseState.RESULT_IN.value != entry.previous
    )
    latest = max(came, default=None)
    return latest is not None and queued_at(ended.delivery_id) < latest


class Replies:
    """Writes the letter of each attempt by e-mail, and does the act ``reply`` once it arrived."""

    log = Logger()

    def __init__(
        self,
        tickets: Tickets,
        composer: Composer,
        usual: Language,
        arriving: Collection[Channel] = (Channel.EMAIL,),
    ) -> None:
        """`usual` is the language of letters that are written in neither.

        What leaves by a channel in `arriving` reaches customers; a file of the sink told nobody.
        """
        self._tickets, self._composer, self._usual = tickets, composer, usual
        self._arriving = arriving

    def beside_txn(self, session: Session, asked: Asked, at: datetime) -> None:
        """Queue the letter in the transaction of the attempt; Refused where nobody can get it."""
        if asked.action is not Action.ATTEMPT_REPLY:
            return
        if asked.fields.get("channel") != ReplyChannel.EMAIL.value:
            return
        stored = load_case_txn(session, asked.number)
        assert stored is not None
        text = asked.fields["text"].strip()
        queue_reply_txn(session, self._composer, stored.case, text, self._usual, at)

    async def delivered(self, ended: Ended) -> None:
        """The customer has it: told of it twice, the house acts once."""
        outgoing = ended.outgoing
        if outgoing.channel not in self._arriving or outgoing.number is None:
            return
        action = ACTS[outgoing.purpose]
        fields = {
            "channel": outgoing.channel.value,
            "text": outgoing.body.strip()[:LONGEST_TEXT],
            "proof": f"{outgoing.to}: {ended.said}",
            "written": queued_at(ended.delivery_id).isoformat(),
        }
        for attempt in range(ATTEMPTS):
            view = await self._tickets.view(outgoing.number)
            if view is None or (action is Action.REPLY and _overtaken(view, ended)):
                return
            version, request = view.case.version, request_of_reply(ended.delivery_id)
            try:
                await self._tickets.act(outgoing.number, action, fields, SYSTEM, version, request)
            except Refused as refusal:
                if refusal.error_id in DONE:
                    self.log.info("{ticket_id} was told before", ticket_id=outgoing.number)
                elif refusal.error_id != "ticket.stale" or attempt == ATTEMPTS - 1:
                    raise
                else:
                    continue
            return
