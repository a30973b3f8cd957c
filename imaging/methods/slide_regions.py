"""Regions of a slide: polygons drawn on it, from QuPath's GeoJSON or from the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from imaging.methods.density_table import REGIONS
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

MOST_POINTS = 200_000
_WORDS = (("invasive_margin", r"margin|invas|front"), ("tumor_center", r"cent|core|tumou?r"))


@dataclass(frozen=True)
class Region:
    """``name`` is tumor_center or invasive_margin; ``geometry`` in pixels of the full slide."""

    name: str
    geometry: BaseGeometry

    def area_mm2(self, um_per_pixel: float) -> float:
        return float(self.geometry.area) * (um_per_pixel / 1000.0) ** 2

    def as_geojson(self) -> dict[str, Any]:
        found = json.loads(json.dumps(mapping(self.geometry)))
        return {"type": found["type"], "coordinates": found["coordinates"]}

    def contains(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each point lies inside."""
        shapely.prepare(self.geometry)
        return np.asarray(shapely.contains_xy(self.geometry, x, y), bool)

    def raster(self, width: int, height: int, scale: float) -> NDArray[np.bool_]:
        """Pixels, at 1/``scale``, whose centre lies inside: (height, width)."""
        shapely.prepare(self.geometry)
        y, x = np.mgrid[0:height, 0:width]
        return self.contains((x + 0.5) * scale, (y + 0.5) * scale)


def read_regions(
    data: bytes | str | Mapping[str, Any], width: int, height: int, name: str = "regions"
) -> tuple[list[Region], list[Notice]]:
    """Tumour centre and invasive margin from GeoJSON in pixels of the full slide.

    Parameters
    ----------
    data : GeoJSON
        A FeatureCollection, a list of features or one feature, of polygons or multipolygons. The
        region is ``properties.region``, else the class or name that QuPath gave
        (``properties.classification.name``, ``properties.name``): words with margin, invasion or
        front; with centre, core or tumour. Features of one region are united.
    width, height : size of the slide

    Raises
    ------
    DataProblem
        No JSON, other shapes, polygons that cross themselves or leave the slide, a class that is
        neither region, two regions that overlap.
    """
    problems: list[Problem] = []
    found: dict[str, list[BaseGeometry]] = {}
    for number, feature in enumerate(_features(data, name), start=1):
        region = _region_of(feature)
        if region is None:
            words = _words(feature) or say("no class")
            remedy = say(
                "Class the annotation as tumour centre or invasive margin, or leave it out."
            )
            problems.append(Problem(name, words, " or ".join(REGIONS), remedy, number, "class"))
            continue
        geometry, wrong = _geometry(feature, width, height)
        if wrong:
            problems.append(Problem(name, wrong[0], wrong[1], "Draw it again.", number, "geometry"))
        elif geometry is not None:
            found.setdefault(region, []).append(geometry)
    if problems:
        raise DataProblem(problems)
    if not found:
        raise refuse(
            name, say("no regions"), "at least one polygon", "Export the annotations again."
        )
    regions = [Region(key, shapely.union_all(found[key])) for key in REGIONS if key in found]
    return regions, _checked_apart(regions, name)


def _features(data: bytes | str | Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    try:
        parsed = data if isinstance(data, Mapping) else json.loads(data)
    except (ValueError, RecursionError) as error:
        raise refuse(
            name, say("no JSON"), "GeoJSON", "Export the annotations as GeoJSON."
        ) from error
    if isinstance(parsed, Mapping):
        parsed = parsed.get("features", [parsed])
    if not isinstance(parsed, list) or not all(isinstance(part, Mapping) for part in parsed):
        raise refuse(
            name, say("no features"), "GeoJSON features", "Export the annotations as GeoJSON."
        )
    return parsed


def _words(feature: Mapping[str, Any]) -> str:
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        return ""
    classified = properties.get("classification")
    classified = classified.get("name") if isinstance(classified, Mapping) else classified
    said = [properties.get("region"), classified, properties.get("name")]
    return next((str(word) for word in said if word), "")


def _region_of(feature: Mapping[str, Any]) -> str | None:
    words = _words(feature)
    if words in REGIONS:
        return words
    return next((key for key, text in _WORDS if re.search(text, words, re.IGNORECASE)), None)


def _geometry(
    feature: Mapping[str, Any], width: int, height: int
) -> tuple[BaseGeometry | None, tuple[str, str] | None]:
    """The polygon, or what is found and what was expected."""
    try:
        geometry = shape(feature["geometry"])
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        shapely.errors.ShapelyError,
    ):
        return None, (say("no geometry"), say("a polygon"))
    if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty:
        return None, (f"a {geometry.geom_type}", say("a polygon"))
    if shapely.get_num_coordinates(geometry) > MOST_POINTS:
        return None, (
            say("too many points"),
            say("at most {most_points:,} points", most_points=MOST_POINTS),
        )
    if not geometry.is_valid:
        return None, (
            shapely.is_valid_reason(geometry),
            say("a polygon that does not cross itself"),
        )
    left, top, right, bottom = geometry.bounds
    if not (left >= 0 and top >= 0 and right <= width and bottom <= height):
        found = say(
            "a polygon from {left:.0f}, {top:.0f} to {right:.0f}, {bottom:.0f}",
            left=left,
            top=top,
            right=right,
            bottom=bottom,
        )
        return None, (
            found,
            say("one inside the slide's {width} × {height} pixels", width=width, height=height),
        )
    return geometry, None


def _checked_apart(regions: list[Region], name: str) -> list[Notice]:
    """Regions that share a tenth of the smaller are refused; less is a notice."""
    if len(regions) < 2:
        return []
    first, second = (region.geometry for region in regions)
    share = first.intersection(second).area / min(first.area, second.area)
    if share > 0.1:
        raise refuse(
            name,
            say(
                "tumour centre and invasive margin that share {share:.0%} of the smaller",
                share=share,
            ),
            "two regions apart",
            "Draw them again: a cell belongs to one of them.",
        )
    if share == 0:
        return []
    text = say(
        "Tumour centre and invasive margin overlap by {share:.1%} of the smaller.", share=share
    )
    return [Notice("regions_overlap", text)]
