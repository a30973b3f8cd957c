"""Density tables: units by hand, every problem at once, missing is never 0."""

import pytest

from imaging.methods.density_table import read_density_table
from studies.methods.problems import DataProblem

HEADER = "patient_id,specimen,marker,region,density,unit,procedure\n"
GOOD = HEADER + "P1,P1-T1,CD3,tumor_center,812.5,cells/mm2,resection\n"


def problems(lines, header=HEADER):
    with pytest.raises(DataProblem) as refused:
        read_density_table((header + lines).encode())
    return [(p.row, p.column) for p in refused.value.problems]


def test_density_is_read_with_what_was_entered():
    (row,) = read_density_table(GOOD.encode()).rows
    assert (row.pseudonym, row.specimen, row.procedure) == ("P1", "P1-T1", "resection")
    assert (row.per_mm2, row.as_entered, row.unit, row.row) == (812.5, "812.5", "cells/mm2", 2)


def test_density_per_square_micrometre_is_converted_with_its_working():
    text = GOOD.replace("812.5,cells/mm2", "0.0008125,cells/um2")
    table = read_density_table(text.encode())
    assert table.rows[0].per_mm2 == pytest.approx(812.5)  # 1 mm² holds a million µm²
    assert table.rows[0].working == "0.0008125 cells/um2 × 1,000,000 µm²/mm² = 812.5 cells/mm2"
    assert [n.code for n in table.notices] == ["density_converted"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_density_table_reads_the_usual_separators(separator):
    data = b"\xef\xbb\xbf" + GOOD.replace(",", separator).replace("\n", "\r\n").encode()
    assert len(read_density_table(data).rows) == 1


@pytest.mark.parametrize("blank", ["", "not_done", "unknown"])
def test_what_was_not_measured_is_left_out_and_never_0(blank):
    table = read_density_table((GOOD + f"P1,P1-T1,CD8,tumor_center,{blank},cells/mm2,\n").encode())
    assert [row.marker for row in table.rows] == ["CD3"]
    assert "density_not_measured" in [n.code for n in table.notices]


def test_zero_is_a_density():
    assert read_density_table(GOOD.replace("812.5", "0").encode()).rows[0].per_mm2 == 0


def test_every_problem_is_said_at_once():
    lines = (
        "P1,S1,CD4,tumor_center,5,cells/mm2,\n"
        "P1,S1,CD3,stroma,5,cells/mm2,\n"
        "P1,S1,CD3,tumor_center,-5,cells/mm2,\n"
        "P1,S1,CD3,tumor_center,many,cells/hpf,\n"
        ",S1,CD8,tumor_center,nan,cells/mm2,guess\n"
    )
    assert problems(lines) == [
        (2, "marker"),
        (3, "region"),
        (4, "density"),
        (5, "unit"),
        (5, "density"),
        (6, "patient_id"),
        (6, "procedure"),
        (6, "density"),
    ]


def test_a_measurement_twice_is_refused():
    assert problems("P1,S1,CD3,tumor_center,5,cells/mm2,\n" * 2) == [(3, None)]


def test_a_specimen_of_two_patients_or_procedures_is_refused():
    first = "P1,S1,CD3,tumor_center,5,cells/mm2,resection\n"
    assert problems(first + "P2,S1,CD8,tumor_center,5,cells/mm2,resection\n") == [(3, None)]
    assert problems(first + "P1,S1,CD8,tumor_center,5,cells/mm2,biopsy\n") == [(3, None)]


def test_a_biopsy_has_no_margin():
    assert problems("P1,S1,CD3,invasive_margin,5,cells/mm2,biopsy\n") == [(2, "region")]


def test_missing_and_repeated_columns_are_refused():
    assert problems("", header="patient_id,marker,region,density\n") == [(1, None)]
    assert problems("", header="patient_id,marker,marker,region,density,unit\n") == [(1, None)]
    assert problems("") == [(None, None)]


def test_implausible_densities_and_unnamed_specimens_are_noticed():
    text = "patient_id,marker,region,density,unit\nP1,CD3,tumor_center,0.1,cells/um2\n"
    codes = [n.code for n in read_density_table(text.encode()).notices]
    assert codes == ["density_converted", "density_implausible", "specimen_unnamed"]
