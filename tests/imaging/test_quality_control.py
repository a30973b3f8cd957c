"""Quality control: each check passes on a sound scan and names what a bad one has."""

import numpy as np
import pytest
from dicom_made import image_series
from pet_headers import DEFAULTS, NUCLIDE, dataset

from imaging.methods.dicom_series import read_series
from imaging.methods.quality_control import (
    check_pair,
    check_refusal,
    check_region,
    check_series,
    share_covered,
    worst_state,
)
from imaging.methods.suv import estimate_suv_factors
from imaging.methods.volume import Grid, Volume
from studies.methods.problems import DataProblem


def pet(change=None, nuclide=None, **tags):
    header = {k: v for k, v in DEFAULTS.items() if not k.startswith("Rescale")} | tags
    made = dataset(NUCLIDE | (nuclide or {}))
    slices = image_series(
        np.ones((4, 5, 6), int), "PT", RadiopharmaceuticalInformationSequence=[made], **header
    )
    for z, slice_ in enumerate(slices):
        if change:
            change(slice_, z)
    return slices


def states(slices):
    series = read_series(slices, "PET")
    return {c.name: (c.state, c.found) for c in check_series(series.slices, series.volume.grid)}


def jitter(slice_, z):
    slice_.ImagePositionPatient = [0, 0, 3.0 * z + (0.05 if z == 2 else 0)]


def thin(slice_, z):
    slice_.SliceThickness = 2.0


def sagittal(slice_, z):
    slice_.ImageOrientationPatient = [0, 1, 0, 0, 0, 1]
    slice_.ImagePositionPatient = [3.0 * z, 0, 0]


def test_a_sound_pet_passes():
    found = states(pet())
    assert {state for state, _ in found.values()} == {"pass"}
    assert found["uptake time"] == ("pass", "60 min")
    assert found["slices"][1].startswith("4 slices every 3.00 mm")


@pytest.mark.parametrize(
    ("name", "found", "slices"),
    [
        ("spacing", "0.050 mm", pet(jitter)),
        ("gaps", "2 mm thick, every 3.00 mm", pet(thin)),
        ("orientation", "90° off axial", pet(sagittal)),
        ("corrections", "ATTN", pet(DecayCorrection="NONE", CorrectedImage=["ATTN"])),
        ("uptake time", "54 min", pet(AcquisitionTime="105400")),
        ("uptake time", "76 min", pet(AcquisitionTime="111600")),
        ("uptake time", "not stated", pet(AcquisitionTime=None)),
        ("uptake time", "not stated", pet(None, {"RadiopharmaceuticalStartDateTime": None,
                                                 "RadiopharmaceuticalStartTime": None})),
    ],
)  # fmt: skip
def test_what_is_odd_warns_with_what_was_found(name, found, slices):
    state, said = states(slices)[name]
    assert state == "warn"
    assert found in said


@pytest.mark.parametrize(
    ("name", "slices"),
    [
        ("slices", [s for z, s in enumerate(pet()) if z != 1]),
        ("slices", [*pet(), pet()[2]]),
        ("units", pet(Units="CPS")),
        ("corrections", pet(CorrectedImage=["DECY"])),
        ("weight", pet(PatientWeight=None)),
    ],
)
def test_what_is_refused_fails(name, slices):
    for slice_ in slices:
        slice_.SeriesInstanceUID = "1.2.3"
    with pytest.raises(DataProblem) as refused:
        estimate_suv_factors(read_series(slices, "PET").slices)
    [check] = check_refusal(refused.value)
    assert (check.name, check.state) == (name, "fail")
    assert check.reason.startswith("expected")


PET = Grid((20, 20, 10), (0.0, 0.0, 0.0), (4.0, 4.0, 4.0))


def test_pair_and_region_are_covered_or_not():
    whole = Grid((40, 40, 20), (-1.0, -1.0, -1.0), (2.0, 2.0, 2.0))
    half = Grid((40, 40, 10), (-1.0, -1.0, -1.0), (2.0, 2.0, 2.0))
    assert [c.state for c in check_pair(PET, whole, True)] == ["pass", "pass"]
    assert [c.state for c in check_pair(PET, half, False)] == ["warn", "warn"]
    array = np.zeros(PET.shape, bool)
    array[2:6, 5:8, 5:8] = True
    mask = Volume(array, PET)
    assert share_covered(mask, half) == pytest.approx(3 / 4)
    assert [check_region(mask, None, ct, "A")[0].state for ct in (whole, half)] == ["pass", "warn"]
    array[3:6] = False
    array[8, 5:8, 5:8] = True
    array[9, 5:8, 5:8] = True
    assert check_region(mask, None, half, "A")[0].state == "fail"


def test_a_mask_upside_down_is_told():
    array = np.zeros(PET.shape, bool)
    array[1:3, 5:8, 5:8] = True
    suv = Volume(np.where(array, 8.0, 1.0).astype(np.float32), PET)
    right, flipped = Volume(array, PET), Volume(array[::-1].copy(), PET)
    assert check_region(right, suv, None, "A")[0].state == "pass"
    [check] = check_region(flipped, suv, None, "A")
    assert check.state == "warn"
    assert "SUVmean 1.00, mirrored 8.00" in check.found


def test_the_gravest_state_speaks():
    assert worst_state(["pass", "fail", "warn"]) == "fail"
    assert worst_state([]) == ""
