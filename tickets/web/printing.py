"""``/regulation/letters``: replies and notices as A4 pages, kept as they were printed."""

from dataclasses import dataclass

from twisted.web.server import Request

from cti.database import Database
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web import requests
from cti.web.formats import Formats
from cti.web.frame import Frame
from cti.web.requests import BadRequest, Form
from tickets.decide import allowed
from tickets.masking import Mask, masked
from tickets.model import ReplyChannel
from tickets.regulation.letters import LetterKind, composed
from tickets.regulation.printing import print_txn, printed_txn
from tickets.regulation.service import RegulationService
from tickets.service import TicketService
from tickets.view import TicketView
from tickets.visibility import check_visible, concern_of
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, request_id, tell_done
from tickets.workflow import FRONT, Action

WRITERS = {
    LetterKind.REPLY: FRONT,
    LetterKind.URGE: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    LetterKind.SUPERVISE: frozenset({Role.SUPERVISOR, Role.PROTECTION}),
}
READERS = (*FRONT, Role.PROTECTION, Role.QUALITY)


@dataclass(frozen=True, slots=True)
class LetterPages:
    """Answers the requests about printed letters of a ticket."""

    frame: Frame
    tickets: TicketService
    regulation: RegulationService
    database: Database
    phrasing: Phrasing
    entropy: Entropy

    async def form(self, request: Request, number: str, error: str = "", typed: str = "") -> bytes:
        """A letter to be written: ``?kind=reply``."""
        principal = self.frame.guard(request, *READERS)
        view = await self._seen(principal, number)
        kind, language = self._asked(requests.query(request), view)
        kinds = [each for each in LetterKind if WRITERS[each] & principal.roles]
        return self.frame.render(
            request,
            "letter_new.html",
            status=409 if error else 200,
            case=view.case,
            error=error,
            kind=kind,
            kinds=kinds,
            chosen=language,
            text=typed or _proposed(view, kind),
            printed=await self.database.read(printed_txn, number),
            may_print=kind in kinds,
            in_time=bool(typed) or self._in_time(view, kind, principal),
            request_id=self.entropy(REQUEST_BYTES),
            words=await self.phrasing.words(request),
        )

    async def print(self, request: Request, number: str) -> bytes:
        """Keep the letter as it is printed; a reply is an attempt to answer by letter."""
        principal = self.frame.guard(request, *READERS)
        form = self.frame.form(request)
        view = await self._seen(principal, number)
        kind, language = self._asked(form, view)
        principal.require(*WRITERS[kind])
        try:
            if not form["text"]:
                raise Refused("ticket.field_missing", field="text")
            text = await self._text(view, kind, language, form["text"])
            if kind is LetterKind.REPLY:
                fields = {"channel": ReplyChannel.LETTER.value, "text": form["text"]}
                await self.tickets.act(
                    number,
                    Action.ATTEMPT_REPLY,
                    fields,
                    principal,
                    view.case.version,
                    request_id(form),
                )
            letter_id = await self.database.run(
                print_txn,
                view.case.number,
                kind,
                language,
                text,
                principal,
                self.regulation.now(),
            )
        except Refused as refused:
            error = self.phrasing.why_not(request, refused)
            return await self.form(request, number, error, form["text"])
        tell_done(self.frame, request, form)
        return self.frame.redirect(request, f"/regulation/letters/{number}/{letter_id}")

    async def shown(self, request: Request, number: str, letter_id: int) -> bytes:
        """The letter as it was printed."""
        principal = self.frame.guard(request, *READERS)
        await self._seen(principal, number)
        letters = await self.database.read(printed_txn, number)
        letter = next((each for each in letters if each.letter_id == letter_id), None)
        if letter is None:
            raise BadRequest("there is no such letter", 404)
        return self.frame.render(
            request,
            "letter.html",
            letter=letter,
            title=self.frame.text(letter.language, f"ticket.printed.{letter.kind.value}"),
            bank=self.frame.text(letter.language, "site.title"),
            formats=Formats(letter.language, self.regulation.zone),
        )

    async def _text(self, view: TicketView, kind: LetterKind, language: Language, body: str) -> str:
        case = view.case
        lead = case.lead or case.last_lead
        departments = await self.tickets.departments()
        known = departments.get(lead.department_id) if lead else None
        chinese = language is Language.CHINESE
        department = (known.name_zh if chinese else known.name_en) if known else ""

        def say(key: str, **blanks: object) -> str:
            return self.frame.text(language, key, **blanks)

        day = self.regulation.now().astimezone(self.regulation.zone).date()
        return composed(
            kind,
            say,
            name=case.draft.requester.name,
            number=case.number,
            title=masked(Mask.TEXT, case.draft.title),
            received=case.opened.astimezone(self.regulation.zone).date().isoformat(),
            department=department,
            text=masked(Mask.TEXT, body),
            bank=self.frame.text(language, "site.title"),
            day=day.isoformat(),
        )

    def _in_time(self, view: TicketView, kind: LetterKind, principal: Principal) -> bool:
        """Whether the ticket stands so that the letter can go: a reply is an attempt to answer."""
        if kind is not LetterKind.REPLY:
            return True
        rules = allowed(view.case, principal, self.regulation.now(), view.premises)
        return any(rule.action is Action.ATTEMPT_REPLY for rule, _ in rules)

    def _asked(self, fields: Form, view: TicketView) -> tuple[LetterKind, Language]:
        try:
            kind = LetterKind(fields["kind"] or LetterKind.REPLY.value)
            customer = view.customer.language if view.customer else Language.CHINESE
            usual = customer if kind is LetterKind.REPLY else Language.CHINESE
            return kind, Language(fields["language"] or usual.value)
        except ValueError as error:
            raise BadRequest("there is no such letter") from error

    async def _seen(self, principal: Principal, number: str) -> TicketView:
        view = await self.tickets.view(number)
        if view is None:
            raise Refused("ticket.unknown", number=number)
        check_visible(principal, number, concern_of(view.case))
        return view


def _proposed(view: TicketView, kind: LetterKind) -> str:
    """What the department proposed to answer; nothing for notices."""
    if kind is not LetterKind.REPLY:
        return ""
    told = (each.fields.get("proposed_reply", "") for each in reversed(view.history))
    return next(filter(None, told), "")
