"""``/regulation/figures``: the quarterly table of complaints, and what is behind its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from twisted.logger import Logger
from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web import requests
from cti.web.frame import Frame, with_query
from cti.web.requests import BadRequest, Form
from tickets.regulation.codes import BUSINESS, CAUSE, CHANNEL, REGION, CodeBook
from tickets.regulation.facts import Fact
from tickets.regulation.fault import Party
from tickets.regulation.freezing import Submission
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
from tickets.regulation.submitting import MAY_SUBMIT, MOST_DIFFERENCES
from tickets.search.service import ListService
from tickets.visibility import Concern, concerns
from tickets.web import export
from tickets.web.lists import CONTENT
from tickets.web.phrasing import Phrasing
from tickets.web.reading import whole
from tickets.web.shown import Words

READERS = (Role.SUPERVISOR, Role.PROTECTION, Role.EXECUTIVE, Role.QUALITY)
"""Who reads what is reported."""
NOW = "now"
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
    submitted: Submission | None
    """The revision it is told by; None for things as they are now."""
    revisions: tuple[Submission, ...]
    """All there are of the quarter, the latest first."""

    @property
    def shown(self) -> str:
        """What the request names it by: a revision, or ``now``."""
        return str(self.submitted.revision) if self.submitted else NOW


@dataclass(frozen=True, slots=True)
class FigurePages:
    """Answers the requests about figures."""

    frame: Frame
    service: RegulationService
    lists: ListService
    phrasing: Phrasing
    log: ClassVar = Logger()

    async def table(self, request: Request) -> bytes:
        """The table: ``?quarter=2026Q4&by=business&revision=1``.

        Of a quarter that was submitted the latest revision, unless ``now`` or another is asked for.
        """
        principal = self.frame.guard(request, *READERS)
        return await self._table(request, principal, await self._asked(requests.query(request)))

    async def submit(self, request: Request) -> bytes:
        """Freeze the quarter as it is now, as the revision after the one the page showed."""
        principal = self.frame.guard(request, MAY_SUBMIT)
        form = self.frame.form(request)
        asked = await self._asked(form)
        base = whole(form["base"])
        try:
            done = await self.service.submissions.submit(
                asked.quarter, base, principal, form["note"]
            )
        except Refused as refused:
            error = self.phrasing.why_not(request, refused)
            return await self._table(request, principal, asked, error, form["note"])
        self.log.info(
            "{staff_id} submitted {quarter}, revision {revision}",
            staff_id=principal.staff_id,
            quarter=str(asked.quarter),
            revision=done.revision,
        )
        fields = {"quarter": str(asked.quarter), "by": asked.by.value}
        return self.frame.redirect(request, with_query("/regulation/figures", **fields))

    async def differences(self, request: Request) -> bytes:
        """What would be counted otherwise now than it was submitted."""
        principal = self.frame.guard(request, *READERS)
        asked = await self._asked(requests.query(request))
        if asked.submitted is None:
            raise BadRequest("this quarter was not submitted", 404)
        found = await self.service.submissions.differences(asked.submitted)
        shown = [each for each in found if not _concerned(principal, each.about)]
        words = await self.phrasing.words(request)
        return self.frame.render(
            request,
            "figures_differences.html",
            part="figures",
            asked=asked,
            found=shown,
            most=len(found) >= MOST_DIFFERENCES,
            hidden=len(found) - len(shown),
            name=lambda by, key: self._name(words, asked, key, by),
            words=words,
        )

    async def _table(
        self, request: Request, principal: Principal, asked: Asked, error: str = "", note: str = ""
    ) -> bytes:
        words = await self.phrasing.words(request)
        over = asked.quarter < self.service.quarter()
        return self.frame.render(
            request,
            "figures.html",
            part="figures",
            asked=asked,
            status=409 if error else 200,
            error=error,
            note=note,
            may_submit=over and MAY_SUBMIT in principal.roles,
            table=await self.service.table(asked.quarter, asked.by, asked.submitted),
            bys=list(By),
            sorts=SORTS,
            parties=list(Party),
            present=self.service.quarter(),
            name=partial(self._name, words, asked),
            behind=partial(_behind, asked),
            notes=self._notes(asked, words),
            words=words,
        )

    async def behind(self, request: Request) -> bytes:
        """The tickets behind a number: ``?quarter=2026Q4&by=business&key=B03&count=late``."""
        principal = self.frame.guard(request, *READERS)
        fields = requests.query(request)
        asked = await self._asked(fields)
        key = next(iter(fields.all("key")), None)
        try:
            count = Count(fields["count"])
        except ValueError as error:
            raise BadRequest("this is no column of the table") from error
        found = await self.service.behind(asked.quarter, asked.by, key, count, asked.submitted)
        shown = [fact for fact in found.facts if not _concerned(principal, fact)]
        words = await self.phrasing.words(request)
        return self.frame.render(
            request,
            "figures_tickets.html",
            part="figures",
            asked=asked,
            count=count,
            row=None if key is None else self._name(words, asked, key),
            found=found,
            facts=shown,
            hidden=len(found.facts) - len(shown),
            code=partial(self._code, words, asked),
            words=words,
        )

    async def export(self, request: Request, kind: str) -> bytes:
        """The table as a file; it is written down who took it."""
        principal = self.frame.guard(request, *READERS)
        asked = await self._asked(self.frame.form(request))
        if kind not in CONTENT:
            raise BadRequest("the table is exported as csv or xlsx", 404)
        words = await self.phrasing.words(request)
        export_id = await self.lists.begin_export(
            principal, kind, TAB, f"{asked.quarter} {asked.by.value} {asked.shown}"
        )
        table = await self.service.table(asked.quarter, asked.by, asked.submitted)
        data = await self.lists.aside(partial(self._file, kind, table, asked, words))
        await self.lists.end_export(export_id, len(table.rows))
        request.setHeader("content-type", CONTENT[kind])
        told = f"r{asked.shown}" if asked.submitted else NOW
        name = f"complaints-{asked.quarter}-{asked.by.value}-{told}.{kind}"
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
        notes = self._notes(asked, words)
        rows = [self._cells(row, self._name(words, asked, row.key)) for row in table.rows]
        rows.append(self._cells(table.total, words.text("ticket.figures.total")))
        if kind == "csv":
            told = [[title], [" ".join(notes)], names, *rows]
            return export.BOM + export.csv_lines(told, words.formats)
        with TemporaryDirectory(prefix="hotline-figures-") as folder:
            path = Path(folder) / "table.xlsx"
            book = export.Workbook(path, title, names, words.formats)
            book.add([*rows, *([each] for each in notes)])
            book.close()
            return path.read_bytes()

    @staticmethod
    def _cells(row: Row, name: str) -> Sequence[str | int]:
        shares = (f"{row.shares.percent(each):.1f} %" for each in Party)
        return [name, *(row.counts[each] for each in COLUMNS), *shares]

    def _notes(self, asked: Asked, words: Words) -> list[str]:
        """What stands below the table, on the page and in files."""
        submitted = asked.submitted
        standing = [
            words.text("ticket.figures.counted"),
            words.text("ticket.figures.codes", standard=self._codes(asked).standard),
        ]
        if submitted is None:
            as_of = words.formats.instant(self.service.now())
            return [*standing, words.text("ticket.figures.as_of", at=as_of)]
        frozen = words.text(
            "ticket.figures.frozen",
            revision=submitted.revision,
            at=words.formats.instant(submitted.at),
            by=submitted.by_name,
            codes=submitted.codes_version,
        )
        why = [words.text("ticket.figures.why", note=submitted.note)] if submitted.note else []
        return [frozen, *why, *standing]

    def _codes(self, asked: Asked) -> CodeBook:
        return asked.submitted.codes if asked.submitted else self.service.codes

    async def _asked(self, fields: Form) -> Asked:
        try:
            by = By(fields["by"] or By.BUSINESS.value)
        except ValueError as error:
            raise BadRequest("the table has no such rows") from error
        quarter = quarter_of(fields["quarter"], self.service.quarter())
        revisions = await self.service.submissions.revisions(quarter)
        return Asked(quarter, by, _meant(revisions, fields["revision"]), revisions)

    def _name(self, words: Words, asked: Asked, key: str, by: By | None = None) -> str:
        """A row in words."""
        by = by or asked.by
        if not key:
            return words.text("ticket.figures.no_code")
        return self._code(words, asked, CODED[by], key) if by in CODED else key

    def _code(self, words: Words, asked: Asked, field: str, code: str) -> str:
        name = self._codes(asked).name(field, code, words.language)
        return f"{code} {name}" if name != code else code


def _meant(revisions: tuple[Submission, ...], revision: str) -> Submission | None:
    """The revision that is asked for, the latest where none is; BadRequest for one unknown."""
    if revision in ("", NOW):
        return None if revision == NOW else next(iter(revisions), None)
    found = [each for each in revisions if str(each.revision) == revision]
    if not found:
        raise BadRequest("there is no such revision of the quarter", 404)
    return found[0]


def _behind(asked: Asked, count: Count, row: Row | None) -> str:
    fields = {"quarter": str(asked.quarter), "by": asked.by.value, "count": count.value}
    if asked.revisions:
        fields["revision"] = asked.shown
    if row is not None:
        fields["key"] = row.key
    return with_query("/regulation/figures/tickets", **fields)


def _concerned(principal: Principal, fact: Fact) -> bool:
    return concerns(principal, Concern((), fact.about_staff, fact.about_unit))
