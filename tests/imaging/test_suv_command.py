"""The shell command on files as scanners write them, each with a value worked out here."""

import json
import math

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from dicom_made import as_bytes, image_series, structures
from django.core.management import call_command
from pet_headers import DEFAULTS, NUCLIDE, dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from scans_made import square, zipped

HALF_LIFE = 6586.2
KEYS = ["suv_min", "suv_median", "suv_mean", "suv_max", "suv_peak", "mtv_ml", "tlg", "working",
        "notices"]  # fmt: skip
STORED = np.arange(1, 4 * 6 * 8 + 1).reshape(4, 6, 8)
TOP = int(STORED.max())
BY_WEIGHT = 70_000 / 350e6


def pet_files(nuclide=None, syntax=ExplicitVRLittleEndian, change=None, slope=5.0, **tags):
    header = {k: v for k, v in DEFAULTS.items() if not k.startswith("Rescale")} | tags
    pets = image_series(
        STORED, "PT", (4.0, 4.0, 4.0), series_uid="1.2.77",
        RadiopharmaceuticalInformationSequence=[dataset(NUCLIDE | (nuclide or {}))],
        slope=slope, **header,
    )  # fmt: skip
    for z, slice_ in enumerate(pets):
        if change:
            change(slice_, z)
        slice_.file_meta.TransferSyntaxUID = syntax
    return {f"{z}.dcm": as_bytes(slice_) for z, slice_ in enumerate(pets)}


def written(folder, files):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def suv(tmp_path, capsys):
    """The command's JSON for some files."""

    def run(files, *options):
        call_command("suv", str(written(tmp_path / "series", files)), "--json", *options)
        return json.loads(capsys.readouterr().out)

    return run


def ge(slice_, z):
    """GE: the scan's start in a private tag, slopes of their own, beds acquired one by one."""
    slice_.Manufacturer = "GE MEDICAL SYSTEMS"
    slice_.SeriesTime, slice_.AcquisitionTime = "123000", f"11{4 * z:02}00"
    block = slice_.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20250101110000.00")
    slice_.RescaleSlope = 5.0 + z


def without_creator(slice_, z):
    slice_.SeriesTime = "123000"
    slice_.add_new(0x0009100D, "UN", b"20250101110000.00 ")


def philips(element, value):
    def change(slice_, z):
        slice_.Manufacturer = "Philips Medical Systems"
        block = slice_.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(element, "DS", value)

    return change


def other_block(slice_, z):
    """Another vendor's block stands where Philips' usually does."""
    slice_.private_block(0x7053, "Somebody else", create=True).add_new(0x00, "DS", "9")
    philips(0x00, "0.0004")(slice_, z)


def decayed(hours):
    return 2 ** (hours * 3600 / HALF_LIFE)


def uncorrected(waited_s):
    within = math.log(2) / HALF_LIFE * 300
    grown = math.exp(math.log(2) / HALF_LIFE * waited_s)
    return within / (1 - math.exp(-within)) * grown


