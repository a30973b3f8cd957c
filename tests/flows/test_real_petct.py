"""Three real sarcomas from DICOM and RTSTRUCT to uptake and features, by a real worker."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest

from dev.client import RefusedError
from dev.processes import Product
from tests.flows.conftest import Running, open_study

# Patient, cohort, start of treatment some days after the scan.
PATIENTS = [
    ("STS_002", "training", "2006-02-07"),
    ("STS_003", "training", "2005-04-25"),
    ("STS_025", "internal_validation", "2000-10-14"),
]
# SUVmax g/mL, volume as drawn in mL, MTV at 41 % in mL; recomputed voxel by voxel in
# tests/imaging/test_uptake.py
UPTAKE = {
    "STS_002": (21.676, 54.28, 18.78),
    "STS_003": (10.265, 79.90, 62.69),
    "STS_025": (6.376, 30.24, 18.81),
}


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    folder = shared / "data/imaging/soft_tissue_sarcoma_petct/dicom"
    if not folder.is_dir():
        pytest.skip("the sarcoma PET/CT are absent")
    return folder


@pytest.fixture(scope="module")
def sarcomas(product: Product, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Running:
    folder = tmp_path_factory.mktemp("sarcomas")
    running = open_study(product, "Real PET/CT", waived="published data")
    table, archive = folder / "cohort.csv", folder / "petct.zip"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["patient_id", "site", "cohort", "treatment_started_on",
                         "last_known_alive_on", "last_assessed_on"])  # fmt: skip
        writer.writerows([name, "North", cohort, day, day, day] for name, cohort, day in PATIENTS)
    pack(source, archive)
    running.upload("cohort_table", table)
    running.upload("dicom_zip", archive)
    return running


def pack(source: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(source.rglob("*")):
            name = str(path.relative_to(source))
            if path.is_file():
                packed.write(path, name)


def test_uptake_of_real_lesions(sarcomas: Running) -> None:
    rows = {row["patient"]: row for row in sarcomas.rows("uptakes/")}
    assert set(rows) == set(UPTAKE)
    for patient, (suv_max, drawn, mtv) in UPTAKE.items():
        assert rows[patient]["suv_max"] == pytest.approx(suv_max, abs=1e-3)
        assert rows[patient]["volume_ml"] == pytest.approx(drawn, abs=0.01)
        assert rows[patient]["mtv_41_percent_ml"] == pytest.approx(mtv, abs=0.01)
        assert rows[patient]["suv_mean"] < rows[patient]["suv_peak"] < rows[patient]["suv_max"]


def test_each_scan_is_a_baseline_pair_with_one_lesion_drawn_twice(sarcomas: Running) -> None:
    pairs = sarcomas.rows("pet-ct-pairs/")
    assert {(p["timing"], p["days_before_treatment"]) for p in pairs} == {("baseline", 10)}
    regions = sarcomas.rows("regions/")
    assert len(regions) == 6
    assert {row["lesion"] for row in regions} == {1}
    chosen = [row["name"] for row in regions if row["chosen_by"]]
    assert chosen == ["GTV_Mass_PET"] * 3
    assert not [n for row in regions for n in row["notices"] if n["code"] == "low_dice"]


def test_working_says_that_the_pet_was_an_suv_already(sarcomas: Running) -> None:
    pets = [row for row in sarcomas.rows("series/") if row["modality"] == "PT"]
    for pet in pets:
        said = {step["tag"]: step["value"] for step in pet["suv_working"] if step["tag"]}
        assert (said["(0054,1001)"], said["(0054,1006)"]) == ("GML", "BW")
        assert pet["manufacturer"] == "GE MEDICAL SYSTEMS"


def test_features_of_real_lesions(sarcomas: Running) -> None:
    fit = sarcomas.step("imaging.extractor_fit", preset="demo", seed=1)
    assert fit["result"]["PET"]["fitted_on"] == 2
    assert sarcomas.step("imaging.features_extract")["result"]["patients"] == 3
    sets = sarcomas.rows("feature-sets/")
    assert len(sets) == 12, "each with its control, voxels shuffled inside the region"
    assert {len(row["vector"]) for row in sets} == {224}


def test_a_missing_slice_is_refused_with_its_place(
    product: Product, source: Path, sarcomas: Running, tmp_path: Path
) -> None:
    running = open_study(product, "Real PET/CT, cut short", waived="published data")
    table, archive = tmp_path / "cohort.csv", tmp_path / "cut.zip"
    table.write_text(
        "patient_id,site,cohort,treatment_started_on,last_known_alive_on\n"
        "STS_002,North,training,2006-02-07,2006-02-07\n"
    )
    gap = sorted((source / "STS_002/PET/image").iterdir())[20].name
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted((source / "STS_002").rglob("*")):
            if path.is_file() and not (path.name == gap and "PET/image" in str(path)):
                packed.write(path, str(path.relative_to(source)))
    running.upload("cohort_table", table)
    with pytest.raises(RefusedError, match=r"STS_002, PET.*a slice every 3\.27 mm"):
        running.upload("dicom_zip", archive)
    assert running.rows("series/") == []
