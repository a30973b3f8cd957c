"""Files as spreadsheets write them are read; files made to harm are refused, in little memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from studies.methods.cells import cell_reader, escaped, mangled_identifier, unescaped
from studies.methods.dictionary import VariableSpec
from studies.methods.problems import DataProblem
from studies.methods.record_checks import check_record
from studies.methods.table_file import open_table
from studies.methods.table_lines import (
    LARGEST_BYTES,
    SpreadsheetDate,
    SpreadsheetNumber,
    TableOptions,
    UndecidedError,
)
from studies.methods.table_profile import profile_table
from studies.methods.values import BadValueError
from studies.models import StoredFile
from studies.services import batch_receive
from tests.conftest import REPO

TEXT = "patient_id;site\nP1;Köln\n"
MEGABYTE = 2**20


def lines(data: bytes, **options: str) -> list[tuple[int, list[str]]]:
    table = open_table(data, TableOptions(**options))
    return [(1, table.header), *table.lines()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_evident_encoding_is_not_asked(encoding: str) -> None:
    assert lines(TEXT.encode(encoding)) == [(1, ["patient_id", "site"]), (2, ["P1", "Köln"])]


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1252", "Köln"), ("gb18030", "上海"), ("cp1251", "Томск")]
)
def test_another_encoding_is_asked_and_then_read(encoding: str, word: str) -> None:
    data = f"patient_id;site\nP1;{word}\n".encode(encoding)
    with pytest.raises(UndecidedError) as asked:
        lines(data)
    assert any(name == encoding and word in shown for name, shown in asked.value.question.choices)
    assert lines(data, encoding=encoding)[1] == (2, ["P1", word])


def test_two_delimiters_in_a_header_are_asked() -> None:
    with pytest.raises(UndecidedError) as asked:
        lines(b"a;b,c\n1;2,3\n")
    assert [mark for mark, _ in asked.value.question.choices] == [",", ";"]
    assert lines(b'"a;b",c\n1,2\n')[0] == (1, ["a;b", "c"]), "within quotes it is none"


def test_rows_count_as_a_spreadsheet_counts_them() -> None:
    data = b'a,b\n1,"two\nlines"\n\n3,4\n,,,\n5,6\n'
    assert [row for row, _ in lines(data)] == [1, 2, 4, 6]


def workbook(**cells: Any) -> bytes:
    book = openpyxl.Workbook()
    for name, value in cells.items():
        book.active[name] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_cells_of_a_workbook_keep_what_they_are() -> None:
    data = workbook(A1="id", B1="n", C1="d", A2="0012", B2=12.5, C2=datetime(2020, 3, 1), A4=7)
    [_, (row, cells), (last, short)] = lines(data)
    assert (row, cells, last, short) == (2, ["0012", "12.5", "2020-03-01"], 4, ["7", "", ""])
    assert [type(cell) for cell in cells] == [str, SpreadsheetNumber, SpreadsheetDate]


def repacked(data: bytes, part: str, text: bytes, blanks: int = 0) -> bytes:
    """The workbook with another part, which ends in so many megabytes of blanks."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", 8) as new:
        for item in old.infolist():
            with new.open(item.filename, "w") as handle:
                handle.write(text if item.filename == part else old.read(item))
                for _ in range(blanks if item.filename == part else 0):
                    handle.write(b" " * MEGABYTE)
    return stream.getvalue()


LAUGHS = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>'
SHEET = "xl/worksheets/sheet1.xml"


