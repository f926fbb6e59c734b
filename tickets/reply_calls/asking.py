"""Who asks for a call with the answer, and whether its customer can be called at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from customers.repository import customer_txn
from prompts.written import language_of
from tickets.acting import Asked
from tickets.acts import Action
from tickets.line.telling import dialled, written
from tickets.model import SYSTEM, Case, ReplyChannel, Requester
from tickets.reply_calls import repository
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.model import ReplyCall
from tickets.reply_calls.settings import ReplyCallSettings
from tickets.repository import load_case_txn

CHANNEL = ReplyChannel.AUTOMATIC_CALL.value


@dataclass(frozen=True, slots=True)
class Asking:
    """Takes what people ask for; `may_call` says which numbers the house calls."""

    settings: ReplyCallSettings
    hours: CallingHours
    may_call: Callable[[str], bool]

    def beside_txn(self, session: Session, asked: Asked, at: datetime) -> None:
        """Write down what is to be read, in the transaction of the attempt that asks for it.

        Refused (``ticket.no_reply_calls``, ``ticket.no_telephone``, ``ticket.do_not_call``) where
        nobody can be called.
        """
        if asked.action is not Action.ATTEMPT_REPLY or asked.by == SYSTEM:
            return
        if asked.fields.get("channel") != CHANNEL:
            return
        if not self.settings.most:
            raise Refused("ticket.no_reply_calls")
        stored = load_case_txn(session, asked.number)
        assert stored is not None
        case = stored.case
        to = self._number_of(case)
        if to is None:
            raise Refused("ticket.no_telephone")
        _check_wish_txn(session, case.draft.requester)
        text = asked.fields["text"].strip()
        repository.add_txn(
            session,
            ReplyCall(
                reply_id=0,
                number=case.number,
                to=to,
                text=text,
                language=language_of(text),
                by=asked.by.staff_id,
                queued=at,
                due=self.hours.opening(at),
            ),
        )

    def callable_txn(self, session: Session, case: Case, liked: str) -> str | None:
        """The number of a customer who still wants calls: `liked`, if that is theirs still."""
        try:
            _check_wish_txn(session, case.draft.requester)
        except Refused:
            return None
        return self._number_of(case, liked)

    def _number_of(self, case: Case, liked: str = "") -> str | None:
        """The number by which the customer is called, that one if it still is one of theirs."""
        numbers = [each for each in map(dialled, written(case)) if self.may_call(each)]
        return liked if liked in numbers else next(iter(numbers), None)


def _check_wish_txn(session: Session, who: Requester) -> None:
    customer = customer_txn(session, who.customer_id) if who.customer_id else None
    if customer is not None and customer.do_not_call:
        raise Refused("ticket.do_not_call")