START = {"DecayCorrection": "START"}
NO_DATE = {"RadiopharmaceuticalStartDateTime": None}
CASES = {
    "ge": (pet_files(change=ge, **START), 8 / 5 * BY_WEIGHT * decayed(1)),
    "ge implicit": (pet_files(None, ImplicitVRLittleEndian, ge, **START),
                    8 / 5 * BY_WEIGHT * decayed(1)),
    "ge no creator": (pet_files(None, ImplicitVRLittleEndian, without_creator, **START),
                      BY_WEIGHT * decayed(1)),
    "philips suv": (pet_files(change=philips(0x00, "0.0004"), Units="CNTS"), 0.0004),
    "philips zero": (pet_files(change=lambda s, z: (philips(0x00, "0")(s, z),
                                                    philips(0x09, "2.5")(s, z)),
                               Units="CNTS", **START), 2.5 * BY_WEIGHT * decayed(1)),
    "philips implicit": (pet_files(None, ImplicitVRLittleEndian, philips(0x09, "2.5"),
                                   Units="CNTS"), 2.5 * BY_WEIGHT),
    "philips block": (pet_files(change=other_block, Units="CNTS"), 0.0004),
    "midnight": (pet_files(NO_DATE | {"RadiopharmaceuticalStartTime": "233000"},
                           SeriesTime="003000", AcquisitionTime="003000", **START),
                 BY_WEIGHT * decayed(1)),
    "none": (pet_files(DecayCorrection="NONE", CorrectedImage=["ATTN"]),
             BY_WEIGHT * uncorrected(3600)),
    "megabecquerel": (pet_files({"RadionuclideTotalDose": 350.0}), BY_WEIGHT),
    "grams": (pet_files(PatientWeight=70_000.0), BY_WEIGHT),
    "shifted": (pet_files({"RadiopharmaceuticalStartDateTime": "18990101100000"},
                          SeriesDate="18990101", AcquisitionDate="18990101", **START),
                BY_WEIGHT * decayed(1)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_suv_of_files_as_scanners_write_them(case, suv):
    files, factor = CASES[case]
    found = suv(files)
    assert list(found) == KEYS
    assert found["suv_max"] == pytest.approx(TOP * 5.0 * factor, rel=1e-6)
    codes = [notice["code"] for notice in found["notices"]]
    told = {"megabecquerel": ["dose_in_mbq"], "grams": ["weight_in_grams"]}
    assert codes == told.get(case, [])


def test_suv_is_linear_in_the_stored_value_and_blind_to_file_order(suv, tmp_path):
    found = suv(CASES["ge"][0])
    renamed = {f"{9 - i}.dcm": data for i, data in enumerate(CASES["ge"][0].values())}
    for old in (tmp_path / "series").iterdir():
        old.unlink()
    assert suv(renamed) == found
    factor = next(s["value"] for s in found["working"] if s["quantity"].startswith("factor"))
    slopes = 5.0 + np.arange(4)[:, None, None]
    expected = STORED * slopes * factor
    for key, value in (("suv_min", expected.min()), ("suv_median", np.median(expected)),
                       ("suv_mean", expected.mean()), ("suv_max", expected.max())):  # fmt: skip
        assert found[key] == pytest.approx(value, rel=1e-6)
    above = expected[expected >= 0.41 * expected.max()]
    assert found["mtv_ml"] == pytest.approx(len(above) * 0.064)
    assert found["tlg"] == pytest.approx(above.sum() * 0.064, rel=1e-6)


def test_suv_over_a_named_region_of_each_format(suv, tmp_path, capsys):
    box = structures({"A": [square((12.0, 10.0), 5.0, 4.0)], "B": [square((4.0, 4.0), 3.0, 0.0)]},
                     "1.2.77")  # fmt: skip
    (tmp_path / "rs.dcm").write_bytes(as_bytes(box))
    labels = np.zeros(STORED.shape, np.uint8)
    labels[1, 2:4, 2:5], labels[0, 1, 1] = 1, 2
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing((4.0, 4.0, 4.0))
    expected = float((STORED[1, 2:4, 2:5] * 5.0 * BY_WEIGHT).mean())
    for name, label in (("rs.dcm", "A"), ("mask.nii.gz", "1"), ("mask.nrrd", "1")):
        if "mask" in name:
            sitk.WriteImage(image, str(tmp_path / name))
        found = suv(CASES["megabecquerel"][0], "--roi", str(tmp_path / name), "--name", label)
        assert found["suv_mean"] == pytest.approx(expected, rel=1e-6)
        assert found["suv_median"] == pytest.approx(expected, rel=1e-6)
        with pytest.raises(SystemExit):
            suv(CASES["megabecquerel"][0], "--roi", str(tmp_path / name))
        assert "the name of one" in capsys.readouterr().out


def test_a_zip_gives_what_the_folder_gives(suv, tmp_path, capsys):
    files, _ = CASES["none"]
    (tmp_path / "pet.zip").write_bytes(zipped(files))
    folder = suv(files)
    call_command("suv", str(tmp_path / "pet.zip"), "--json")
    assert json.loads(capsys.readouterr().out) == folder


@pytest.mark.parametrize(
    ("tag", "files"),
    [
        ("(0010,1030)", pet_files(PatientWeight=None)),
        ("(0018,1074)", pet_files({"RadionuclideTotalDose": None})),
        ("(0054,1001)", pet_files(Units="CNTS")),
        ("(0028,0051)", pet_files(CorrectedImage=["DECY"])),
        ("(0020,0032)", {k: v for k, v in pet_files().items() if k != "1.dcm"}),
        ("(0020,000E)", {"note.txt": b"nothing"} | {"ct.dcm": as_bytes(image_series(STORED)[0])}),
    ],
)
def test_a_refusal_names_the_tag_and_leaves_with_a_status(tag, files, tmp_path, capsys):
    folder = written(tmp_path / "series", files)
    for options in (["--json"], []):
        with pytest.raises(SystemExit) as left:
            call_command("suv", str(folder), *options)
        assert left.value.code == 2
        out = capsys.readouterr()
        said = json.loads(out.out)["problems"][0]["where"] if options else out.err
        assert tag in said