def harmful(name: str) -> bytes:
    good = workbook(A1="patient_id", A2="P1")
    if name == "more than a table holds":
        return b"," * (LARGEST_BYTES + 1)
    if name == "one line without end":
        return b"a," * (10 * MEGABYTE)
    if name == "a quote that swallows":
        return b'a,b\n"' + b"x,y\n" * (3 * MEGABYTE)
    if name == "cells without end":
        return b"a,b\n" + b'"x\ny",' * (3 * MEGABYTE)
    if name == "zip bomb":
        return repacked(good, SHEET, b"<worksheet>", 401)
    if name == "style bomb":
        return repacked(good, "xl/styles.xml", b"<styleSheet>", 8)
    if name == "a lying directory":
        return lying(repacked(good, SHEET, b"<worksheet>", 100))
    if name == "wide rows":
        row = b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>'
        rows = b"".join(row % (n, n) for n in range(1, 50_000))
        return repacked(good, SHEET, SHEET_START + rows + b"</sheetData></worksheet>")
    if name == "very many parts":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for number in range(30_000):
                archive.writestr(f"{number}", b"")
        return stream.getvalue()
    return {
        "billion laughs": repacked(good, "xl/workbook.xml", LAUGHS),
        "laughs in the sheet": repacked(good, SHEET, LAUGHS),
        "a zip named xlsx": repacked(good, "nothing", b"")[:-1] + b"",
        "a zip without a workbook": zipped({"a.txt": b"a"}),
        "ten thousand columns": ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n",
        "NUL bytes": b"patient_id,site\nP1,No\0rth\n",
        "a binary named csv": b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 20,
        "an old workbook": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
        "formulas without results": workbook(A1="patient_id", A2="=A1&1"),
        "nothing": b"",
        "bytes that are not its encoding": "a,b\nx,y\n".encode("utf-16") + b"\x00",
    }[name]


SHEET_START = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
HARMFUL = (
    "more than a table holds", "one line without end", "a quote that swallows",
    "cells without end", "zip bomb", "style bomb", "a lying directory", "wide rows",
    "very many parts", "billion laughs", "laughs in the sheet", "a zip named xlsx",
    "a zip without a workbook", "ten thousand columns", "NUL bytes", "a binary named csv",
    "an old workbook", "formulas without results", "nothing", "bytes that are not its encoding",
)  # fmt: skip


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def lying(data: bytes) -> bytes:
    """The archive says that its sheet unpacks to 100 bytes."""
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(SHEET.encode()))
    return data[: at + 24] + struct.pack("<L", 100) + data[at + 28 :]


READER = """
import json, sys
from studies.methods.problems import DataProblem
from studies.methods.table_file import open_table
from studies.methods.table_lines import UndecidedError
from studies.methods.table_profile import profile_table

found = {}
for path in sys.argv[1:]:
    with open(path, "rb") as handle:
        data = handle.read()
    try:
        table = profile_table(open_table(data))
        found[path] = "read: " + str(table["lines"])
    except DataProblem as refusal:
        found[path] = refusal.problems[0].found
    except UndecidedError as asked:
        found[path] = "asked: " + asked.question.name
    del data
with open("/proc/self/status") as status:
    [peak] = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
print(json.dumps({"found": found, "peak_mb": peak / 1024}))
"""


def test_harmful_files_are_refused_with_a_reason_in_little_memory(tmp_path: Path) -> None:
    """One process reads them all; its peak stays within 500 MB, the file's own bytes included."""
    names = {}
    for number, name in enumerate(HARMFUL):
        file = tmp_path / f"{number}"
        file.write_bytes(harmful(name))
        names[str(file)] = name
    command = [sys.executable, "-c", READER, *names]
    answer = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True)
    told = json.loads(answer.stdout)
    said = {names[path]: found for path, found in told["found"].items()}
    assert {name for name, found in said.items() if found.startswith(("read", "asked"))} == set()
    assert "MB" in said["more than a table holds"]
    assert "10,000 columns" in said["ten thousand columns"]
    assert "document type" in said["billion laughs"]
    assert "document type" in said["laughs in the sheet"]
    assert "unpacks to" in said["zip bomb"]
    assert "16,384 columns" in said["wide rows"]
    assert told["peak_mb"] < 500, said


def test_a_file_too_large_for_its_door_is_not_even_stored(people: Any) -> None:
    class Large(io.BytesIO):
        size = 2 * 2**30

    with pytest.raises(DataProblem, match=r"2,048 MB"):
        batch_receive(people.study, people.coordinator, "cohort_table", Large(b"a"), "c.csv")
    assert not StoredFile.objects.exists()


TODAY = date(2026, 1, 15)
NUMBER = VariableSpec("cea", "CEA", "number", "ng/mL", 0, 1000)
DAY = VariableSpec("died_on", "Death", "date")
CODE = VariableSpec("stage", "Stage", "category", codes={"1": "one", "2": "two", "IV": "four"})


def read(spec: VariableSpec, text: str, **options: str) -> Any:
    found = cell_reader(spec, TableOptions(**options), TODAY)(text)
    return found.expected if isinstance(found, BadValueError) else found.get("v", found)


