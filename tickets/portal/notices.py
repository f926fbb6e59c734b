"""Notices to customers, written down in the transaction of the act that they tell of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.vocabulary import Language
from customers.repository import customer_txn
from tickets.acting import Asked
from tickets.clocks.model import Clock
from tickets.delivery.model import Channel, Outgoing, Purpose
from tickets.delivery.repository import queue_txn
from tickets.forms import NOTICES
from tickets.guards import YES
from tickets.mail.composing import language_of
from tickets.mail.replying import NO_ADDRESS, address_of
from tickets.model import SYSTEM, Case, ReplyChannel, Source
from tickets.portal.contact import Contact, belongs, contacts_of
from tickets.portal.repository import Reader, reader_txn
from tickets.portal.settings import PortalSettings
from tickets.portal.telling import Telling
from tickets.repository import load_case_txn
from tickets.workflow import Action, ClockKind

NO_READER = "portal.no_reader"
NO_MOBILE = "ticket.no_mobile"
TOLD = frozenset(
    {
        Action.REGISTER,
        Action.INFORM,
        Action.ATTEMPT_INFORM,
        Action.ATTEMPT_REPLY,
        Action.EXTEND_DECISION,
        Action.ADOPT,
    }
)
"""Acts of which the house itself tells the customer."""


class Notices:
    """Tells customers of acts by the way they gave: a proven address, the one they wrote from, or
    one at which they agreed to be told.

    An agent who says that the customer was told by telephone or letter has told them.
    """

    def __init__(self, telling: Telling, usual: Language, settings: PortalSettings) -> None:
        """`usual` is the language of those of whom nothing is known."""
        self._telling, self._usual, self._settings = telling, usual, settings

    def beside_txn(self, session: Session, asked: Asked, at: datetime) -> None:
        """Queue the notice; Refused where the act says that they are told by a way they have not.

        See `TicketService.write_beside_txn`.
        """
        arrived = asked.action is Action.INFORM and asked.by == SYSTEM
        if asked.action not in TOLD or arrived:
            return
        stored = load_case_txn(session, asked.number)
        assert stored is not None
        reader = self._proven(session, stored.case) or self._reader(session, stored.case)
        outgoing = self._notice(asked, stored.case, _due(stored.clocks), reader)
        if outgoing is not None:
            queue_txn(session, outgoing, at)

    def _proven(self, session: Session, case: Case) -> Reader | None:
        """Whoever proved an address on the page: there, or where they are reached now instead.

        An address that somebody took off the ticket may be a stranger's by now.
        """
        reader = reader_txn(session, case.number)
        if reader is None or belongs(case.draft, reader.contact):
            return reader
        instead = next(iter(contacts_of(case.draft, self._settings)), None)
        return replace(reader, contact=instead) if instead is not None else None

    def _reader(self, session: Session, case: Case) -> Reader | None:
        """Whoever opened the ticket by e-mail, or agreed to be told by a way they gave."""
        if case.draft.source is Source.EMAIL:
            to = address_of(case)
            return Reader(Contact(Channel.EMAIL, to), self._usual) if to else None
        if case.draft.details.get(NOTICES.name) != YES:
            return None
        contacts = contacts_of(case.draft, self._settings)
        liked = [each for each in contacts if each.channel.value == case.draft.reply_by.value]
        first = next(iter((*liked, *contacts)), None)
        return Reader(first, self._language(session, case)) if first else None

    def _language(self, session: Session, case: Case) -> Language:
        """The directory's, else the one in which the matter is written down."""
        customer_id = case.draft.requester.customer_id
        customer = customer_txn(session, customer_id) if customer_id else None
        return customer.language if customer else language_of(case.draft.text, self._usual)

    def _notice(
        self, asked: Asked, case: Case, due: datetime | None, reader: Reader | None
    ) -> Outgoing | None:
        fields, telling = asked.fields, self._telling
        match asked.action, fields.get("channel", ""):
            case Action.REGISTER, _ if reader is not None and due is not None:
                return self._acknowledged(reader, case, due)
            case Action.ATTEMPT_INFORM, ReplyChannel.SMS.value:
                return telling.news(self._by_sms(case, reader), case, due, fields["text"])
            case Action.ATTEMPT_REPLY, ReplyChannel.SMS.value:
                return telling.answer(self._by_sms(case, reader), case, fields["text"])
            case Action.ATTEMPT_INFORM, ReplyChannel.EMAIL.value:
                return telling.news(self._by_mail(case, reader), case, due, fields["text"])
            case Action.INFORM, ReplyChannel.WEB.value:
                told = fields["text"]
                return telling.news(_needed(reader), case, due, told, Purpose.NOTICE)
            case Action.ATTEMPT_REPLY, ReplyChannel.WEB.value:
                return telling.ready(_needed(reader), case, due)
            case Action.EXTEND_DECISION, _ if reader is not None and due is not None:
                return telling.extended(reader, case, due, fields["reason"])
            case Action.ADOPT, _ if reader is not None:
                return telling.thanks(reader, case, fields["text"])
        return None

    def _acknowledged(self, reader: Reader, case: Case, due: datetime) -> Outgoing | None:
        """The way a letter or the page came in acknowledges it itself."""
        if case.draft.source in (Source.EMAIL, Source.WEB):
            return None
        return self._telling.registered(reader, case, due)

    def _by_sms(self, case: Case, reader: Reader | None) -> Reader:
        if reader is not None and reader.contact.channel is Channel.SMS:
            return reader
        mobiles = contacts_of(case.draft, self._settings)
        mobile = next((each for each in mobiles if each.channel is Channel.SMS), None)
        if mobile is None:
            raise Refused(NO_MOBILE)
        return Reader(mobile, reader.language if reader else self._usual)

    def _by_mail(self, case: Case, reader: Reader | None) -> Reader:
        if reader is not None and reader.contact.channel is Channel.EMAIL:
            return reader
        to = address_of(case)
        if not to:
            raise Refused(NO_ADDRESS)
        return Reader(Contact(Channel.EMAIL, to), reader.language if reader else self._usual)


def _needed(reader: Reader | None) -> Reader:
    if reader is None:
        raise Refused(NO_READER)
    return reader


def _due(clocks: Sequence[Clock]) -> datetime | None:
    running = [each for each in clocks if each.kind is ClockKind.DECISION and not each.stopped]
    return running[0].due if running else None
