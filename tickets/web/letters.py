"""``/tickets/letters``: letters that belong to no ticket, and what is done with each of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from twisted.web.resource import Resource
from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy, TicketNumber
from cti.kernel.principal import Principal
from cti.web import requests
from cti.web.frame import Frame
from cti.web.pages import pages
from cti.web.requests import Form
from tickets.dossier import Dossier
from tickets.mail.deciding import LetterDesk
from tickets.mail.identity import numbers_in
from tickets.mail.unfiled import Claim, Unfiled
from tickets.masking import Mask, kind_of_contact, sight_of
from tickets.model import CaseState
from tickets.numbers import parse_number
from tickets.search.finding import Query
from tickets.search.lines import Line
from tickets.search.query import Asked
from tickets.service import TicketService
from tickets.visibility import Concern, visible
from tickets.web.kept_file import KeptFile
from tickets.web.phrasing import Phrasing
from tickets.web.reach import viewer_of
from tickets.web.reading import REQUEST_BYTES, request_id, whole
from tickets.workflow import FRONT

SHOWN = 50
PROPOSED = 5
"""Tickets of the same customer that are proposed, by each way they can be reached."""
UNMERGED = frozenset(CaseState) - {CaseState.MERGED, CaseState.VOID}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed in the letter's forms, and why it was refused."""

    error: str = ""
    fields: Mapping[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return (self.fields or {}).get(name, "")


NOTHING = Typed()


class LetterPages:
    """The list, one letter, and its forms, which work without scripts."""

    app = pages()

    def __init__(
        self,
        frame: Frame,
        desk: LetterDesk,
        service: TicketService,
        dossier: Dossier,
        phrasing: Phrasing,
        entropy: Entropy,
    ) -> None:
        self.frame, self._desk, self._service = frame, desk, service
        self._dossier, self._phrasing, self._entropy = dossier, phrasing, entropy

    @app.route("/", methods=["GET"])
    async def list(self, request: Request) -> bytes:
        """Those that wait, the latest first, or with ``?over=1`` those that were discarded."""
        principal = self.frame.guard(request, *FRONT)
        fields = requests.query(request)
        over = fields["over"] == "1"
        before = whole(fields["from"]) if fields["from"] else None
        letters = await self._desk.letters(SHOWN + 1, before, over=over)
        sight = sight_of(principal)
        return self.frame.render(
            request,
            "ticket_letters.html",
            letters=letters[:SHOWN],
            next=letters[SHOWN - 1].mail.mail_id if len(letters) > SHOWN else None,
            over=over,
            first=before is None,
            count=await self._desk.count(),
            sender=lambda each: sight.shown(kind_of_contact(each.mail.sender), each.mail.sender),
            told=lambda text: sight.shown(Mask.TEXT, text),
            words=await self._phrasing.words(request),
        )

    @app.route("/<int:mail_id>", methods=["GET"])
    async def letter(self, request: Request, mail_id: int) -> bytes:
        """One letter; ``?number=<ticket>`` shows the ticket that it would be filed under."""
        principal = self.frame.guard(request, *FRONT)
        typed = requests.query(request)["number"]
        return await self._show(request, principal, mail_id, Typed(fields={"number": typed}))

    @app.route("/<int:mail_id>/file", methods=["POST"])
    async def file(self, request: Request, mail_id: int) -> bytes:
        """File it under the ticket whose number was typed."""
        principal = self.frame.guard(request, *FRONT)
        form = self.frame.form(request)
        try:
            target = await self._target(principal, form["number"])
            once = request_id(form)
            await self._desk.file(_claim(mail_id, form), target.number, principal, once)
        except Refused as refused:
            return await self._refused(request, principal, mail_id, refused, form)
        return self.frame.redirect(request, f"/tickets/{target.number}#history")

    @app.route("/<int:mail_id>/discard", methods=["POST"])
    async def discard(self, request: Request, mail_id: int) -> bytes:
        """Nothing becomes of it, for the reason that was typed."""
        principal = self.frame.guard(request, *FRONT)
        form = self.frame.form(request)
        try:
            await self._desk.discard(_claim(mail_id, form), form["reason"], principal)
        except Refused as refused:
            return await self._refused(request, principal, mail_id, refused, form)
        return self.frame.redirect(request, "/tickets/letters")

    @app.route("/<int:mail_id>/restore", methods=["POST"])
    async def restore(self, request: Request, mail_id: int) -> bytes:
        """It waits for a decision again."""
        principal = self.frame.guard(request, *FRONT)
        form = self.frame.form(request)
        try:
            await self._desk.restore(_claim(mail_id, form), principal)
        except Refused as refused:
            return await self._refused(request, principal, mail_id, refused, form)
        return self.frame.redirect(request, f"/tickets/letters/{mail_id}")

    @app.route("/<int:mail_id>/files/<int:file_id>", methods=["GET"])
    async def give_file(self, request: Request, mail_id: int, file_id: int) -> Resource:
        """A file that came with it, to be saved; Refused (``ticket.file_gone``)."""
        self.frame.guard(request, *FRONT)
        letter = await self._desk.letter(mail_id)
        found = next((each for each in letter.files if each.file_id == file_id), None)
        if found is None:
            raise Refused("ticket.file_gone")
        opened = await self._dossier.open(found.attachment.digest)
        return KeptFile(found.attachment, opened, seen=False)

    async def _show(
        self, request: Request, principal: Principal, mail_id: int, typed: Typed
    ) -> bytes:
        letter = await self._desk.letter(mail_id)
        target, error = None, typed.error
        if typed["number"] and letter.waits and not error:
            try:
                target = await self._target(principal, typed["number"])
            except Refused as refused:
                error = self._phrasing.why_not(request, refused)
        sight = sight_of(principal)
        return self.frame.render(
            request,
            "ticket_letter.html",
            status=409 if error else 200,
            letter=letter,
            typed=typed,
            error=error,
            target=target,
            proposals=await self._proposals(principal, letter) if letter.waits else {},
            contact=lambda text: sight.shown(kind_of_contact(text), text),
            told=lambda text: sight.shown(Mask.TEXT, text),
            words=await self._phrasing.words(request),
            request_id=self._entropy(REQUEST_BYTES),
        )

    async def _refused(
        self, request: Request, principal: Principal, mail_id: int, refused: Refused, form: Form
    ) -> bytes:
        typed = Typed(self._phrasing.why_not(request, refused), form)
        return await self._show(request, principal, mail_id, typed)

    async def _target(self, principal: Principal, text: str) -> Line:
        """The ticket of that number; Refused where it is none, or none for this person."""
        number = parse_number(text)
        line = await self._service.line(number) if number is not None else None
        if line is None or not visible(principal, _concern(line)):
            raise Refused("ticket.unknown", number=text)
        return line

    async def _proposals(
        self, principal: Principal, letter: Unfiled
    ) -> dict[TicketNumber, tuple[Line, str]]:
        """Tickets it may belong to, each with what speaks for it."""
        found: dict[TicketNumber, tuple[Line, str]] = {}
        for number in numbers_in(letter.mail.subject):
            line = await self._service.line(number)
            if line is not None and visible(principal, _concern(line)):
                found[number] = (line, "number")
        viewer = viewer_of(principal)
        for way, word in letter.ways:
            query = Query(asked=Asked(requester=(word,)), viewer=viewer, limit=PROPOSED)
            page = await self._service.search(query)
            for line in page.lines:
                if line.state in UNMERGED:
                    found.setdefault(line.number, (line, way))
        return found


def _claim(mail_id: int, form: Form) -> Claim:
    return Claim(mail_id, whole(form["version"]))


def _concern(line: Line) -> Concern:
    return Concern(line.departments, line.about_staff, line.about_unit)
