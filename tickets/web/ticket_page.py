"""One ticket: shown, acted on, its files taken and given, its customer unmasked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twisted.web.resource import Resource
from twisted.web.server import Request

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, DepartmentId, Entropy
from cti.kernel.ports import StaffNames
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web import requests
from cti.web.frame import Frame, with_query
from cti.web.requests import BadRequest, Form
from tickets.attachments.sniffing import PLAYED, SHOWN_AS_IMAGES
from tickets.dossier import Dossier
from tickets.forms import emails_told
from tickets.line.acting import act_now, request_for
from tickets.line.telling import dialled, written
from tickets.masking import Sight, may_unmask, sight_of
from tickets.model import Receipt, TicketKind
from tickets.opening import Opened, Papers
from tickets.proposals import CatalogueProposals
from tickets.regulation.fault import Party
from tickets.service import TicketService
from tickets.view import TicketView
from tickets.visibility import visible
from tickets.web import bars, standing, timeline
from tickets.web.consequences import Outlook
from tickets.web.customer_page import LISTENERS
from tickets.web.customer_page import READERS as CUSTOMER_READERS
from tickets.web.facts import CallFactsPort, Colleague, Dialler, StaffUnits, concerned
from tickets.web.filling import Filling, filled, with_changes
from tickets.web.kept_file import KeptFile
from tickets.web.known import Known, known
from tickets.web.offered import ELSEWHERE, amendable, becomes, coding, offer
from tickets.web.phrasing import Phrasing
from tickets.web.printing import READERS as PRINT_READERS
from tickets.web.proposed import why
from tickets.web.reading import REQUEST_BYTES, request_id, tell_done, whole
from tickets.web.shown import Words
from tickets.workflow import FRONT, Action

LOOK_READERS = frozenset({Role.SUPERVISOR, Role.PROTECTION})
"""Who reads on the time line who looked at a customer's data."""
NEWEST_FIRST = "hotline_ticket_newest_first"
"""The cookie that remembers in which order a person reads."""
COOKIE_AGE = timedelta(days=365)
UNDO = timedelta(seconds=10)
"""How long a page offers to undo what one click did."""
Doing = Callable[[Principal, str, Form], Awaitable[str]]
"""Does to a ticket what a form asks and says where to go then; Refused with what is wrong."""


