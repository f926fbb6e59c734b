"""``/tickets`` and ``/tickets/lists``: the lists, search, saved views and exports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.ports import StaffNames
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web import requests
from cti.web.frame import Frame, with_query
from cti.web.pages import pages
from cti.web.requests import BadRequest, Form
from tickets.masking import Mask, sight_of
from tickets.model import CaseState, Source, TicketKind, Urgency
from tickets.numbers import parse_number
from tickets.search.finding import Mark, Query
from tickets.search.query import EVERYTHING, Asked, Order, Vocabulary, parsed
from tickets.search.saved import SavedView
from tickets.service import TicketService
from tickets.visibility import Concern, concerns
from tickets.web import asking, columns, export
from tickets.web.board import MOST_COUNTED as MOST_IN_TAB
from tickets.web.countdown import countdown
from tickets.web.reach import READERS, Tab, View, query_for, tabs_of
from tickets.web.sending import Gone, Sending, send_csv, send_workbook
from tickets.web.shown import Words
from tickets.web.turn import turn
from tickets.workflow import FRONT

EXPORTERS = tuple(role for role in READERS if role not in (Role.AGENT, Role.OFFICER))
"""Who may take lists out of the house, each time written down."""
SHARERS = frozenset({Role.SUPERVISOR, Role.DISPATCHER, Role.HEAD})
CONTENT = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one request asks to see: a tab, a query as typed and understood, and why not."""

    tab: Tab
    text: str
    asked: Asked
    error: str = ""
    orders: Mapping[str, str] = field(default_factory=dict)
    """The query in each order that the list's head offers, by its name."""


