"""``/regulation/figures``: the quarterly table of complaints, and what is behind its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.web.server import Request

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web import requests
from cti.web.frame import Frame, with_query
from cti.web.requests import BadRequest, Form
from tickets.regulation.codes import BUSINESS, CAUSE, CHANNEL, REGION
from tickets.regulation.facts import Fact
from tickets.regulation.fault import Party
from tickets.regulation.quarter import (
    OUTCOMES,
    PERIODS,
    TIMELINESS,
    By,
    Count,
    Quarter,
    Row,
    Table,
)
from tickets.regulation.service import RegulationService, quarter_of
from tickets.search.service import ListService
from tickets.visibility import Concern, concerns
from tickets.web import export
from tickets.web.lists import CONTENT
from tickets.web.phrasing import Phrasing
from tickets.web.shown import Words

READERS = (Role.SUPERVISOR, Role.PROTECTION, Role.EXECUTIVE, Role.QUALITY)
"""Who reads what is reported."""
TAB = "figures"
"""What the record of exports calls the table."""
CODED = {By.CHANNEL: CHANNEL, By.BUSINESS: BUSINESS, By.CAUSE: CAUSE, By.REGION: REGION}
SORTS = (
    ("all", (Count.RECEIVED, Count.REPEATED)),
    ("timeliness", TIMELINESS),
    ("period", PERIODS),
    ("outcome", OUTCOMES),
)
"""The columns in groups; in all but the first each complaint stands in exactly one column."""
COLUMNS = tuple(count for _, counts in SORTS for count in counts)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which table a request asks for."""

    quarter: Quarter
    by: By


@dataclass(frozen=True, slots=True)
class FigurePages:
    """Answers the requests about figures."""

    frame: Frame
    service: RegulationService
    lists: ListService
    phrasing: Phrasing

    async def table(self, request: Request) -> bytes:
        """The table: ``?quarter=2026Q4&by=business``."""
        self.frame.guard(request, *READERS)
        asked = self._asked(requests.query(request))
        words = await self.phrasing.words(request)
        return self.frame.render(
            request,
            "figures.html",
            part="figures",
            asked=asked,
            table=await self.service.table(asked.quarter, asked.by),
            bys=list(By),
            sorts=SORTS,
            parties=list(Party),
            standard=self.service.codes.standard,
            present=self.service.quarter(),
            name=partial(self._name, words, asked.by),
            behind=partial(_behind, asked),
            words=words,
        )

    async def behind(self, request: Request) -> bytes:
        """The tickets behind a number: ``?quarter=2026Q4&by=business&key=B03&count=late``."""
        principal = self.frame.guard(request, *READERS)
        fields = requests.query(request)
        asked = self._asked(fields)
        key = next(iter(fields.all("key")), None)
        try:
            count = Count(fields["count"])
        except ValueError as error:
            raise BadRequest("this is no column of the table") from error
        found = await self.service.behind(asked.quarter, asked.by, key, count)
        shown = [fact for fact in found.facts if not _concerned(principal, fact)]
        words = await self.phrasing.words(request)
        return self.frame.render(
            request,
            "figures_tickets.html",
            part="figures",
            asked=asked,
            count=count,
            row=None if key is None else self._name(words, asked.by, key),
            found=found,
            facts=shown,
            hidden=len(found.facts) - len(shown),
            code=partial(self._code, words),
            words=words,
        )

    async def export(self, request: Request, kind: str) -> bytes:
        """The table as a file; it is written down who took it."""
        principal = self.frame.guard(request, *READERS)
        asked = self._asked(self.frame.form(request))
        if kind not in CONTENT:
            raise BadRequest("the table is exported as csv or xlsx", 404)
        words = await self.phrasing.words(request)
        export_id = await self.lists.begin_export(
            principal, kind, TAB, f"{asked.quarter} {asked.by.value}"
        )
        table = await self.service.table(asked.quarter, asked.by)
        data = await self.lists.aside(partial(self._file, kind, table, asked, words))
        await self.lists.end_export(export_id, len(table.rows))
        request.setHeader("content-type", CONTENT[kind])
        name = f"complaints-{asked.quarter}-{asked.by.value}.{kind}"
        request.setHeader("content-disposition", f'attachment; filename="{name}"')
        request.setHeader("cache-control", "no-store")
        return data

    def _file(self, kind: str, table: Table, asked: Asked, words: Words) -> bytes:
        title = words.text("ticket.figures.title", quarter=asked.quarter)
        names = [
            words.text(f"ticket.figures.by.{asked.by.value}"),
            *(words.text(f"ticket.figures.count.{each.value}") for each in COLUMNS),
            *(words.text(f"ticket.party.{each.value}") for each in Party),
        ]
        rows = [self._cells(row, self._name(words, asked.by, row.key)) for row in table.rows]
        rows.append(self._cells(table.total, words.text("ticket.figures.total")))
        if kind == "csv":
            told = [[title], [words.text("ticket.figures.counted")], names, *rows]
            return export.BOM + export.csv_lines(told, words.formats)
        with TemporaryDirectory(prefix="hotline-figures-") as folder:
            path = Path(folder) / "table.xlsx"
            book = export.Workbook(path, title, names, words.formats)
            book.add([*rows, [words.text("ticket.figures.counted")]])
            book.close()
            return path.read_bytes()

    @staticmethod
    def _cells(row: Row, name: str) -> Sequence[str | int]:
        shares = (f"{row.shares.percent(each):.1f} %" for each in Party)
        return [name, *(row.counts[each] for each in COLUMNS), *shares]

    def _asked(self, fields: Form) -> Asked:
        try:
            by = By(fields["by"] or By.BUSINESS.value)
        except ValueError as error:
            raise BadRequest("the table has no such rows") from error
        return Asked(quarter_of(fields["quarter"], self.service.quarter()), by)

    def _name(self, words: Words, by: By, key: str) -> str:
        """A row in words."""
        if not key:
            return words.text("ticket.figures.no_code")
        return self._code(words, CODED[by], key) if by in CODED else key

    def _code(self, words: Words, field: str, code: str) -> str:
        name = self.service.codes.name(field, code, words.language)
        return f"{code} {name}" if name != code else code


def _behind(asked: Asked, count: Count, row: Row | None) -> str:
    fields = {"quarter": str(asked.quarter), "by": asked.by.value, "count": count.value}
    if row is not None:
        fields["key"] = row.key
    return with_query("/regulation/figures/tickets", **fields)


def _concerned(principal: Principal, fact: Fact) -> bool:
    return concerns(principal, Concern((), fact.about_staff, fact.about_unit))
