"""A new ticket: its form, filled in with what the call tells, and what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, Entropy
from cti.kernel.principal import Principal
from cti.web import requests
from cti.web.frame import Frame
from cti.web.requests import BadRequest, Form
from tickets.dossier import Dossier
from tickets.forms import FORMS, Field, FieldKind, wanted
from tickets.mail.deciding import LetterDesk, taking
from tickets.mail.filing import LONGEST_TEXT, LONGEST_TITLE
from tickets.mail.unfiled import Claim, Deed, Unfiled
from tickets.model import Draft, Receipt, ReplyChannel, Requester, Source, TicketKind, Urgency
from tickets.regulation.repeats import Repeat
from tickets.service import TicketService
from tickets.visibility import Concern, concerns, visible
from tickets.web.facts import CallFacts, CallFactsPort, StaffUnits, concerned
from tickets.web.filling import Filling, filled
from tickets.web.inputs import Input, input_of
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, request_id, tell_done, whole

LONGEST_CALL_ID = 128
"""Characters, as wide as the column is."""
LONGEST_STAFF_ID = 64
_KINDS = frozenset(kind.value for kind in TicketKind)


@dataclass(frozen=True, slots=True)
class NewTicketPage:
    """Answers the requests about a ticket that is not written down yet."""

    frame: Frame
    service: TicketService
    calls: CallFactsPort
    units: StaffUnits
    dossier: Dossier
    phrasing: Phrasing
    entropy: Entropy
    letters: LetterDesk | None = None

    async def ask(self, request: Request) -> bytes:
        """An empty form, or one that knows a call or letter: ``?call=<id>&type=complaint``."""
        asked = requests.query(request)
        if asked["letter"] and self.letters is not None:
            letter = await self.letters.letter(whole(asked["letter"]))
            form = written(letter)
            return await self._form(request, Filling(fields=form), form["kind"], "")
        return await self._form(request, Filling(), asked["type"], asked["call"])

    async def register(self, request: Request, principal: Principal) -> bytes:
        """Register the ticket and show it; what was typed stays where it is refused."""
        form = self.frame.form(request)
        if form["change_kind"]:
            return await self._form(request, Filling(fields=form), form["kind"], form["call"])
        try:
            draft = draft_of(form, self._facts(form["call"]), self.units)
            once, rules = request_id(form), self.service.follower.rules
            if not form["despite"]:
                found = await self.dossier.open_repeats(draft, once, rules)
                repeats = [each for each in found if visible(principal, each.concern)]
                if repeats:
                    return await self._form(
                        request, Filling(fields=form), form["kind"], form["call"], repeats
                    )
            receipt = await self._registered(form, draft, principal, once)
        except Refused as refused:
            filling = filled(self.phrasing.why_not(request, refused), refused, form)
            return await self._form(request, filling, form["kind"], form["call"])
        tell_done(self.frame, request, form)
        if concerns(principal, Concern((), draft.about_staff, draft.about_unit)):
            return self.frame.render(request, "ticket_written.html", number=receipt.number)
        return self.frame.redirect(request, f"/tickets/{receipt.number}")

    async def _registered(
        self, form: Form, draft: Draft, principal: Principal, once: str
    ) -> Receipt:
        """Register it; the letter it was made of, if there is one, belongs to it then."""
        if not form["letter"] or self.letters is None:
            return await self.service.register(draft, principal, once)
        claim = Claim(whole(form["letter"]), whole(form["letter_version"]))
        letter = await self.letters.letter(claim.mail_id)
        sender = replace(draft.requester, unproven=True)
        draft = replace(draft, source=Source.EMAIL, received=letter.mail.at, requester=sender)
        receipt = await self.service.register(draft, principal, taking(claim, once))
        self.letters.decided(claim, Deed.OPEN, principal, receipt.number)
        return receipt

    async def _form(
        self,
        request: Request,
        filling: Filling,
        kind: str,
        call: str,
        repeats: Sequence[Repeat] = (),
    ) -> bytes:
        chosen = kind if kind in _KINDS else TicketKind.COMPLAINT.value
        facts = self._facts(call)
        known = facts.customer_id if facts else None
        reader = self.frame.principal(request)
        own = await self.service.open_tickets(known, reader.staff_id, reader.unit) if known else ()
        return self.frame.render(
            request,
            "ticket_new.html",
            status=409 if filling.error else 200,
            filling=filling,
            chosen=chosen,
            call=call,
            facts=facts,
            kinds=list(TicketKind),
            urgencies=list(Urgency),
            channels=list(ReplyChannel),
            fields=self._fields(TicketKind(chosen)),
            repeats=repeats,
            staff=self.units.everybody(),
            open_tickets=own,
            words=await self.phrasing.words(request),
            request_id=self.entropy(REQUEST_BYTES),
        )

    def _fields(self, kind: TicketKind) -> list[Input]:
        codes = self.service.follower.codes
        return [input_of(each, needed=wanted(each, kind, codes)) for each in FORMS[kind]]

    def _facts(self, call_id: str) -> CallFacts | None:
        return self.calls.facts(CallId(call_id)) if call_id else None


def draft_of(form: Form, facts: CallFacts | None, units: StaffUnits) -> Draft:
    """What the form says; BadRequest for what no page sends."""
    try:
        kind, urgency = TicketKind(form["kind"]), Urgency(form["urgency"] or "ordinary")
        reply_by = ReplyChannel(form["reply_by"] or "call")
    except ValueError as error:
        raise BadRequest(str(error)) from error
    if len(form["call"]) > LONGEST_CALL_ID or len(form["about_staff"]) > LONGEST_STAFF_ID:
        raise BadRequest("this is no call, or no member of staff")
    about, unit = concerned(form["about_staff"], units)
    requester = Requester(
        name=form["name"],
        contact=form["contact"],
        customer_id=facts.customer_id if facts else None,
        sex=form["sex"],
        address=form["address"],
    )
    if facts is not None:
        requester = replace(requester, service_level=facts.service_level)
    return Draft(
        kind=kind,
        title=form["title"],
        text=form["text"],
        requester=requester,
        urgency=urgency,
        occasion=form["occasion"],
        about=form["about"],
        reply_by=reply_by,
        call_id=CallId(form["call"]) if form["call"] else None,
        call_path=facts.path if facts else (),
        details={each.name: detail(each, form) for each in FORMS[kind]},
        source=Source.CALL if form["call"] else Source.SUPERVISOR,
        about_staff=about,
        about_unit=unit,
    )


def written(letter: Unfiled) -> Form:
    """The form as a letter fills it in."""
    mail = letter.mail
    return Form(
        [
            ("kind", TicketKind.ENQUIRY.value),
            ("title", mail.subject[:LONGEST_TITLE]),
            ("text", mail.body.text[:LONGEST_TEXT]),
            ("name", letter.sender_name or mail.sender),
            ("contact", mail.sender),
            ("email", mail.sender),
            ("reply_by", ReplyChannel.EMAIL.value),
            ("letter", str(mail.mail_id)),
            ("letter_version", str(letter.version)),
        ]
    )


def detail(field: Field, form: Form) -> str:
    """What the form says in that field; a slot is asked for as a day and two times."""
    if field.kind is FieldKind.SLOT and form["slot_day"]:
        return f"{form['slot_day']} {form['slot_from']}-{form['slot_to']}"
    return form[field.name]
