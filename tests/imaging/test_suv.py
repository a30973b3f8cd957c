"""SUV against the published reference objects and, tag by tag, against worked examples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pet_headers import pet_slice

from imaging.methods.dicom_series import read_series
from imaging.methods.rtstruct import read_rtstruct
from imaging.methods.suv import apply_suv, estimate_suv_factors
from studies.methods.problems import DataProblem

OBJECTS = ("0_0", "1_0", "2_0", "2_4", "3_0", "4_1")
HALF_LIFE = 6586.2


def factor(slice_, *more):
    return estimate_suv_factors([slice_, *more]).factors[0]


@pytest.mark.parametrize("name", OBJECTS)
def test_suv_of_published_reference_objects(reference_object, name):
    pet, structures = reference_object(name)
    series = read_series(pet, name)
    suv = apply_suv(series.volume.array, estimate_suv_factors(series.slices))
    [roi] = read_rtstruct(structures, series.volume.grid, name)
    inside = suv[roi.mask.array]
    found = [inside.min(), float(np.median(inside)), inside.max()]
    assert np.round(found, 2).tolist() == [0.20, 1.00, 4.00]


def test_reference_object_in_megabecquerel_says_both_readings(reference_object):
    pet, _ = reference_object("3_0")
    [notice] = estimate_suv_factors(read_series(pet, "3_0").slices).notices
    assert "368.08 was read as MBq: 3.6808e+08 Bq, not 368.08 Bq" in notice.text


def test_activity_decayed_to_administration():
    assert factor(pet_slice()) == pytest.approx(70_000 / 350e6)


def test_activity_decayed_to_start_of_series():
    expected = 70_000 / (350e6 * 2 ** (-3600 / HALF_LIFE))
    assert factor(pet_slice(DecayCorrection="START")) == pytest.approx(expected)


def test_activity_not_decay_corrected_is_corrected_per_frame():
    rate = math.log(2) / HALF_LIFE
    frames = [
        pet_slice(DecayCorrection="NONE", CorrectedImage=["ATTN"], AcquisitionTime=time)
        for time in ("110000", "110500")
    ]
    found = estimate_suv_factors(frames).factors
    within = rate * 300 / (1 - math.exp(-rate * 300))
    expected = [70_000 / 350e6 * within * math.exp(rate * waited) for waited in (3600, 3900)]
    assert found == pytest.approx(expected)


def test_reference_time_is_computed_back_when_series_time_is_late():
    rate = math.log(2) / HALF_LIFE
    mean_s = math.log(rate * 300 / (1 - math.exp(-rate * 300))) / rate
    expected = 70_000 / (350e6 * 2 ** (-(3600 + mean_s - 150) / HALF_LIFE))
    late = pet_slice(DecayCorrection="START", SeriesTime="120000")
    assert factor(late) == pytest.approx(expected)


def test_ge_scan_time_goes_before_series_time():
    slice_ = pet_slice(DecayCorrection="START", SeriesTime="104500")
    slice_.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250101103000")
    assert factor(slice_) == pytest.approx(70_000 / (350e6 * 2 ** (-1800 / HALF_LIFE)))


def test_start_time_alone_is_on_the_day_of_the_scan_or_the_day_before():
    without_date = {"RadiopharmaceuticalStartDateTime": None}
    same_day = pet_slice(without_date, DecayCorrection="START")
    assert factor(same_day) == factor(pet_slice(DecayCorrection="START"))
    over_midnight = pet_slice(
        without_date | {"RadiopharmaceuticalStartTime": "233000"},
        DecayCorrection="START",
        SeriesTime="003000",
        AcquisitionTime="003000",
    )
    assert factor(over_midnight) == factor(same_day)


def test_half_life_by_nuclide_code():
    code = pet_slice()
    code.CodeValue = "C-111A1"
    coded = {"RadionuclideHalfLife": None, "RadionuclideCodeSequence": [code]}
    slice_ = pet_slice(coded, DecayCorrection="START")
    assert factor(slice_) == factor(pet_slice(DecayCorrection="START"))


@pytest.mark.parametrize(
    ("kind", "mass"),
    [
        ("LBM", {"M": 1.10 * 70 - 120 * (70 / 175) ** 2, "F": 1.07 * 70 - 148 * (70 / 175) ** 2}),
        (
            "LBMJAMES128",
            {"M": 1.10 * 70 - 128 * (70 / 175) ** 2, "F": 1.07 * 70 - 148 * (70 / 175) ** 2},
        ),
        (
            "LBMJANMA",
            {
                "M": 9270 * 70 / (6680 + 216 * 70 / 1.75**2),
                "F": 9270 * 70 / (8780 + 244 * 70 / 1.75**2),
            },
        ),
        ("IBW", {"M": 48.0 + 1.06 * 23, "F": 45.5 + 0.91 * 23}),
    ],
)
def test_suv_by_body_measure_becomes_suv_by_weight(kind, mass):
    for sex, kilograms in mass.items():
        slice_ = pet_slice(Units="GML", SUVType=kind, PatientSex=sex)
        assert factor(slice_) == pytest.approx(70 / kilograms)
    other = estimate_suv_factors([pet_slice(Units="GML", SUVType=kind, PatientSex="O")])
    assert other.factors[0] == pytest.approx(70 / np.mean(list(mass.values())))
    assert [notice.code for notice in other.notices] == ["sex_unknown"]


def test_suv_by_surface_becomes_suv_by_weight():
    surface = 0.007184 * 70**0.425 * 175**0.725
    assert factor(pet_slice(Units="CM2ML")) == pytest.approx(70e3 / (surface * 1e4))


def test_suv_by_weight_stays_as_it_is():
    assert factor(pet_slice(Units="GML")) == factor(pet_slice(Units="GML", SUVType="BW")) == 1


def test_philips_counts_by_suv_factor_else_by_activity_factor():
    slice_ = pet_slice(Units="CNTS")
    slice_.add_new(0x70531009, "DS", "2.5")
    assert factor(slice_) == pytest.approx(2.5 * 70_000 / 350e6)
    slice_.add_new(0x70531000, "UN", b"0.0005 ")
    assert factor(slice_) == pytest.approx(0.0005)


def test_weight_in_grams_is_a_notice():
    found = estimate_suv_factors([pet_slice(PatientWeight=70_000.0)])
    assert found.factors[0] == factor(pet_slice())
    assert "70000 was read as grams: 70 kg, not 70000 kg" in found.notices[0].text


@pytest.mark.parametrize(
    ("tag", "slice_"),
    [
        ("(0010,1030)", pet_slice(PatientWeight=None)),
        ("(0010,1030)", pet_slice(PatientWeight=0.0)),
        ("(0028,1052)", pet_slice(RescaleIntercept=-3.0)),
        ("(0028,1053)", pet_slice(RescaleSlope=None)),
        ("(0054,1001)", pet_slice(Units="CPS")),
        ("(0054,1001)", pet_slice(Units="PROPCNTS")),
        ("(0054,1001)", pet_slice(Units=None)),
        ("(0054,1001)", pet_slice(Units="CNTS")),
        ("(0054,1006)", pet_slice(Units="GML", SUVType="BSA")),
        ("(0010,1020)", pet_slice(Units="GML", SUVType="LBM", PatientSize=None)),
        ("(0010,1020)", pet_slice(Units="CM2ML", PatientSize=175.0)),
        ("(0028,0051)", pet_slice(CorrectedImage=["DECY"])),
        ("(0028,0051)", pet_slice(CorrectedImage=["ATTN"])),
        ("(0028,0051)", pet_slice(CorrectedImage=None)),
        ("(0054,1102)", pet_slice(DecayCorrection=None)),
        ("(0018,1074)", pet_slice({"RadionuclideTotalDose": None})),
        ("(0018,1075)", pet_slice({"RadionuclideHalfLife": None}, DecayCorrection="START")),
        (
            "(0018,1078)",
            pet_slice(
                {"RadiopharmaceuticalStartDateTime": "20250101120000"}, DecayCorrection="START"
            ),
        ),
        (
            "(0018,1078)",
            pet_slice(
                {"RadiopharmaceuticalStartDateTime": "20240101100000"}, DecayCorrection="START"
            ),
        ),
        ("(0018,1242)", pet_slice(DecayCorrection="NONE", ActualFrameDuration=None)),
        ("(0008,0032)", pet_slice(DecayCorrection="START", AcquisitionTime=None)),
    ],
)
def test_suv_refuses_and_names_the_tag(tag, slice_):
    with pytest.raises(DataProblem) as refused:
        estimate_suv_factors([slice_])
    assert tag in refused.value.problems[0].where


def test_suv_refuses_two_weights_in_one_series():
    with pytest.raises(DataProblem, match="PatientWeight"):
        estimate_suv_factors([pet_slice(), pet_slice(PatientWeight=71.0)])


def test_working_names_every_input_with_its_tag():
    steps = estimate_suv_factors([pet_slice(DecayCorrection="START")]).steps
    tags = " ".join(step.tag for step in steps)
    for tag in (
        "(0028,1053)",
        "(0054,1001)",
        "(0028,0051)",
        "(0054,1102)",
        "(0010,1030)",
        "(0018,1074)",
        "(0018,1075)",
        "(0008,0031)",
        "(0018,1078)",
    ):
        assert tag in tags


@given(weight=st.floats(30, 200), dose=st.floats(1e6, 1e9), scale=st.floats(0.1, 10))
def test_suv_scales_with_weight_and_inversely_with_dose(weight, dose, scale):
    one = factor(pet_slice({"RadionuclideTotalDose": dose}, PatientWeight=weight))
    other = factor(pet_slice({"RadionuclideTotalDose": dose * scale}, PatientWeight=weight))
    assert one == pytest.approx(weight * 1000 / dose)
    assert other == pytest.approx(one / scale)