@dataclass(frozen=True, slots=True)
class TicketPage:
    """Answers the requests about one ticket; `TicketPages` says by which path they come."""

    frame: Frame
    service: TicketService
    dossier: Dossier
    calls: CallFactsPort
    staff: StaffNames
    phrasing: Phrasing
    entropy: Entropy
    units: StaffUnits
    catalogue: CatalogueProposals
    dialler: Dialler

    def show(
        self, request: Request, principal: Principal, opened: Opened, filling: Filling
    ) -> bytes:
        """The ticket as it was opened; 409 with a form that was refused."""
        view, papers, beside = opened.view, opened.papers, opened.beside
        words = self._words(request, view)
        clear = self.dossier.reads_clear(papers.looks, principal)
        sight = sight_of(principal, unmasked=clear)
        line = timeline.moments(view, _read_by(principal, papers), sight, words)
        newest_first = self._newest_first(request)
        outlook = Outlook(view, self.service.timekeeper, words, utc(self.frame.clock))
        offered = offer(outlook, principal, sight)
        clocks = bars.bars(view, self.service.timekeeper, words, outlook.now)
        corrections = amendable(view, principal, outlook.now)
        return self.frame.render(
            request,
            "ticket.html",
            status=409 if filling.error else 200,
            case=view.case,
            draft=sight.draft(view.case.draft),
            details=self._details(view, sight, words),
            occasion=timeline.worded("occasion", view.case.draft.occasion, words),
            beside=beside,
            repeats=[each for each in beside.repeats if visible(principal, each.concern)],
            parties=list(Party),
            may_print=bool(principal.roles & set(PRINT_READERS)),
            clear=clear,
            may_unmask=may_unmask(principal),
            steps=standing.steps(view, words),
            bars=clocks,
            next=bars.next_bar(clocks),
            orders=standing.orders(view, clocks, words),
            offer=offered,
            amendable=corrections if clear else (),
            becomes=becomes(view, principal, outlook.now),
            coding=coding(view, words) if corrections else (),
            colleagues=self._colleagues(view) if corrections else (),
            known=self._known(request, view, sight),
            may_keep=bool(principal.roles & FRONT),
            may_see_customer=bool(principal.roles & set(CUSTOMER_READERS)),
            merged=[each.case for each in view.merged],
            limits=outlook.limits() if offered.sends else {},
            proposals=self._proposals(view, words) if offered.sends else {},
            moments=line[::-1] if newest_first else line,
            strands=timeline.strands(line),
            newest_first=newest_first,
            folded_from=timeline.FOLDED_FROM,
            files=papers.files,
            images=SHOWN_AS_IMAGES,
            played=PLAYED,
            limit=self.dossier.limits.largest,
            departments=view.departments,
            words=words,
            name_of=self.staff.name_of,
            filling=filling,
            request_id=self.entropy(REQUEST_BYTES),
            **self._calls(request, principal, view, outlook.now),
        )

    async def why(self, request: Request, principal: Principal, number: str, serial: int) -> bytes:
        """Why a clock is due when it is."""
        view, now = await self.seen(principal, number), utc(self.frame.clock)
        words = self._words(request, view)
        due = bars.due(view, serial, self.service.timekeeper, words, now)
        return self.frame.render(
            request,
            "ticket_why.html",
            number=number,
            title=due.title,
            due=due.due,
            why=due.why,
            zone=words.zone_at(now),
        )

    async def act(self, request: Request, principal: Principal, number: str) -> bytes:
        """Do what the form says; a refusal shows the ticket as it is now, with what was typed."""
        return await self._done(request, principal, number, self._act)

    def _meant(self, form: Form) -> Mapping[str, str]:
        """What is corrected; whose unit a colleague is of, the roster says and no form."""
        if "about_staff" not in form:
            return {name: text for name, text in form.items() if name != "about_unit"}
        staff_id, unit = concerned(form["about_staff"], self.units)
        return {**form, "about_staff": staff_id or "", "about_unit": unit or ""}

    def _proposals(self, view: TicketView, words: Words) -> dict[DepartmentId, str]:
        """The departments that the catalogue names for the matter, each with its reason."""
        proposals = self.catalogue.proposals(view.case.draft)
        return {each.department_id: why(each, words) for each in proposals}

    def _colleagues(self, view: TicketView) -> Sequence[Colleague]:
        """Whom a complaint may be about."""
        complaint = view.case.draft.kind is TicketKind.COMPLAINT
        return self.units.everybody() if complaint else ()

    def _words(self, request: Request, view: TicketView) -> Words:
        words = self.phrasing.words_with(request, view.departments)
        return replace(words, staff=self.staff.name_of)

    async def join(self, request: Request, principal: Principal, number: str) -> bytes:
        """Let the call belong to the ticket; the page that follows offers to undo it."""
        return await self._done(request, principal, number, self._join)

    async def detach(self, request: Request, principal: Principal, number: str) -> bytes:
        """Let the call no longer belong to the ticket; that it did stays in its history."""
        return await self._done(request, principal, number, self._detach)

    async def dial(self, request: Request, principal: Principal, number: str) -> bytes:
        """Call the customer by the person's telephone; the call belongs to the ticket."""
        return await self._done(request, principal, number, self._dial)

    async def unmask(self, request: Request, principal: Principal, number: str) -> bytes:
        """Write down that the person reads the customer's data, and let them."""
        return await self._done(request, principal, number, self._unmask)

    async def _done(
        self, request: Request, principal: Principal, number: str, doing: Doing
    ) -> bytes:
        """Do it and go where it says; a refusal shows the ticket with what was typed."""
        form = self.frame.form(request)
        await self.seen(principal, number)
        try:
            then = await doing(principal, number, form)
        except Refused as refused:
            return await self._refused(request, principal, number, refused, form)
        tell_done(self.frame, request, form)
        return self.frame.redirect(request, then)

    async def _act(self, principal: Principal, number: str, form: Form) -> str:
        action, version, once = _action(form), whole(form["version"]), request_id(form)
        fields = self._meant(form) if action is Action.AMEND else form
        receipt = await self.service.act(number, action, fields, principal, version, once)
        if action is Action.DISPATCH:
            await self._assist(principal, form, receipt, once)
        return f"/tickets/{number}"

    async def _join(self, principal: Principal, number: str, form: Form) -> str:
        call_id = CallId(form["call"])
        if self.calls.facts(call_id) is None:
            raise Refused("ticket.call_unknown")
        await self._attach(principal, number, call_id)
        return with_query(f"/tickets/{number}", joined=call_id)

    async def _detach(self, principal: Principal, number: str, form: Form) -> str:
        fields = {"call": form["call"], "reason": form["reason"]}
        await act_now(self.service, number, Action.DETACH, fields, principal, request_id(form))
        return f"/tickets/{number}#calls"

    async def _dial(self, principal: Principal, number: str, _: Form) -> str:
        view = await self.seen(principal, number)
        to = next(map(dialled, written(view.case)), None)
        if to is None:
            raise Refused("ticket.no_telephone")
        await self._attach(principal, number, await self.dialler.dial(principal.staff_id, to))
        return f"/tickets/{number}#acts"

    async def _unmask(self, principal: Principal, number: str, form: Form) -> str:
        await self.dossier.look(number, principal, form["reason"])
        return f"/tickets/{number}"

    async def _attach(self, principal: Principal, number: str, call_id: CallId) -> None:
        """Let the call belong to the ticket as it is now; a second time changes nothing."""
        view = await self.seen(principal, number)
        if all(link.call_id != call_id for link in view.calls):
            call, version = {"call": call_id}, view.case.version
            once = request_for("attach", principal.staff_id, number, call_id, version)
            await act_now(self.service, number, Action.ATTACH, call, principal, once)

    async def _assist(self, principal: Principal, form: Form, lead: Receipt, once: str) -> None:
        """Send the same order to the departments that were ticked to assist."""
        version = lead.version
        for place, department in enumerate(form.all("also")):
            if department != form["department"]:
                fields = {"department": department, "text": form["text"], "assist": "yes"}
                receipt = await self.service.act(
                    lead.number, Action.DISPATCH, fields, principal, version, f"{once}-{place}"
                )
                version = receipt.version

    async def take_files(self, request: Request, principal: Principal, number: str) -> bytes:
        """Keep the files of the form, each by an act of its own."""
        upload = self.frame.upload(request)
        view = await self.seen(principal, number)
        form, once = upload.form, request_id(upload.form)
        version = view.case.version
        try:
            if not upload.files:
                raise Refused("ticket.field_missing", field="file")
            if len(upload.files) > self.dossier.limits.most:
                raise Refused("ticket.too_many_files", limit=self.dossier.limits.most)
            for place, file in enumerate(upload.files):
                kept = await self.dossier.keep(file.chunks(), file.name)
                receipt = await self.service.act(
                    number,
                    Action.ATTACH_FILE,
                    kept.fields(),
                    principal,
                    version,
                    f"{once}-{place}",
                )
                version = receipt.version
        except Refused as refused:
            return await self._refused(request, principal, number, refused, form)
        return self.frame.redirect(request, f"/tickets/{number}")

    async def give_file(
        self, principal: Principal, number: str, attachment_id: int, *, seen: bool
    ) -> Resource:
        """A file to be saved; `seen`: a picture or a sound to be shown where it stands."""
        await self.seen(principal, number)
        kept = (await self.dossier.file(number, attachment_id)).attachment
        if seen and kept.media_type not in SHOWN_AS_IMAGES | PLAYED:
            raise Refused("ticket.file_gone")
        return KeptFile(kept, await self.dossier.open(kept.digest), seen=seen)

    def remember_order(self, request: Request, number: str) -> bytes:
        """Remember in which order the person reads time lines, and show the ticket so."""
        newest = "1" if requests.query(request)["newest"] == "1" else "0"
        self.frame.remember(request, NEWEST_FIRST, newest, COOKIE_AGE, path="/tickets")
        return self.frame.redirect(request, f"/tickets/{number}#history")

    async def seen(self, principal: Principal, number: str) -> TicketView:
        """The ticket; Refused when there is none of that number, or none for this person."""
        return await self.service.seen_by(principal, number)

    async def _refused(
        self, request: Request, principal: Principal, number: str, refused: Refused, form: Form
    ) -> bytes:
        filling = filled(self.phrasing.why_not(request, refused), refused, form)
        opened = await self.service.opened(principal, number)
        words = self._words(request, opened.view)
        filling = with_changes(filling, refused, opened.view, words)
        return self.show(request, principal, opened, filling)

    def _details(self, view: TicketView, sight: Sight, words: Words) -> list[tuple[str, str]]:
        return [
            (
                words.named("ticket.field", name),
                sight.detail(name, timeline.worded(name, value, words)),
            )
            for name, value in view.case.draft.details.items()
            if value
        ]

    def _known(self, request: Request, view: TicketView, sight: Sight) -> Known | None:
        """What the directory has of the customer now, and what was told that it has not."""
        if view.customer is None:
            return None
        return known(self.frame, request, view.customer, sight, emails_told(view.case.draft))

    def _newest_first(self, request: Request) -> bool:
        return requests.cookie(request, NEWEST_FIRST) == "1"

    def _calls(
        self, request: Request, principal: Principal, view: TicketView, now: datetime
    ) -> dict[str, object]:
        """What the page says of calls: those of the ticket, the one at hand, what may be done."""
        front = bool(principal.roles & FRONT)
        return {
            "calls": view.calls,
            "call": self._call(request, view),
            "joined": self._joined(request, view, now),
            "undo_seconds": int(UNDO.total_seconds()),
            "may_listen": bool(principal.roles & LISTENERS),
            "may_attach": front,
            "may_dial": front and principal.extension is not None and any(written(view.case)),
        }

    def _call(self, request: Request, view: TicketView) -> object:
        call_id = requests.query(request)["call"]
        facts = self.calls.facts(CallId(call_id)) if call_id else None
        attached = {link.call_id for link in view.calls}
        return facts if facts is not None and facts.call_id not in attached else None

    def _joined(self, request: Request, view: TicketView, now: datetime) -> CallId | None:
        """The call that joined the ticket just now, and may be taken off again by one click."""
        asked = requests.query(request)["joined"]
        recent = (link for link in view.calls if now - link.at < UNDO)
        return next((link.call_id for link in recent if link.call_id == asked), None)


def _action(form: Form) -> Action:
    try:
        action = Action(form["action"])
    except ValueError as error:
        raise BadRequest("the form names no act") from error
    if action in ELSEWHERE - {Action.AMEND, Action.KEEP_EMAIL}:
        raise BadRequest("this act has a form of its own")
    return action


def _read_by(principal: Principal, papers: Papers) -> Papers:
    """As far as the person reads them."""
    may_print = principal.roles & set(PRINT_READERS)
    return replace(
        papers,
        looks=papers.looks if principal.roles & LOOK_READERS else (),
        printed=papers.printed if may_print else (),
    )
