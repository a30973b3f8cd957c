"""A table handed in as a file: a workbook or delimited text, told apart by its bytes."""

from __future__ import annotations

from .problems import refuse
from .table_lines import Table, TableOptions, check_size
from .table_text import open_text
from .table_workbook import open_workbook
from .wording import say

_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")


def open_table(data: bytes, options: TableOptions | None = None) -> Table:
    """The file's header and lines, whatever its name says.

    Raises
    ------
    DataProblem
        Too large, not a table, or no header.
    UndecidedError
        It reads in more than one way; the question names them.
    """
    check_size(len(data))
    if not data:
        raise refuse(
            "file", say("an empty file"), "a header and patients", "Choose the file again."
        )
    if data.startswith(_OLD_OFFICE):
        raise refuse(
            "file",
            say("a workbook of the old or of the locked kind (.xls)"),
            "a workbook (.xlsx) or CSV",
            "In the spreadsheet choose 'Excel workbook (.xlsx)' when saving, without a password.",
        )
    opened = options or TableOptions()
    if data.startswith(b"PK"):
        return open_workbook(data, opened)
    return open_text(data, opened)