class ListPages:
    """The pages of lists; they work without scripts, scripts bring news and keys."""

    app = pages()
    log = Logger()

    def __init__(self, frame: Frame, service: TicketService, staff: StaffNames) -> None:
        self.frame, self._service, self._staff = frame, service, staff
        self._lists = service.lists

    @cached_property
    def _names(self) -> Vocabulary:
        """What filters and values are called: folded once, which takes longer than to ask."""
        zone = self._service.timekeeper.calendars.hotline.timezone
        return asking.names_of(self.frame.text, zone)

    async def shown(self, request: Request) -> bytes:
        """A list: ``?view=mine&q=words&from=<mark>``; a whole ticket number leads to its ticket."""
        principal = self.frame.guard(request, *READERS)
        fields = requests.query(request)
        number = parse_number(fields["q"])
        if number is not None and await self._leads_to(principal, number):
            return self.frame.redirect(request, f"/tickets/{number}")
        words = await self._words(request)
        shown = self._shown(request, principal, fields, words)
        query = query_for(principal, shown.tab, shown.asked, _mark(fields["from"]))
        tabs = tabs_of(principal)
        listed = await self._lists.listed(
            None if shown.error else query,
            [each.key for each in tabs if each.key],
            MOST_IN_TAB,
            principal.staff_id,
        )
        sight = sight_of(principal)
        return self.frame.render(
            request,
            "tickets.html",
            status=409 if shown.error else 200,
            tabs=tabs,
            tab=shown.tab,
            counts=listed.counts,
            most_in_tab=MOST_IN_TAB,
            text=shown.text,
            error=shown.error,
            read_in=query.order,
            orders=shown.orders,
            page=listed.page,
            mark=_written,
            first=not fields["from"],
            views=listed.views,
            may_share=bool(principal.roles & SHARERS),
            may_export=bool(principal.roles & set(EXPORTERS)),
            may_audit=Role.SUPERVISOR in principal.roles,
            may_register=bool(principal.roles & FRONT),
            filters=self._filters(shown.asked, words),
            words_alone=asking.words_alone(shown.asked),
            dates={key: _day(shown.text, key) for key in asking.DATES},
            examples=asking.EXAMPLES,
            keys=asking.KEYS,
            words=words,
            name_of=self._staff.name_of,
            requester=sight.name,
            turn=partial(turn, principal=principal, words=words),
            countdown=partial(countdown, words=words, now=utc(self.frame.clock)),
            told=partial(sight.shown, Mask.TEXT),
        )

    @app.route("/filter", methods=["GET"])
    def filter(self, request: Request) -> bytes:
        """What was chosen in the form, as a query."""
        self.frame.guard(request, *READERS)
        fields = requests.query(request)
        chosen = {
            key: fields[key] for key in ("kind", "state", "source", "dept", "urgency", "level")
        }
        chosen |= {key: _span(fields[f"{key}_from"], fields[f"{key}_to"]) for key in asking.DATES}
        text = asking.composed(fields["q"], chosen)
        return self.frame.redirect(request, with_query("/tickets", view=fields["view"], q=text))

    @app.route("/views", methods=["POST"])
    async def save(self, request: Request) -> bytes:
        """Keep the list under a name."""
        principal = self.frame.guard(request, *READERS)
        form = self.frame.form(request)
        shared = bool(form["shared"]) and bool(principal.roles & SHARERS)
        tab = _tab(principal, form["view"])
        await self._lists.save_view(
            SavedView(0, principal.staff_id, form["name"], tab.view.value, form["q"], shared)
        )
        return self.frame.redirect(request, _address(tab, form["q"]))

    @app.route("/views/<int:view_id>/drop", methods=["POST"])
    async def drop(self, request: Request, view_id: int) -> bytes:
        """Forget a view of one's own."""
        principal = self.frame.guard(request, *READERS)
        self.frame.form(request)
        await self._lists.drop_view(principal.staff_id, view_id)
        return self.frame.redirect(request, "/tickets")

    @app.route("/views/<int:view_id>/move", methods=["POST"])
    async def move(self, request: Request, view_id: int) -> bytes:
        """Have a view before its neighbour, or after it."""
        principal = self.frame.guard(request, *READERS)
        form = self.frame.form(request)
        await self._lists.move_view(principal.staff_id, view_id, up=form["to"] == "up")
        return self.frame.redirect(request, _address(_tab(principal, form["view"]), form["q"]))

    @app.route("/views/shared", methods=["POST"])
    async def place_shared(self, request: Request) -> bytes:
        """Have shared views before one's own, or after them."""
        principal = self.frame.guard(request, *READERS)
        form = self.frame.form(request)
        await self._lists.place_shared(principal.staff_id, last=form["to"] == "last")
        return self.frame.redirect(request, _address(_tab(principal, form["view"]), form["q"]))

    @app.route("/exports", methods=["GET"])
    async def exports(self, request: Request) -> bytes:
        """Who took which list out of the house."""
        self.frame.guard(request, Role.SUPERVISOR)
        return self.frame.render(
            request,
            "ticket_exports.html",
            exports=await self._lists.exports(),
            words=await self._words(request),
        )

    @app.route("/export.<kind>", methods=["POST"])
    async def export(self, request: Request, kind: str) -> bytes:
        """The whole list as a file."""
        principal = self.frame.guard(request, *EXPORTERS)
        form = self.frame.form(request)
        if kind not in CONTENT:
            raise BadRequest("lists are exported as csv or xlsx", 404)
        words = await self._words(request)
        shown = self._shown(request, principal, form, words)
        if shown.error:
            raise BadRequest(shown.error)
        query = query_for(principal, shown.tab, shown.asked)
        name = f"{shown.tab.view.value}-{utc(self.frame.clock).astimezone(words.zone):%Y%m%d-%H%M}"
        export_id = await self._lists.begin_export(
            principal, kind, shown.tab.view.value, shown.text
        )
        request.setHeader("content-type", CONTENT[kind])
        request.setHeader("content-disposition", f'attachment; filename="tickets-{name}.{kind}"')
        request.setHeader("cache-control", "no-store")
        sending = Sending(request)
        sent = Deferred.fromCoroutine(self._send(kind, query, sending, words, principal))
        sent.addCallback(partial(self._lists.end_export, export_id))
        sent.addCallbacks(lambda _: sending.done(), partial(self._broke_off, sending, export_id))
        await sent
        return b""

    def _broke_off(self, sending: Sending, export_id: int, failure: Failure) -> None:
        """The headers are sent: all that can be said is that the file is not whole."""
        if failure.check(Gone):
            self.log.info("export {export_id} was not taken whole", export_id=export_id)
        else:
            self.log.failure("export {export_id} broke off", failure, export_id=export_id)
        sending.abort()

    async def _send(
        self,
        kind: str,
        query: Query,
        sending: Sending,
        words: Words,
        principal: Principal,
    ) -> int:
        now = utc(self.frame.clock)
        reader = columns.Reader(words, sight_of(principal), self._staff.name_of, now)
        row, names = partial(columns.cells, reader=reader), columns.headings(words)
        if kind == "csv":
            await sending.write(export.BOM + export.csv_lines([names], words.formats))
            made = partial(export.csv_lines, formats=words.formats)
            return await send_csv(self._lists, query, sending, row, made)
        await sending.write(b"")

        def begun(path: Path) -> export.Workbook:
            title, widths = words.text("ticket.list.title"), columns.WIDTHS
            return export.Workbook(path, title, names, words.formats, widths=widths)

        return await send_workbook(self._lists, query, sending, row, begun)

    async def _leads_to(self, principal: Principal, number: TicketNumber) -> bool:
        """Whether there is such a ticket, as far as that is the person's to know."""
        line = await self._service.line(number)
        return line is not None and not concerns(
            principal, Concern(line.departments, line.about_staff, line.about_unit)
        )

    def _shown(self, request: Request, principal: Principal, fields: Form, words: Words) -> Shown:
        text = fields["q"]
        tab = _tab(principal, fields["view"] or (View.ALL.value if text else ""))
        try:
            known = asking.vocabulary(self._names, words.departments)
            asked = parsed(text, known, utc(self.frame.clock))
            orders = {each.value: asking.in_order(text, each, known) for each in Order}
            return Shown(tab, text, asked, orders=orders)
        except Refused as refused:
            error = self._why_not(request, refused, words)
            return Shown(tab, text, EVERYTHING, error)

    def _why_not(self, request: Request, refused: Refused, words: Words) -> str:
        """The refusal, with the values that there are by the names that people know them by."""
        details = refused.details
        if refused.error_id == "ticket.search.value":
            names = asking.named(str(details["meant"]), words)
            details = {**details, "known": words.text("ticket.search.between").join(names)}
        return self.frame.refusal(
            self.frame.language(request), Refused(refused.error_id, **details)
        )

    def _filters(self, asked: Asked, words: Words) -> dict[str, list[asking.Choice]]:
        names = {
            "kind": {each.value: words.text(f"ticket.kind.{each.value}") for each in TicketKind},
            "state": {
                each.value: words.text(f"ticket.state.{each.value}")
                for each in CaseState
                if each is not CaseState.DRAFT
            },
            "source": {each.value: words.text(f"ticket.source.{each.value}") for each in Source},
            "dept": {str(each): words.department(each) for each in words.departments},
            "urgency": {each.value: words.text(f"ticket.urgency.{each.value}") for each in Urgency},
            "level": {each: words.text("ticket.list.level", level=each) for each in asking.LEVELS},
        }
        return {key: asking.choices(asked, key, each) for key, each in names.items()}

    async def _words(self, request: Request) -> Words:
        language: Language = self.frame.language(request)
        text = self.frame.texts.said(language)
        zone = self._service.timekeeper.calendars.hotline.timezone
        codes, departments = self._service.follower.codes, await self._service.departments()
        return Words(text, language, zone, departments, codes=codes)


