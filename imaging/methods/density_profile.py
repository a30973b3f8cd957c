"""How a laboratory's export of a slide reader is read: which column is what, and what it calls it.

HALO, QuPath and others export a line per image and annotation, each with columns of its own. A
profile says once which of them name the specimen, marker and region, and which hold the density,
or the count and the area.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say

ROLES = (
    "patient_id", "specimen", "image", "procedure", "marker", "region", "density", "count", "area",
)  # fmt: skip
IGNORED = "ignore"
NAMED_IN_IMAGE = ("patient_id", "specimen", "marker")

# What columns of known exports hold, by a part of their name; a suggestion that a person confirms.
_HINTS: tuple[tuple[str, str], ...] = (
    ("patient_id", r"^(patient|case|subject)([ _-]?(id|name|number))?$|pseudonym"),
    ("specimen", r"^(specimen|block|sample)"),
    ("image", r"^image|image (file|location|name)|^slide"),
    ("procedure", r"^procedure"),
    ("marker", r"^(marker|stain|antibody)"),
    ("region", r"analysis region|^region$|^class$|^annotation"),
    ("density", r"(positive|cells?).*(per |/ ?)[mµμu]m|density"),
    ("count", r"^num positive$|positive cells$|^positive (cell )?count|^count$"),
    ("area", r"area.*([mµμu]m)|^(region )?area"),
)
_REGION_HINTS = (
    ("invasive_margin", r"margin|invas|front|\bim\b"),
    ("tumor_center", r"cent|core|\bct\b|tumou?r"),
)


@dataclass(frozen=True)
class DensityProfile:
    """Columns and words of one laboratory's export.

    Parameters
    ----------
    columns : mapping of role to column
        Roles: patient_id, specimen, image, procedure, marker, region; density, or count and area.
    constants : mapping
        What the export does not say: marker, procedure, unit (of the density), area_unit.
    image_pattern : str
        How an image is named, such as ``{specimen}_{marker}.svs``.
    markers, regions : mapping of the laboratory's word to ours
        A region that maps to ``ignore`` is left out, counted in a notice.
    decimal_comma : bool
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    image_pattern: str = ""
    markers: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    decimal_comma: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> DensityProfile:
        return cls(**stored)


def suggest_profile(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> DensityProfile:
    """A first reading of an export from its names: for a person to confirm."""
    columns: dict[str, str] = {}
    for role, pattern in _HINTS:
        taken = set(columns.values())
        found = [name for name in header if re.search(pattern, name.strip(), re.IGNORECASE)]
        if free := [name for name in found if name not in taken]:
            columns[role] = free[0]
    constants = {
        "unit": _unit_of(columns.get("density", "")),
        "area_unit": _area_unit_of(columns.get("area", "")),
    }
    named = sorted({row.get(columns["region"], "") for row in rows}) if "region" in columns else []
    return DensityProfile(
        columns,
        {name: value for name, value in constants.items() if value},
        "{specimen}_{marker}" if "image" in columns and "marker" not in columns else "",
        {},
        {word: _region_of(word) for word in named if word},
    )


def _unit_of(name: str) -> str:
    if not name:
        return ""
    return "cells/um2" if re.search(r"[µμ]m|\bum", name, re.IGNORECASE) else "cells/mm2"


def _area_unit_of(name: str) -> str:
    if re.search(r"[µμ]m|\bum", name, re.IGNORECASE):
        return "um2"
    return "mm2" if "mm" in name.lower() else ""


def _region_of(word: str) -> str:
    for region, pattern in _REGION_HINTS:
        if re.search(pattern, word, re.IGNORECASE):
            return region
    return IGNORED


def check_profile(profile: DensityProfile, header: Sequence[str], name: str) -> None:
    """Refuse a profile that does not say enough, or an export without its columns.

    Raises
    ------
    DataProblem
        Every lack at once.
    """
    problems = [
        Problem(
            name,
            say("no column {column}", column=column),
            say("the column that holds the {role}", role=say(role)),
            _REMEDY,
            1,
        )
        for role, column in profile.columns.items()
        if column not in header
    ]
    given = set(profile.columns) | set(profile.constants) | set(_names_in(profile.image_pattern))
    wanted = {
        "marker": "marker" in given,
        "region": "region" in given,
        "patient_id or specimen": bool({"patient_id", "specimen"} & given),
        "density, or count and area": "density" in given or {"count", "area"} <= given,
        "unit": "density" not in given or "unit" in given,
        "area_unit": "area" not in given or "density" in given or "area_unit" in given,
        "image column": not profile.image_pattern or "image" in profile.columns,
    }
    problems += [
        Problem(
            name, say("the profile does not say it"), say("the {what}", what=say(what)), _REMEDY
        )
        for what, said in wanted.items()
        if not said
    ]
    if problems:
        raise DataProblem(problems)


_REMEDY = say("Correct the profile of the laboratory, or export the table again.")


def apply_profile(
    profile: DensityProfile, rows: Iterable[Mapping[str, str]], name: str
) -> tuple[list[dict[str, str]], int, list[Problem]]:
    """Lines in our own words.

    Returns
    -------
    lines : list of dict
        ``patient_id``, ``specimen``, ``procedure``, ``marker``, ``region`` and ``density``,
        ``unit`` or ``count``, ``area``, ``area_unit``; ``row`` is the line of the file.
    ignored : int
        Lines of regions that the profile leaves out.
    problems : list of Problem
        Images and words that the profile does not know.
    """
    lines, problems, ignored = [], [], 0
    pattern = image_expression(profile.image_pattern)
    for number, row in enumerate(rows, start=2):
        line = {role: (row.get(column) or "").strip() for role, column in profile.columns.items()}
        line = {**profile.constants, **line, "row": str(number)}
        image = line.pop("image", "")
        if profile.image_pattern:
            found = pattern.fullmatch(image)
            if found is None:
                expected = say("a name like {image_pattern}", image_pattern=profile.image_pattern)
                problems.append(Problem(name, image, expected, _REMEDY, number, "image"))
                continue
            line |= found.groupdict()
        region = profile.regions.get(line.get("region", ""), line.get("region", ""))
        if region == IGNORED:
            ignored += 1
            continue
        line["region"] = region
        word = line.get("marker", "")
        line["marker"] = profile.markers.get(word, word.upper())
        if profile.decimal_comma:
            for value in ("density", "count", "area"):
                line[value] = line.get(value, "").replace(",", ".")
        lines.append({key: value for key, value in line.items() if value or key != "density"})
    return lines, ignored, problems


def image_expression(pattern: str) -> re.Pattern[str]:
    """``{specimen}_{marker}.svs`` as an expression.

    Folders before the name do not matter; ``*`` is anything; a pattern without an ending takes any.
    """
    parts = re.split(r"(\{\w+\}|\*)", pattern)
    out = []
    for part in parts:
        if part.startswith("{") and part[1:-1] in NAMED_IN_IMAGE:
            out.append(f"(?P<{part[1:-1]}>[^/\\\\]+?)")
        elif part == "*":
            out.append(r"[^/\\]*")
        else:
            out.append(re.escape(part))
    ending = "" if re.search(r"\.\w{1,6}$", pattern) else r"(?:\.\w{1,6})?"
    return re.compile(rf"(?:.*[/\\])?{''.join(out)}{ending}", re.IGNORECASE)


def _names_in(pattern: str) -> list[str]:
    return [name for name in re.findall(r"\{(\w+)\}", pattern) if name in NAMED_IN_IMAGE]
