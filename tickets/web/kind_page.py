"""``/tickets/<number>/kind``: a ticket that came as another kind than it is, and what that asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from twisted.web.server import Request

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.kernel.principal import Principal
from cti.web import requests
from cti.web.frame import Frame
from cti.web.requests import Form
from tickets.dossier import Dossier
from tickets.forms import FORMS, Field, present, wanted
from tickets.masking import DETAILS, Mask, sight_of
from tickets.model import TicketKind
from tickets.service import TicketService
from tickets.view import TicketView
from tickets.web.consequences import Moved, Outlook
from tickets.web.filling import Filling, filled, with_changes
from tickets.web.inputs import Input, input_of
from tickets.web.new_ticket import detail
from tickets.web.offered import becomes
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, request_id, tell_done, whole
from tickets.web.shown import Words
from tickets.workflow import Action


@dataclass(frozen=True, slots=True)
class KindPage:
    """Answers the requests about a ticket that is to become of another kind."""

    frame: Frame
    service: TicketService
    dossier: Dossier
    phrasing: Phrasing
    entropy: Entropy

    async def ask(self, request: Request, principal: Principal, number: str) -> bytes:
        """The form of the kind that is asked for: ``?to=appointment``."""
        to = requests.query(request)["to"]
        return await self._form(request, principal, number, to, Filling())

    async def convert(self, request: Request, principal: Principal, number: str) -> bytes:
        """Make it of that kind and show it; what was typed stays where that is refused."""
        form = self.frame.form(request)
        view = await self.service.seen_by(principal, number)
        try:
            fields = dict(self._given(form, view))
            version, once = whole(form["version"]), request_id(form)
            await self.service.act(number, Action.CONVERT, fields, principal, version, once)
        except Refused as refused:
            filling = filled(self.phrasing.why_not(request, refused), refused, form)
            words = self.phrasing.words_with(request, view.departments)
            filling = with_changes(filling, refused, view, words)
            return await self._form(request, principal, number, form["kind"], filling)
        tell_done(self.frame, request, form)
        return self.frame.redirect(request, f"/tickets/{number}")

    def _given(self, form: Form, view: TicketView) -> Iterator[tuple[str, str]]:
        """What the form asked for, and nothing else."""
        yield from ((name, form[name]) for name in ("kind", "reason"))
        known = {kind.value: kind for kind in TicketKind}
        kind = known.get(form["kind"], view.case.draft.kind)
        for field in FORMS[kind]:
            if field.name in form or "slot_day" in form:
                yield field.name, detail(field, form)

    async def _form(
        self, request: Request, principal: Principal, number: str, to: str, filling: Filling
    ) -> bytes:
        opened = await self.service.opened(principal, number)
        view, now = opened.view, utc(self.frame.clock)
        kinds = becomes(view, principal, now)
        if not kinds:
            return self.frame.redirect(request, f"/tickets/{number}")
        chosen = TicketKind(to) if to in kinds else None
        clear = self.dossier.reads_clear(opened.papers.looks, principal)
        sight = sight_of(principal, unmasked=clear)
        words = self.phrasing.words_with(request, view.departments)
        return self.frame.render(
            request,
            "ticket_kind.html",
            status=409 if filling.error else 200,
            case=view.case,
            title=sight.shown(Mask.TEXT, view.case.draft.title),
            kinds=kinds,
            chosen=to if chosen else "",
            fields=self._fields(view, chosen, clear=clear) if chosen else (),
            left=[words.named("ticket.field", each) for each in _left(view, chosen)],
            moved=self._moved(view, chosen, words, now) if chosen else (),
            known=view.case.draft.details,
            filling=filling,
            words=words,
            request_id=self.entropy(REQUEST_BYTES),
        )

    def _fields(self, view: TicketView, kind: TicketKind, *, clear: bool) -> list[Input]:
        """The kind's own fields; what may not be read here stays as it is."""
        codes = self.service.follower.codes
        return [
            input_of(each, needed=wanted(each, kind, codes))
            for each in FORMS[kind]
            if clear or not _hidden(each, view.case.draft.details)
        ]

    def _moved(
        self, view: TicketView, kind: TicketKind, words: Words, now: datetime
    ) -> tuple[Moved, ...]:
        return Outlook(view, self.service.timekeeper, words, now).of_kind(kind)


def _hidden(field: Field, details: Mapping[str, str]) -> bool:
    return (field.personal or field.name in DETAILS) and bool(details.get(field.name))


def _left(view: TicketView, kind: TicketKind | None) -> list[str]:
    """The fields with something in them for which the other kind has no place."""
    if kind is None:
        return []
    own = {each.name for each in FORMS[kind]}
    draft = view.case.draft
    return [name for name in draft.details if name not in own and present(draft, name)]