def _tab(principal: Principal, named: str) -> Tab:
    tabs = tabs_of(principal)
    return next((each for each in tabs if each.view.value == named), tabs[0])


def _address(tab: Tab, text: str) -> str:
    return with_query("/tickets", view=tab.view.value, q=text)


def _day(text: str, key: str) -> tuple[str, str]:
    """The days between which a query asks, as its form shows them."""
    value = next(
        (part.partition(":")[2] for part in text.split() if part.startswith(f"{key}:")), ""
    )
    first, dots, last = value.partition("..")
    return (first, last) if dots else ("", "")


def _span(first: str, last: str) -> str:
    return f"{first}..{last}" if first or last else ""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def _written(mark: Mark) -> str:
    """A mark as it stands in an address: direction, entry, instant in microseconds, urgency."""
    due = "" if mark.due is None else f"_{(mark.due - EPOCH) // MICROSECOND}"
    rank = "" if mark.urgency is None else f"_{mark.urgency}"
    return f"{'b' if mark.back else 'a'}{mark.entry}{due}{rank}"


def _mark(text: str) -> Mark | None:
    """What `_written` wrote; None for an empty text, BadRequest for anything else."""
    if not text:
        return None
    direction, (entry, _, more) = text[0], text[1:].partition("_")
    due, _, rank = more.partition("_")
    try:
        if direction not in "ab" or len(text) > 60:
            raise ValueError(text)
        instant = EPOCH + int(due) * MICROSECOND if due else None
        return Mark(int(entry), instant, direction == "b", int(rank) if rank else None)
    except (ValueError, OverflowError) as error:
        raise BadRequest("this is no page of a list") from error
