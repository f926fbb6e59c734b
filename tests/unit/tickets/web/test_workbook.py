"""Workbooks that hold more than a sheet does."""

from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl.reader.excel import load_workbook

from cti.kernel.vocabulary import Language
from cti.web.formats import Formats
from tickets.web.export import Workbook


def test_what_one_sheet_does_not_hold_goes_on_in_the_next(tmp_path: Path) -> None:
    path, title = tmp_path / "list.xlsx", "工单" * 20
    formats = Formats(Language.CHINESE, ZoneInfo("Asia/Shanghai"))
    book = Workbook(path, title, ["number", "kind"], formats, most_rows=4)
    book.add([(str(row), row) for row in range(5)])
    book.add([(str(row), row) for row in range(5, 7)])
    book.close()
    sheets = [[*each.iter_rows(values_only=True)] for each in load_workbook(path)]
    assert [len(rows) for rows in sheets] == [4, 4, 2]
    assert {rows[0] for rows in sheets} == {("number", "kind")}
    assert [row for rows in sheets for row in rows[1:]] == [(str(row), row) for row in range(7)]
