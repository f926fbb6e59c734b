"""``/regulation/catalogue``: the dispatch catalogue, which supervisors change."""

from dataclasses import dataclass
from datetime import date
from itertools import count

from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, Entropy
from cti.kernel.vocabulary import Role
from cti.web import requests
from cti.web.frame import Frame
from cti.web.requests import BadRequest, Form
from tickets.catalogue.model import Catalogue, Line, checked
from tickets.catalogue.returns import Returns
from tickets.catalogue.service import CatalogueService
from tickets.model import TicketKind
from tickets.regulation.codes import BUSINESS, CodeBook
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, tell_done, whole

READERS = (Role.SUPERVISOR, Role.DISPATCHER, Role.PROTECTION)
PLAIN = ("business", "topic", "product", "branch", "keyword", "limit", "source")
NO_RETURNS = Returns("", 0, 0, 0, 0, 0, ())


@dataclass(frozen=True, slots=True)
class Filling:
    """A form that came back: why not, of which line, and what was typed."""

    error: str = ""
    line_id: str = ""
    fields: Form | None = None


@dataclass(frozen=True, slots=True)
class CataloguePages:
    """Answers the requests about the catalogue."""

    frame: Frame
    service: CatalogueService
    codes: CodeBook
    phrasing: Phrasing
    entropy: Entropy

    async def shown(self, request: Request) -> bytes:
        """The catalogue in force, or as it was: ``?version=3``."""
        self.frame.guard(request, *READERS)
        return await self._page(request, Filling())

    async def change(self, request: Request) -> bytes:
        """Put a line in its place, or take it away; a refusal keeps what was typed."""
        principal = self.frame.guard(request, Role.SUPERVISOR)
        form = self.frame.form(request)
        catalogue, base = self.service.current, whole(form["version"])
        line_id = form["line"] or _next_id(catalogue)
        try:
            if form["drop"]:
                lines = catalogue.without(line_id)
            else:
                words = await self.phrasing.words(request)
                known = {each.code: each for each in self.codes.codes(BUSINESS)}
                lines = catalogue.changed(checked(_line(form, line_id), words.departments, known))
            await self.service.change(lines, base, principal, form["note"])
        except Refused as refused:
            error = self.phrasing.why_not(request, refused)
            return await self._page(request, Filling(error, form["line"], form))
        tell_done(self.frame, request, form)
        return self.frame.redirect(request, "/regulation/catalogue")

    async def _page(self, request: Request, filling: Filling) -> bytes:
        principal = self.frame.principal(request)
        version = requests.query(request)["version"]
        current = self.service.current
        catalogue = await self.service.version(whole(version)) if version else current
        returns = {each.line_id: each for each in await self.service.returns()}
        return self.frame.render(
            request,
            "catalogue.html",
            status=409 if filling.error else 200,
            part="catalogue",
            catalogue=catalogue,
            past=catalogue.version != current.version,
            versions=await self.service.versions(),
            returns=returns,
            no_returns=NO_RETURNS,
            filling=filling,
            kinds=list(TicketKind),
            businesses=self.codes.codes(BUSINESS),
            may_change=Role.SUPERVISOR in principal.roles,
            today=self.service.today(),
            words=await self.phrasing.words(request),
            request_id=self.entropy(REQUEST_BYTES),
        )


def _line(form: Form, line_id: str) -> Line:
    plain = {name: form[name] for name in PLAIN}
    try:
        kind = TicketKind(form["kind"]) if form["kind"] else None
    except ValueError as error:
        raise BadRequest("there is no such kind of ticket") from error
    return Line(
        line_id=line_id,
        department_id=DepartmentId(form["department"]),
        kind=kind,
        assist=tuple(DepartmentId(each) for each in form.all("assist") if each),
        since=_day(form, "since"),
        until=_day(form, "until_day"),
        **plain,
    )


def _day(form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(form[name]) if form[name] else None
    except ValueError:
        raise Refused("ticket.field_date", field=name) from None


def _next_id(catalogue: Catalogue) -> str:
    """An id that no line ever had: that of the version in which it first stands.

    Lines that were read from a file have ids of their own, such as ``21``, so it is told apart.
    """
    version = catalogue.version + 1
    made = (f"{version}-{more}" for more in count(1))
    return next(each for each in made if catalogue.find(each) is None)
