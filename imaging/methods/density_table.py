"""Cell densities as a slide reader exports them: one line per specimen, marker and region."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

from imaging.methods.density_profile import DensityProfile, apply_profile, check_profile
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

MARKERS = ("CD3", "CD8")
REGIONS = ("tumor_center", "invasive_margin")
PROCEDURES = ("biopsy", "resection", "unknown")
REQUIRED = ("patient_id", "marker", "region")
MEASURES = (("density", "unit"), ("count", "area", "area_unit"))  # one of them
PER_MM2 = {"cells/mm2": 1.0, "cells/mm²": 1.0, "cells/um2": 1e6, "cells/µm²": 1e6, "cells/μm²": 1e6}
MM2_PER = {"mm2": 1.0, "mm²": 1.0, "um2": 1e-6, "µm²": 1e-6, "μm²": 1e-6}
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
    """Densities in cells/mm2, a row per specimen, marker and region; and what can go on."""

    rows: tuple[Density, ...]
    notices: tuple[Notice, ...]


def read_density_table(
    data: bytes, name: str = "densities", profile: DensityProfile | None = None
) -> DensityTable:
    """Cell densities in cells per square millimetre.

    Parameters
    ----------
    data : bytes
        CSV with commas, semicolons or tabs: ``patient_id``, ``marker`` (CD3, CD8), ``region``
        (tumor_center, invasive_margin), and ``density`` with ``unit`` (cells/mm2, cells/um2) or
        ``count`` with ``area`` and ``area_unit`` (mm2, um2); optional ``specimen`` (else the
        patient is the specimen) and ``procedure`` (biopsy, resection). A density that is empty or
        not_done was not measured and is left out; it is never 0.
    profile : DensityProfile, optional
        How a laboratory's export says the same in its own columns and words. Its lines may leave
        the patient out where the specimen is known.

    Raises
    ------
    DataProblem
        Every problem of the file at once.
    """
    header, body = read_lines(data, name)
    ignored, problems = 0, list[Problem]()
    if profile is None:
        _check_header(header, name)
        lines = [{**line, "row": str(number)} for number, line in enumerate(body, start=2)]
    else:
        check_profile(profile, header, name)
        lines, ignored, problems = apply_profile(profile, body, name)
    rows: list[Density] = []
    unmeasured = 0
    for values in lines:
        found = _problems(values, name, profile is not None)
        problems += found
        if _measure(values).lower() in MISSING:
            unmeasured += 1
        elif not found:
            rows.append(_density(values))
    problems += _contradictions(rows, name)
    if not rows and not problems:
        problems.append(Problem(name, say("no densities"), "at least one", "Choose the full file."))
    if problems:
        raise DataProblem(problems)
    return DensityTable(tuple(rows), tuple(_notices(rows, unmeasured, ignored)))


def read_lines(data: bytes, name: str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns, and a mapping of column to text for each line below them."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(name, str(error), "a UTF-8 text table", "Save the table as CSV.") from error
    first, _, body = text.partition("\n")
    separator = max(",;\t", key=first.count)
    header = next(csv.reader([first.strip("\r")], delimiter=separator), [])
    header = [field.strip() for field in header]
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise refuse(
            name,
            say("{repeated} twice", repeated=", ".join(repeated)),
            "each column once",
            "Rename a column.",
            row=1,
        )
    reader = csv.DictReader(io.StringIO(body), fieldnames=header, delimiter=separator)
    return header, [
        {key: (value or "").strip() for key, value in line.items() if key} for line in reader
    ]


def _check_header(header: list[str], name: str) -> None:
    missing = [column for column in REQUIRED if column not in header]
    if not any(set(measure) <= set(header) for measure in MEASURES):
        missing += [column for column in MEASURES[0] if column not in header]
    if missing:
        raise refuse(
            name,
            say("no column {missing}", missing=", ".join(missing)),
            say(
                "the columns {required}, and density, unit or count, area, area_unit",
                required=", ".join(REQUIRED),
            ),
            "Rename or add the columns, or say under Slides, Exports of a laboratory, what the "
            "columns of this export hold.",
            row=1,
        )


def _by_count(values: Mapping[str, str]) -> bool:
    return "density" not in values and "count" in values


def _measure(values: Mapping[str, str]) -> str:
    return values.get("count" if _by_count(values) else "density", "")


def _problems(values: Mapping[str, str], name: str, specimen_will_do: bool) -> list[Problem]:
    problems, line = [], int(values["row"])

    def wrong(column: str, found: str, expected: str, remedy: str = say("Correct it.")) -> None:
        problems.append(Problem(name, found or say("nothing"), expected, remedy, line, column))

    if not values.get("patient_id") and not (specimen_will_do and values.get("specimen")):
        wrong("patient_id", say("no patient"), say("a pseudonym"), say("Name the patient."))
    known: dict[str, tuple[str, ...]] = {"marker": MARKERS, "region": REGIONS}
    known |= {"area_unit": tuple(MM2_PER)} if _by_count(values) else {"unit": tuple(PER_MM2)}
    if values.get("procedure"):
        known["procedure"] = PROCEDURES
    for column, allowed in known.items():
        if values.get(column, "") not in allowed:
            wrong(column, values.get(column, ""), ", ".join(allowed))
    if _measure(values).lower() in MISSING:
        return problems
    if not _by_count(values):
        if _number(values["density"]) is None:
            expected = say("a number, 0 or more; empty when it was not measured")
            remedy = say("Correct the density. A density below 0 does not exist.")
            wrong("density", values["density"], expected, remedy)
        return problems
    count = _number(values["count"])
    if count is None or count != int(count):
        expected = say("a whole number of cells, 0 or more; empty when it was not measured")
        wrong("count", values["count"], expected)
    if not _number(values.get("area", "")):
        wrong(
            "area", values.get("area", ""), say("an area above 0"), say("Give the area counted in.")
        )
    return problems


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _density(values: Mapping[str, str]) -> Density:
    per_mm2, entered, unit, working = _by_area(values) if _by_count(values) else _as_density(values)
    return Density(
        row=int(values["row"]),
        pseudonym=values.get("patient_id", ""),
        specimen=values.get("specimen") or values["patient_id"],
        procedure=values.get("procedure") or "unknown",
        marker=values["marker"],
        region=values["region"],
        per_mm2=per_mm2,
        as_entered=entered,
        unit=unit,
        working=working,
    )


def _as_density(values: Mapping[str, str]) -> tuple[float, str, str, str]:
    entered, unit = values["density"], values["unit"]
    factor = PER_MM2[unit]
    per_mm2 = float(entered) * factor
    if factor == 1.0:
        return per_mm2, entered, unit, "as entered"
    working = f"{entered} {unit} × {factor:,.0f} µm²/mm² = {per_mm2:g} cells/mm2"
    return per_mm2, entered, unit, working


def _by_area(values: Mapping[str, str]) -> tuple[float, str, str, str]:
    count, unit = float(values["count"]), values["area_unit"]
    area_mm2 = float(values["area"]) * MM2_PER[unit]
    per_mm2 = count / area_mm2
    working = f"{count:g} cells / {values['area']} {unit} = {per_mm2:g} cells/mm2"
    return per_mm2, values["count"], "count and area", working


def _contradictions(rows: list[Density], name: str) -> list[Problem]:
    """Lines that cannot both be true."""
    problems = []
    first: dict[tuple[str, ...], tuple[object, Density]] = {}
    for row in rows:
        claims: tuple[tuple[str, tuple[str, ...], object], ...] = (
            (say("the same measurement"), (row.specimen, row.marker, row.region), row.row),
            (say("another patient for this specimen"), ("patient", row.specimen), row.pseudonym),
            (
                say("another procedure for this specimen"),
                ("procedure", row.specimen),
                row.procedure,
            ),
        )
        for what, key, value in claims:
            said, earlier = first.setdefault(key, (value, row))
            if said != value:
                problems.append(_contradiction(name, what, row, earlier))
        if row.procedure == "biopsy" and row.region == "invasive_margin":
            problems.append(
                Problem(
                    name,
                    say("an invasive margin in a biopsy"),
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
        say(
            "{what} as in line {row}: {specimen}, {marker}, {region}",
            what=what,
            row=earlier.row,
            specimen=row.specimen,
            marker=row.marker,
            region=row.region,
        ),
        "each specimen, marker and region once; a specimen of one patient and one procedure",
        "Remove or correct one of the lines; which one is right cannot be guessed.",
        row.row,
    )


def _notices(rows: list[Density], unmeasured: int, ignored: int = 0) -> list[Notice]:
    notices = []
    if ignored:
        text = say(
            "{ignored} lines of regions that the laboratory's profile leaves out were not read.",
            ignored=ignored,
        )
        notices.append(Notice("density_region_ignored", text))
    if unmeasured:
        text = say(
            "{unmeasured} densities were not measured; they count as missing, never as 0.",
            unmeasured=unmeasured,
        )
        notices.append(Notice("density_not_measured", text))
    converted = [row for row in rows if row.working != say("as entered")]
    if converted:
        text = say(
            "{n} densities converted, as line {row}: {working}.",
            n=len(converted), row=converted[0].row, working=converted[0].working,
        )  # fmt: skip
        notices.append(Notice("density_converted", text))
    high = [row for row in rows if row.per_mm2 > PLAUSIBLE_PER_MM2]
    if high:
        lines = ", ".join(str(row.row) for row in high[:12])
        text = say(
            "{n} densities above {plausible_per_mm2:,.0f} cells/mm2 (lines {lines}). Is the "
            "unit right?",
            n=len(high),
            plausible_per_mm2=PLAUSIBLE_PER_MM2,
            lines=lines,
        )
        notices.append(Notice("density_implausible", text))
    if any(row.pseudonym and row.specimen == row.pseudonym for row in rows):
        text = say("Lines without a specimen: the patient's pseudonym names the specimen.")
        notices.append(Notice("specimen_unnamed", text))
    return notices
