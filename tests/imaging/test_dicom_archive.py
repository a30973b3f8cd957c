"""What an archive holds, whatever the files are called, and what makes it suspicious."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
from dicom_made import as_bytes, image_series
from scans_made import zipped

from imaging.methods.dicom_archive import content_digest, index_archive, open_archive
from studies.methods.problems import DataProblem

SLICES = [as_bytes(s) for s in image_series(np.zeros((3, 4, 4), int), series_uid="1.2.3.9")]


def index(files):
    archive = open_archive(BytesIO(zipped(files)), "scans.zip")
    return index_archive(archive, "scans.zip")


def test_files_are_known_by_their_headers_not_their_names():
    found = index({"x": SLICES[2], "y/z.ima": SLICES[0], "q.txt": SLICES[1]})
    assert not found.problems
    [entries] = found.entries.values()
    assert list(found.entries) == ["P001"]
    assert {entry.series_uid for entry in entries} == {"1.2.3.9"}
    assert {entry.modality for entry in entries} == {"CT"}


def test_digest_of_a_series_knows_no_names_and_no_order():
    one = index(dict(zip("abc", SLICES, strict=True))).entries["P001"]
    two = index(dict(zip("xyz", reversed(SLICES), strict=True))).entries["P001"]
    assert content_digest(one) == content_digest(two)
    assert content_digest(one) != content_digest(one[:2])


def test_equal_copies_count_once_and_unequal_ones_are_a_problem():
    assert len(index({"a": SLICES[0], "b": SLICES[0]}).entries["P001"]) == 1
    [problem] = index({"a": SLICES[0], "b": SLICES[0] + b"\0\0"}).problems
    assert "other content" in problem.found


def test_what_computers_leave_lying_about_is_passed_over():
    found = index({"a": SLICES[0], "__MACOSX/a": b"x", ".DS_Store": b"x", "DICOMDIR": b"x"})
    assert not found.problems
    assert len(found.entries["P001"]) == 1


def test_other_modalities_are_left_out_with_a_notice():
    other = image_series(np.zeros((1, 4, 4), int), modality="MR")[0]
    other.Modality = "MR"
    found = index({"a": SLICES[0], "b": as_bytes(other)})
    assert [notice.text for notice in found.notices] == [
        "scans.zip: 1 files of modality MR left out"
    ]


def test_every_unusable_file_is_told():
    nameless = image_series(np.zeros((1, 4, 4), int), PatientID="")[0]
    found = index({"a": SLICES[0], "b": b"text", "c": SLICES[1][:-9], "d": as_bytes(nameless)})
    assert [problem.where for problem in found.problems] == ["b", "c", "d: PatientID (0010,0020)"]


def test_damage_inside_the_archive_is_told_of_the_file():
    data = bytearray(zipped({"a": SLICES[0]}))
    data[400] ^= 255
    archive = open_archive(BytesIO(bytes(data)), "scans.zip")
    [problem] = index_archive(archive, "scans.zip").problems
    assert (problem.where, problem.found) == ("a", "a damaged file inside the archive")


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "C:\\windows\\x", "..\\up"])
def test_names_that_point_elsewhere_are_refused(name):
    with pytest.raises(DataProblem, match="points outside"):
        open_archive(BytesIO(zipped({name: b"x"})), "scans.zip")


def test_encrypted_files_are_refused():
    archive = zipfile.ZipFile(BytesIO(zipped({"a": b"x"})))
    data = bytearray(zipped({"a": b"x"}))
    entry = archive.start_dir
    data[entry + 8] |= 1
    with pytest.raises(DataProblem, match="encrypted"):
        open_archive(BytesIO(bytes(data)), "scans.zip")


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [
        (b"\x10\x00\x20\x00LO", b"\x10\x00\x20\x00??"),  # PatientID of no known type
        (b"\x28\x00\x00\x01US\x02", b"\x29\x00\x00\x01US\x02"),  # without BitsAllocated
    ],
)
def test_a_damaged_header_is_the_files_problem(whole, damaged):
    assert whole in SLICES[0]
    found = index({"a": SLICES[0].replace(whole, damaged), "b": SLICES[1]})
    assert [problem.where for problem in found.problems] == ["a"]


def test_a_damaged_stream_and_a_nameless_folder_do_not_break_the_reading():
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", SLICES[0])
    packed = bytearray(buffer.getvalue())
    packed[31:71] = b"\xff" * 40  # the header ends with the name, at 31
    archive = open_archive(BytesIO(packed), "scans.zip")
    [problem] = index_archive(archive, "scans.zip").problems
    assert "damaged" in problem.found
    assert len(index({"./": b"", "a": SLICES[0]}).entries["P001"]) == 1
