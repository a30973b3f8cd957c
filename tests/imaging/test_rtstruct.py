"""Contours to masks: against scikit-image's point-in-polygon, worked shapes and real lesions."""

import numpy as np
import pytest
from dicom_made import image_series, structures
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import grid_points_in_poly

from imaging.methods.dicom_series import read_series
from imaging.methods.rtstruct import rasterise, read_rtstruct, referenced_series
from imaging.methods.volume import Grid
from studies.methods.problems import DataProblem

GRID = Grid((12, 10, 4), (-5.0, 3.0, 100.0), (2.0, 1.5, 4.0))


def square(low, high, z=1):
    """Corners in mm of a square between voxel indices, in slice z."""
    corners = np.array([[low, low, z], [high, low, z], [high, high, z], [low, high, z]], float)
    return GRID.points_of(corners)


@given(
    st.lists(st.tuples(st.integers(0, 57), st.integers(0, 42)), min_size=3, max_size=9, unique=True)
)
def test_rasterise_equals_scikit_image_inside(corners):
    polygon = np.array(corners) / 3 + (0.0131, 0.0277)  # no centre exactly on an edge
    found = rasterise([polygon], (15, 20))
    expected = grid_points_in_poly((15, 20), polygon[:, ::-1], binarize=False)
    assert np.array_equal(found, expected == 1)


def test_square_covers_the_voxels_whose_centres_it_holds():
    [roi] = read_rtstruct(structures({"lesion": [square(2.5, 6.5)]}), GRID, "rs")
    expected = np.zeros(GRID.shape, bool)
    expected[1, 3:7, 3:7] = True
    assert np.array_equal(roi.mask.array, expected)
    assert roi.observer == "MANUAL"


def test_inner_contour_is_a_hole_and_two_pieces_are_one_region():
    polygons = [square(0.5, 8.5), square(3.5, 5.5), square(0.5, 2.5, z=3)]
    [roi] = read_rtstruct(structures({"lesion": polygons}), GRID, "rs")
    assert roi.mask.array[1].sum() == 64 - 4
    assert not roi.mask.array[1, 4:6, 4:6].any()
    assert roi.mask.array[3].sum() == 4


def test_touching_squares_share_no_voxel():
    names = {"a": [square(1, 4)], "b": [square(4, 7)]}
    a, b = read_rtstruct(structures(names), GRID, "rs")
    assert not (a.mask.array & b.mask.array).any()
    assert (a.mask.array.sum(), b.mask.array.sum()) == (9, 9)


def test_regions_by_name():
    made = structures({"liver": [square(1, 4)], "lesion": [square(2, 8)]}, series_uid="1.2.77")
    [roi] = read_rtstruct(made, GRID, "rs", ["lesion"])
    assert roi.name == "lesion"
    assert referenced_series(made) == ("1.2.77",)
    with pytest.raises(DataProblem, match="the contours liver, lesion; expected spleen"):
        read_rtstruct(made, GRID, "rs", ["spleen"])


def test_two_regions_of_one_name_are_refused():
    made = structures({"a": [square(1, 4)], "b": [square(2, 8)]})
    made.StructureSetROISequence[1].ROIName = "a"
    with pytest.raises(DataProblem, match="several regions called a"):
        read_rtstruct(made, GRID, "rs")


@pytest.mark.parametrize(
    ("polygons", "says"),
    [
        ([square(2, 5, z=1.5)], "lies on no slice"),
        ([square(2, 5, z=4)], "lies on no slice"),
        ([square(2, 5, z=-1)], "lies on no slice"),
        ([square(2, 5, z=9), square(2, 5, z=8)], "2 contours misplaced"),
        ([square(2, 30)], "reaches outside"),
        ([], "at least one contoured region"),
    ],
)
def test_misplaced_contours_are_refused(polygons, says):
    with pytest.raises(DataProblem, match=says):
        read_rtstruct(structures({"lesion": polygons}), GRID, "rs")


def test_points_are_left_out_with_a_notice():
    made = structures({"lesion": [square(2, 5), square(2, 5)]})
    made.ROIContourSequence[0].ContourSequence[1].ContourGeometricType = "POINT"
    [roi] = read_rtstruct(made, GRID, "rs")
    assert [notice.code for notice in roi.notices] == ["open_contour"]


@pytest.mark.parametrize("patient", ["STS_002", "STS_003", "STS_025"])
def test_real_contour_volume_equals_the_area_of_its_polygons(sarcoma, patient):
    slices, made = sarcoma(patient, "CT")
    grid = read_series(slices, patient).volume.grid
    [roi] = read_rtstruct(made, grid, patient)
    area = 0.0
    for contour in made.ROIContourSequence[0].ContourSequence:
        x, y, _ = np.reshape(np.array(contour.ContourData, float), (-1, 3)).T
        area += abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    assert roi.mask.array.sum() * grid.voxel_ml == pytest.approx(
        area * grid.spacing[2] / 1000, rel=0.01
    )


def test_contours_of_another_scan_are_refused(sarcoma):
    slices, _ = sarcoma("STS_002", "PET")
    _, other = sarcoma("STS_003", "PET")
    with pytest.raises(DataProblem, match="lies on no slice"):
        read_rtstruct(other, read_series(slices, "pet").volume.grid, "rs")
    assert read_series(image_series(np.zeros((3, 4, 4), int)), "ct")
