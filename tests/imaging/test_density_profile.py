"""Exports of HALO and QuPath read through a profile, and what a profile must say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imaging.methods.density_profile import DensityProfile, image_expression, suggest_profile
from imaging.methods.density_table import read_density_table, read_lines
from studies.methods.problems import DataProblem

QUPATH = """Image|Name|Class|Parent|ROI|Centroid X µm|Centroid Y µm|Num Detections|Num Negative|\
Num Positive|Positive %|Num Positive per mm^2|Area µm^2|Perimeter µm
S1_CD3.svs||Tumor center|root|Polygon|1|1|900|500|400|44.4|800|500000|9
S1_CD3.svs||Invasive margin|root|Polygon|1|1|900|100|800|88.8|1600|500000|9
S1_CD3.svs||Necrosis|root|Polygon|1|1|9|9|0|0|0|500000|9
""".replace("|", "\t").encode()
HALO = """Image Location;Analysis Region;Algorithm Name;Area Analyzed (μm²);Total Cells;\
CD8 Positive Cells;% CD8 Positive Cells
D:\\scans\\S1_CD8.svs;CT;Multiplex IHC;500000,5;900;100;11,1
D:\\scans\\S1_CD8.svs;IM;Multiplex IHC;250000,0;900;300;33,3
""".encode()


def profile_of(data: bytes) -> DensityProfile:
    return suggest_profile(*read_lines(data, "export"))


def test_a_qupath_export_through_its_suggested_profile() -> None:
    profile = profile_of(QUPATH)
    assert profile.columns["density"] == "Num Positive per mm^2"
    assert profile.columns["area"] == "Area µm^2"
    table = read_density_table(QUPATH, "q.tsv", profile)
    assert [(r.specimen, r.marker, r.region, r.per_mm2, r.row) for r in table.rows] == [
        ("S1", "CD3", "tumor_center", 800.0, 2),
        ("S1", "CD3", "invasive_margin", 1600.0, 3),
    ]
    assert [notice.code for notice in table.notices] == ["density_region_ignored"]


def test_the_count_over_the_area_is_the_density_qupath_gives() -> None:
    profile = profile_of(QUPATH)
    columns = {role: name for role, name in profile.columns.items() if role != "density"}
    counted = read_density_table(QUPATH, "q.tsv", replace(profile, columns=columns))
    assert [row.per_mm2 for row in counted.rows] == [800.0, 1600.0]
    assert counted.rows[0].working == "400 cells / 500000 um2 = 800 cells/mm2"


def test_a_halo_export_with_decimal_commas() -> None:
    profile = profile_of(HALO)
    assert profile.columns["count"] == "CD8 Positive Cells"
    assert profile.regions == {"CT": "tumor_center", "IM": "invasive_margin"}
    assert profile.constants == {"area_unit": "um2"}
    profile = replace(profile, decimal_comma=True)
    table = read_density_table(HALO, "h.csv", profile)
    assert [row.per_mm2 for row in table.rows] == pytest.approx([100 / 0.5000005, 1200.0])
    with pytest.raises(DataProblem, match="500000,5"):
        read_density_table(HALO, "h.csv", replace(profile, decimal_comma=False))


def test_a_profile_comes_back_from_its_record() -> None:
    profile = profile_of(HALO)
    assert DensityProfile.from_dict(profile.as_dict()) == profile


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": {"image": "Image", "region": "Class"}}, "density, or count and area"),
        ({"columns": {"density": "No", "image": "Image", "region": "Class"}}, "no column No"),
        ({"image_pattern": "{specimen}"}, "marker"),
        ({"image_pattern": "block {specimen} {marker}"}, "S1_CD3.svs"),
        ({"constants": {}}, "unit"),
        ({"regions": {}}, "Necrosis"),
    ],
)  # fmt: skip
def test_a_profile_that_says_too_little_is_refused(change: dict, message: str) -> None:
    with pytest.raises(DataProblem, match=message):
        read_density_table(QUPATH, "q.tsv", replace(profile_of(QUPATH), **change))


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("S1_CD3.svs", {"specimen": "S1", "marker": "CD3"}),
        ("/scans/S 1.2_cd8.svs", {"specimen": "S 1.2", "marker": "cd8"}),
        ("S1.svs", None),
    ],
)
def test_names_of_images(image: str, found: dict | None) -> None:
    match = image_expression("{specimen}_{marker}.svs").fullmatch(image)
    assert (match.groupdict() if match else None) == found
