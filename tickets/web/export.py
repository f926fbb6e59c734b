"""A whole list as a file: CSV sent as it is read, or a workbook built in a file and then sent.

Lines are read part by part, each in its own short transaction that begins where the last one
ended, so memory holds one part however long the list is, and no writer waits. What a cell holds is
text: a formula that a customer wrote into a title stays their text (CWE-1236).
"""

import csv
from collections.abc import Callable, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter

from cti.web.formats import Formats
from tickets.masking import Mask, Sight
from tickets.search.lines import Line
from tickets.web.shown import Words

COLUMNS = (
    "number",
    "kind",
    "title",
    "requester",
    "state",
    "urgency",
    "department",
    "opened",
    "opened_by",
    "due",
    "clock",
    "overdue",
    "urges",
    "level",
)
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a formula begins with; the wide forms do so in Chinese spreadsheets."""
BOM = b"\xef\xbb\xbf"
"""Without it spreadsheets take UTF-8 for something else."""
MOST_ROWS = 1_048_576
"""Of one sheet, its heading included (ECMA-376, as spreadsheets hold it)."""
LONGEST_TITLE = 31
"""Characters of a sheet's name."""
WIDTHS = {"title": 48, "opened": 18, "due": 18, "number": 14}

Cells = tuple[str | int | datetime, ...]


class Row(Protocol):
    """Makes the cells of a line; called in a database thread."""

    def __call__(self, line: Line) -> Cells: ...


def heading(words: Words) -> list[str]:
    """The columns' names."""
    return [words.text(f"ticket.export.{name}") for name in COLUMNS]


def row_maker(words: Words, sight: Sight, name_of: Callable[..., str]) -> Row:
    """Lines as one person may read them, in their language."""

    def cells(line: Line) -> Cells:
        return (
            line.number,
            words.text(f"ticket.kind.{line.kind.value}"),
            sight.shown(Mask.TEXT, line.title),
            sight.name(line.requester),
            words.text(f"ticket.state.{line.state.value}"),
            words.text(f"ticket.urgency.{line.urgency.value}"),
            words.department(line.department_id),
            line.opened,
            words.by(line.opened_by, name_of(line.opened_by)),
            line.due or "",
            words.text(f"ticket.clock.{line.clock.value}") if line.clock else "",
            words.text("ticket.yes") if line.overdue else "",
            line.urges,
            line.level,
        )

    return cells


def csv_lines(rows: Sequence[Sequence[str | int | datetime]], formats: Formats) -> bytes:
    """The rows as CSV (RFC 4180) in UTF-8."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_plain(cell, formats) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: str | int | datetime, formats: Formats) -> str | int:
    match cell:
        case datetime():
            return formats.instant(cell)
        case str() if cell.startswith(FORMULA):
            return f"'{cell}"
    return cell


class Workbook:
    """An XLSX file that is written row by row, holding one row in memory.

    What one sheet does not hold goes on in the next, under the same heading.
    """

    def __init__(
        self,
        path: Path,
        title: str,
        names: Sequence[str],
        formats: Formats,
        most_rows: int = MOST_ROWS,
    ) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._title, self._names, self._most = title, names, most_rows
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._formats = formats
        self._bold = self._book.add_format({"bold": True})
        self._sheets = 0
        self._begin_sheet()

    def add(self, rows: Sequence[Sequence[str | int | datetime]]) -> None:
        """Write some rows; called in a database thread, never two at a time."""
        for row in rows:
            if self._next >= self._most:
                self._begin_sheet()
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._next += 1

    def _begin_sheet(self) -> None:
        self._sheets += 1
        number = f" {self._sheets}" if self._sheets > 1 else ""
        self._sheet = self._book.add_worksheet(self._title[: LONGEST_TITLE - len(number)] + number)
        for column, name in enumerate(COLUMNS):
            self._sheet.set_column(column, column, WIDTHS.get(name, 12))
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._names):
            self._sheet.write_string(0, column, name, self._bold)
        self._next = 1

    def _write(self, column: int, cell: Any) -> None:
        match cell:
            case datetime():
                local = cell.astimezone(self._formats.zone).replace(tzinfo=None)
                self._sheet.write_datetime(self._next, column, local, self._instant)
            case int():
                self._sheet.write_number(self._next, column, cell)
            case _:
                self._sheet.write_string(self._next, column, cell)

    def close(self) -> None:
        """Put the file together."""
        self._book.close()
