"""What an archive holds, whatever the files are called, and what makes it suspicious."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
from dicom_made import as_bytes, image_series
from scans_made import zipped

from imaging.methods.dicom_archive import content_digest, index_archive, open_archive
from imaging.methods.dicom_visits import group_visits
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
    broken = {"b": b"\0\1", "c": SLICES[1][:-9], "e.dcm": b"", "f.dcm": b"DICM\0"}
    found = index({"a": SLICES[0], "d": as_bytes(nameless)} | broken)
    assert [problem.where for problem in found.problems] == ["b", "c", "e.dcm", "f.dcm"]
    assert [len(found.entries[name]) for name in ("P001", "")] == [1, 1], "nameless: quarantine"
    assert found.asides[1].visit == ("P001", "1.2.3"), "a damaged file still says whose it is"


def test_files_that_never_were_dicom_are_left_out():
    others = {"readme": b"hello", "a.jpg": b"\xff\xd8\0", "report.pdf": b"%PDF\0"}
    found = index({"x": SLICES[0]} | others)
    assert not found.problems
    assert [(aside.name, aside.reason) for aside in found.asides] == [
        (name, "that are not DICOM") for name in others
    ]


def test_a_link_is_named_and_not_followed():
    buffer = BytesIO(zipped({"a": SLICES[0]}))
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("b")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    [problem] = index_archive(open_archive(buffer, "scans.zip"), "scans.zip").problems
    assert (problem.where, problem.found) == ("b", "a symbolic link")


def test_a_damaged_file_holds_back_its_visit_or_its_folder():
    other = [as_bytes(s) for s in image_series(np.zeros((2, 4, 4), int), StudyInstanceUID="1.9")]
    files = {"one/a": SLICES[0], "two/a": other[0]}
    visits, alone = group_visits(index(files | {"two/b": SLICES[1][:-9], "x/c": b"\0"}))
    assert [(v.uid, [p.where for p in v.problems]) for v in visits] == [
        ("1.2.3", ["two/b"]),
        ("1.9", []),
    ]
    assert [problem.where for problem in alone] == ["x/c"]
    visits, alone = group_visits(index(files | {"two/b": b"\0"}))
    assert ([len(visit.problems) for visit in visits], alone) == ([0, 1], [])


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