@pytest.mark.parametrize(
    ("spec", "text", "said"),
    [
        (NUMBER, "####", "too narrow"),
        (NUMBER, "#REF!", "error of a formula"),
        (NUMBER, "02-Jan", "made one of something like 3-4"),
        (NUMBER, SpreadsheetDate("2026-01-02"), "made one of something like 3-4"),
        (NUMBER, "12,5", "a number in ng/mL"),
        (CODE, "Jan-02", "made one of something like 3-4"),
        (CODE, "3", "one of 1, 2, IV"),
        (DAY, "44256", r"day number of it (2021-03-01?)"),
        (DAY, SpreadsheetNumber("44256"), r"day number of it (2021-03-01?)"),
        (DAY, "03/04/2021", "order of day and month"),
        (DAY, "2026-01-16", "a day up to today, 2026-01-15"),
        (DAY, "31.02.2021", "a date as"),
        (VariableSpec("age_years", "Age", "number"), "-3", "age of 0 or more"),
    ],
)
def test_what_a_spreadsheet_has_rewritten_is_named(
    spec: VariableSpec, text: str, said: str
) -> None:
    assert said in read(spec, text)


def test_nobody_dies_before_their_birth() -> None:
    born, died = ({"v": day, "precision": "day"} for day in ("1980-05-01", "1979-05-01"))
    [problem] = check_record({"born_on": born, "died_on": died}, "P1", 7)
    assert (problem.row, problem.column) == (7, "died_on")
    assert "before the birth" in problem.found
    year = {"v": "1980-01-01", "precision": "year"}
    assert not check_record({"born_on": born, "died_on": year})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.5E+05", "made a number of it"),
        ("Mar-04", "made one of"),
        ("1234567890123450000", "keeps 15"),
        ("####", "too narrow"),
    ],
)
def test_an_identifier_that_became_a_number_is_named(text: str, said: str) -> None:
    wrong = mangled_identifier(text)
    assert wrong is not None
    assert said in wrong.expected
    assert mangled_identifier("P-001") is None


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("12,5", {"decimal": "comma"}, 12.5),
        ("<0,5", {"decimal": "comma"}, 0.5),
        (SpreadsheetNumber("12.5"), {"decimal": "comma"}, 12.5),
    ],
)
def test_a_decimal_comma_is_read_when_it_was_said(text: str, options: Any, value: float) -> None:
    assert read(NUMBER, text, **options) == value


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("03/04/2021", "dmy", "2021-04-03"),
        ("03/04/2021", "mdy", "2021-03-04"),
        ("3.4.2021", "dmy", "2021-04-03"),
        ("2021/04/03", "", "2021-04-03"),
        ("17-May-2021", "", "2021-05-17"),
        ("04/2021", "", "2021-04-01"),
        (SpreadsheetDate("2021-04-03"), "", "2021-04-03"),
    ],
)
def test_dates_are_read_in_the_order_that_was_said(text: str, order: str, day: str) -> None:
    assert read(DAY, text, date_order=order) == day


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-x", "@SUM(A1)", "\tx", "'=x"])
def test_no_text_runs_in_a_spreadsheet_and_all_come_back(text: str) -> None:
    assert escaped(text) == f"'{text}"
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize("text", ["-5", "+3.2", "-1.5e-3", "P-1", "o'=x"])
def test_numbers_and_harmless_texts_stay_as_they_are(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("text", "decimal", "remedy"),
    [("1.234,5", "comma", "Write 1234,5."), ("1,234.5", "", "Write 1234.5."),
     ("12.5", "comma", "Write a decimal comma, without marks between thousands.")],
)  # fmt: skip
def test_marks_between_thousands_are_answered_with_the_number(
    text: str, decimal: str, remedy: str
) -> None:
    assert cell_reader(NUMBER, TableOptions(decimal=decimal), TODAY)(text).remedy == remedy


def test_a_title_above_the_header_is_said() -> None:
    lines = [["patient_id", "site"], ["P1", "North"]]
    merged = SimpleNamespace(header=["Export"], lines=lambda: enumerate(lines, 2))
    plain = open_table(b"Export\npatient_id;site\nP1;North\n", TableOptions())
    for table in (merged, plain):
        with pytest.raises(DataProblem, match="'Export' alone in the first line"):
            profile_table(table)
