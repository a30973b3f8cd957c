"""Cell densities as a slide reader exports them: one line per specimen, marker and region."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

from studies.methods.problems import DataProblem, Notice, Problem, refuse

MARKERS = ("CD3", "CD8")
REGIONS = ("tumor_center", "invasive_margin")
PROCEDURES = ("biopsy", "resection", "unknown")
REQUIRED = ("patient_id", "marker", "region", "density", "unit")
PER_MM2 = {"cells/mm2": 1.0, "cells/mm²": 1.0, "cells/um2": 1e6, "cells/µm²": 1e6, "cells/μm²": 1e6}
MISSING = ("", "not_done", "unknown", "not_applicable")
PLAUSIBLE_PER_MM2 = 15_000.0  # nuclei of 8 µm side by side


@dataclass(frozen=True)
class Density:
    """One measured density, beside what was entered."""

    row: int
    pseudonym: str
    specimen: str
    procedure: str
    marker: str
    region: str
    per_mm2: float
    as_entered: str
    unit: str
    working: str  # how per_mm2 came from as_entered


@dataclass(frozen=True)
class DensityTable:
    rows: tuple[Density, ...]
    notices: tuple[Notice, ...]


def read_density_table(data: bytes, name: str = "densities") -> DensityTable:
    """Cell densities in cells per square millimetre.

    Parameters
    ----------
    data : bytes
        CSV with commas, semicolons or tabs: ``patient_id``, ``marker`` (CD3, CD8), ``region``
        (tumor_center, invasive_margin), ``density``, ``unit`` (cells/mm2, cells/um2); optional
        ``specimen`` (else the patient is the specimen) and ``procedure`` (biopsy, resection).
        A density that is empty or not_done was not measured and is left out; it is never 0.

    Raises
    ------
    DataProblem
        Every problem of the file at once.
    """
    reader = _reader(data, name)
    problems: list[Problem] = []
    rows: list[Density] = []
    unmeasured = 0
    for line, fields in enumerate(reader, start=2):
        values = {key: (value or "").strip() for key, value in fields.items() if key}
        found = _problems(values, line, name)
        problems += found
        if values["density"].lower() in MISSING:
            unmeasured += 1
        elif not found:
            rows.append(_density(values, line))
    problems += _contradictions(rows, name)
    if not rows and not problems:
        problems.append(Problem(name, "no densities", "at least one", "Choose the full file."))
    if problems:
        raise DataProblem(problems)
    return DensityTable(tuple(rows), tuple(_notices(rows, unmeasured)))


def _reader(data: bytes, name: str) -> csv.DictReader:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(name, str(error), "a UTF-8 text table", "Save the table as CSV.") from error
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    header = [field.strip().strip('"') for field in first.strip("\r").split(separator)]
    missing = [column for column in REQUIRED if column not in header]
    repeated = sorted({column for column in header if header.count(column) > 1})
    if missing or repeated:
        found = f"no column {', '.join(missing)}" if missing else f"{', '.join(repeated)} twice"
        expected = f"the columns {', '.join(REQUIRED)}, each once"
        raise refuse(name, found, expected, "Rename or add the columns.", row=1)
    body = text.split("\n", 1)[1] if "\n" in text else ""
    return csv.DictReader(io.StringIO(body), fieldnames=header, delimiter=separator)


def _problems(values: Mapping[str, str], line: int, name: str) -> list[Problem]:
    problems = []
    if not values["patient_id"]:
        problems.append(
            Problem(name, "no patient", "a pseudonym", "Name the patient.", line, "patient_id")
        )
    known = {"marker": MARKERS, "region": REGIONS, "unit": tuple(PER_MM2)}
    if values.get("procedure"):
        known["procedure"] = PROCEDURES
    for column, allowed in known.items():
        if values[column] not in allowed:
            expected = ", ".join(allowed)
            problems.append(
                Problem(name, values[column] or "nothing", expected, "Correct it.", line, column)
            )
    if values["density"].lower() not in MISSING and _number(values["density"]) is None:
        problems.append(
            Problem(
                name,
                values["density"],
                "a number, 0 or more; empty when it was not measured",
                "Correct the density. A density below 0 does not exist.",
                line,
                "density",
            )
        )
    return problems


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _density(values: Mapping[str, str], line: int) -> Density:
    entered, unit = values["density"], values["unit"]
    factor = PER_MM2[unit]
    per_mm2 = float(entered) * factor
    working = "as entered"
    if factor != 1.0:
        working = f"{entered} {unit} × {factor:,.0f} µm²/mm² = {per_mm2:g} cells/mm2"
    return Density(
        row=line,
        pseudonym=values["patient_id"],
        specimen=values.get("specimen") or values["patient_id"],
        procedure=values.get("procedure") or "unknown",
        marker=values["marker"],
        region=values["region"],
        per_mm2=per_mm2,
        as_entered=entered,
        unit=unit,
        working=working,
    )


def _contradictions(rows: list[Density], name: str) -> list[Problem]:
    """Lines that cannot both be true."""
    problems = []
    first: dict[tuple[str, ...], tuple[object, Density]] = {}
    for row in rows:
        claims: tuple[tuple[str, tuple[str, ...], object], ...] = (
            ("the same measurement", (row.specimen, row.marker, row.region), row.row),
            ("another patient for this specimen", ("patient", row.specimen), row.pseudonym),
            ("another procedure for this specimen", ("procedure", row.specimen), row.procedure),
        )
        for what, key, value in claims:
            said, earlier = first.setdefault(key, (value, row))
            if said != value:
                problems.append(_contradiction(name, what, row, earlier))
        if row.procedure == "biopsy" and row.region == "invasive_margin":
            problems.append(
                Problem(
                    name,
                    "an invasive margin in a biopsy",
                    "the margin of a resection",
                    "Correct the region or the procedure: a biopsy has no margin.",
                    row.row,
                    "region",
                )
            )
    return problems


def _contradiction(name: str, what: str, row: Density, earlier: Density) -> Problem:
    return Problem(
        name,
        f"{what} as in line {earlier.row}: {row.specimen}, {row.marker}, {row.region}",
        "each specimen, marker and region once; a specimen of one patient and one procedure",
        "Remove or correct one of the lines; which one is right cannot be guessed.",
        row.row,
    )


def _notices(rows: list[Density], unmeasured: int) -> list[Notice]:
    notices = []
    if unmeasured:
        text = f"{unmeasured} densities were not measured; they count as missing, never as 0."
        notices.append(Notice("density_not_measured", text))
    converted = [row for row in rows if row.working != "as entered"]
    if converted:
        text = f"{len(converted)} densities converted, as line {converted[0].row}: "
        notices.append(Notice("density_converted", text + converted[0].working + "."))
    high = [row for row in rows if row.per_mm2 > PLAUSIBLE_PER_MM2]
    if high:
        lines = ", ".join(str(row.row) for row in high[:12])
        text = f"{len(high)} densities above {PLAUSIBLE_PER_MM2:,.0f} cells/mm2 (lines {lines})."
        notices.append(Notice("density_implausible", text + " Is the unit right?"))
    if any(row.specimen == row.pseudonym for row in rows):
        text = "Lines without a specimen: the patient's pseudonym names the specimen."
        notices.append(Notice("specimen_unnamed", text))
    return notices
