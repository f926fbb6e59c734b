"""A whole list as a file: CSV sent as it is read, or a workbook built in a file and then sent.

Lines are read part by part, each in its own short transaction that begins where the last one
ended, so memory holds one part however long the list is, and no writer waits. What a cell holds is
text: a formula that a customer wrote into a title stays their text (CWE-1236).
"""

import csv
import re
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path

import xlsxwriter

from cti.web.formats import Formats
from tickets.web.columns import USUAL, Cell

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a formula begins with; the wide forms do so in Chinese spreadsheets."""
_BEHIND = re.compile(r"([;\t\r\n|][\s\"']*)(?=[=+\-@＝＋－＠])")
"""What a cell is parted at where a spreadsheet expects no comma, as in much of Europe."""
BOM = b"\xef\xbb\xbf"
"""Without it spreadsheets take UTF-8 for something else."""
MOST_ROWS = 1_048_576
"""Of one sheet, its heading included (ECMA-376, as spreadsheets hold it)."""
LONGEST_TITLE = 31
"""Characters of a sheet's name."""


def csv_lines(rows: Sequence[Sequence[Cell]], formats: Formats) -> bytes:
    """The rows as CSV (RFC 4180) in UTF-8."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_plain(cell, formats) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: Cell, formats: Formats) -> str | int | float:
    match cell:
        case datetime():
            return formats.instant(cell)
        case str():
            cell = _BEHIND.sub(r"\1'", cell)
            return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell
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
        widths: Sequence[int] = (),
    ) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._title, self._names, self._most = title, names, most_rows
        self._widths = widths or (USUAL,) * len(names)
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._formats = formats
        self._bold = self._book.add_format({"bold": True})
        self._sheets = 0
        self._begin_sheet()

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
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
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._names):
            self._sheet.write_string(0, column, name, self._bold)
        self._next = 1

    def _write(self, column: int, cell: Cell) -> None:
        match cell:
            case datetime():
                local = cell.astimezone(self._formats.zone).replace(tzinfo=None)
                self._sheet.write_datetime(self._next, column, local, self._instant)
            case int() | float():
                self._sheet.write_number(self._next, column, cell)
            case _:
                self._sheet.write_string(self._next, column, cell)

    def close(self) -> None:
        """Put the file together."""
        self._book.close()
