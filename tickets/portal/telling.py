"""What customers are sent: letters from the house's templates, short messages of few words."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from babel.dates import format_date

from cti.kernel.errors import Refused
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from cti.web.texts import locale_of
from tickets.delivery.model import Channel, Outgoing, Purpose
from tickets.mail.composing import Composer, Template
from tickets.masking import Mask, masked
from tickets.model import Case
from tickets.portal.codes import LIFETIME
from tickets.portal.contact import Contact
from tickets.portal.repository import Reader
from tickets.portal.segments import segments, shortened

MOST_SEGMENTS = 2
"""Short messages that one notice may cost."""
INSTANT = timedelta(microseconds=1)
MOST_OF_AN_ANSWER = 6
"""Short messages that an answer may cost; it is never cut."""
MINUTES = str(int(LIFETIME.total_seconds()) // 60)

Texts = Callable[..., str]
"""The words of a key in a language: `cti.web.texts.Texts.text`."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Writes to a customer by e-mail or SMS, whichever they gave."""

    composer: Composer
    texts: Texts
    bank: Callable[[Language], str]
    zone: tzinfo
    address: str = ""
    """Where the page is, for links; empty: none."""

    def code(self, contact: Contact, language: Language, code: Secret) -> Outgoing:
        """The one message that says a code."""
        values = {"code": code.reveal(), "minutes": MINUTES}
        if contact.channel is Channel.EMAIL:
            return self.composer.compose(Template.CODE, language, contact.to, values)
        body = self.texts(language, "portal.sms.code", bank=self.bank(language), **values)
        return Outgoing(Channel.SMS, contact.to, "", body, Purpose.CODE)

    def registered(self, reader: Reader, case: Case, due: datetime) -> Outgoing:
        """The ticket has a number, and an answer is due then."""
        return self._told(reader, case, Template.ACKNOWLEDGEMENT, Purpose.ACKNOWLEDGEMENT, due)

    def extended(self, reader: Reader, case: Case, due: datetime, reason: str) -> Outgoing:
        """The decision takes until then."""
        return self._told(reader, case, Template.EXTENSION, Purpose.NOTICE, due, reason)

    def news(
        self,
        reader: Reader,
        case: Case,
        due: datetime | None,
        text: str,
        purpose: Purpose = Purpose.PROGRESS,
    ) -> Outgoing:
        """How it stands: `PROGRESS` is word to the customer once it arrives.

        With `NOTICE` it tells them of what counts already, as what stands on their page does.
        """
        return self._told(reader, case, Template.PROGRESS, purpose, due, text)

    def ready(self, reader: Reader, case: Case, due: datetime | None) -> Outgoing:
        """The answer can be read on the page."""
        language = reader.language
        if reader.contact.channel is Channel.EMAIL:
            text = self.texts(language, "portal.letter.ready", link=self.address)
            return self.news(reader, case, due, text, Purpose.NOTICE)
        return self._short(reader, case, "ready", Purpose.NOTICE, due)

    def answer(self, reader: Reader, case: Case, text: str) -> Outgoing:
        """The answer itself as a short message, whole; Refused where it is too long for one."""
        language = reader.language
        body = self.texts(
            language, "portal.sms.reply", bank=self.bank(language), number=case.number, text=text
        )
        if segments(body) > MOST_OF_AN_ANSWER:
            raise Refused("ticket.too_long_for_sms", most=MOST_OF_AN_ANSWER)
        to = reader.contact.to
        return Outgoing(Channel.SMS, to, "", body, Purpose.REPLY, number=case.number)

    def thanks(self, reader: Reader, case: Case, text: str) -> Outgoing:
        """The suggestion was adopted."""
        return self._told(reader, case, Template.THANKS, Purpose.THANKS, None, text)

    def date(self, at: datetime | None, language: Language) -> str:
        """The last day before that instant, in words; a dash where there is none."""
        return last_day(at, self.zone, language) if at is not None else "–"

    def _told(
        self,
        reader: Reader,
        case: Case,
        template: Template,
        purpose: Purpose,
        due: datetime | None,
        text: str = "",
    ) -> Outgoing:
        if reader.contact.channel is not Channel.EMAIL:
            return self._short(reader, case, template.value, purpose, due)
        values = {
            "name": case.draft.requester.name,
            "number": case.number,
            "title": masked(Mask.TEXT, case.draft.title),
            "due": self.date(due, reader.language),
            "text": text,
        }
        letter = self.composer.compose(
            template, reader.language, reader.contact.to, values, case.number
        )
        return replace(letter, purpose=purpose)

    def _short(
        self, reader: Reader, case: Case, name: str, purpose: Purpose, due: datetime | None
    ) -> Outgoing:
        language = reader.language
        body = self.texts(
            language,
            f"portal.sms.{name}",
            bank=self.bank(language),
            number=case.number,
            due=self.date(due, language),
        )
        body = shortened(f"{body} {self.address}".strip(), MOST_SEGMENTS)
        return Outgoing(Channel.SMS, reader.contact.to, "", body, purpose, number=case.number)


def last_day(due: datetime, zone: tzinfo, language: Language) -> str:
    """The last day on which a deadline is kept, in words: ``2026年12月6日``.

    A period of whole days ends with the midnight that belongs to the day after it.
    """
    day = (due - INSTANT).astimezone(zone).date()
    return format_date(day, "long", locale=locale_of(language))
