"""GeoJSON of QuPath and of the browser: areas by hand, and every way to be wrong."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from imaging.methods.slide_regions import read_regions
from studies.methods.problems import DataProblem


def box(left: float, top: float, right: float, bottom: float) -> dict[str, Any]:
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return {"type": "Polygon", "coordinates": [ring]}


def annotation(name: str, geometry: dict[str, Any]) -> dict[str, Any]:
    """As QuPath exports it."""
    properties = {"objectType": "annotation", "classification": {"name": name}}
    return {"type": "Feature", "id": "x", "geometry": geometry, "properties": properties}


def test_regions_of_qupath_with_areas_by_hand() -> None:
    rings = [box(0, 0, 400, 400)["coordinates"][0], box(100, 100, 200, 200)["coordinates"][0]]
    hole = {"type": "Polygon", "coordinates": rings}
    made = [
        annotation("Tumor center", hole),
        annotation("Tumor", box(300, 300, 500, 400)),  # overlaps the first: counted once
        annotation("Invasive Margin", box(600, 0, 800, 1000)),
    ]
    regions, notices = read_regions(
        json.dumps({"type": "FeatureCollection", "features": made}), 1000, 1000
    )
    assert [region.name for region in regions] == ["tumor_center", "invasive_margin"]
    assert regions[0].area_mm2(0.5) == pytest.approx((160_000 - 10_000 + 10_000) * 0.25e-6)
    assert regions[1].area_mm2(1.0) == pytest.approx(0.2)
    assert notices == []
    inside = regions[0].contains(np.array([50, 150, 450]), np.array([50, 150, 350]))
    assert inside.tolist() == [True, False, True]
    assert regions[1].raster(100, 100, 10.0).sum() * 100 == 200_000


def test_what_was_stored_reads_the_same() -> None:
    first, _ = read_regions(annotation("margin", box(1, 2, 30, 40)), 100, 100)
    stored = {"type": "Feature", "geometry": first[0].as_geojson(),
              "properties": {"region": "invasive_margin"}}  # fmt: skip
    again, _ = read_regions(stored, 100, 100)
    assert again[0].as_geojson() == first[0].as_geojson()


CROSSED = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}
SHARED = [
    annotation("margin", box(0, 0, 50, 50)),
    annotation("center", box(10, 10, 60, 60)),
]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x00\x01", "no JSON"),
        ("[1, 2]", "no features"),
        ('{"features": []}', "no regions"),
        (annotation("Stroma", box(0, 0, 5, 5)), "Stroma"),
        (annotation("margin", box(0, 0, 500, 5)), "inside the slide"),
        (annotation("margin", {"type": "Point", "coordinates": [1, 1]}), "a Point"),
        (annotation("margin", CROSSED), "cross itself"),
        (annotation("margin", {"type": "Polygon", "coordinates": "x"}), "no geometry"),
        ({"type": "Feature", "properties": {"name": "margin"}}, "no geometry"),
        ({"features": SHARED}, "share"),
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused(data: Any, message: str) -> None:
    with pytest.raises(DataProblem, match=message):
        read_regions(data, 100, 100)
