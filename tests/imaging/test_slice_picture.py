"""The glance: the widest slice, the outline on the region's edge, square voxels."""

import numpy as np

from imaging.methods.slice_picture import OUTLINE, draw_slice
from imaging.methods.volume import Grid, Volume

GRID = Grid((20, 10, 4), (0.0, 0.0, 0.0), (2.0, 4.0, 5.0))


def made():
    scan, mask = np.zeros(GRID.shape, np.float32), np.zeros(GRID.shape, bool)
    scan[2] = 8.0
    mask[1, 4:6, 8:10] = True
    mask[2, 3:7, 6:12] = True
    return Volume(scan, GRID), Volume(mask, GRID)


def test_widest_slice_is_shown_with_the_outline():
    scan, mask = made()
    picture = draw_slice(scan, mask, "PT", height=100)
    assert picture.shape == (100, 100, 3)  # 20 × 2 mm by 10 × 4 mm
    assert tuple(picture[0, 0]) == (0, 0, 0)  # slice 2: SUV 8 is black
    edge = (picture == OUTLINE).all(axis=2)
    assert edge[30:70, 30:60].any()
    assert not edge[:29].any()
    assert not edge[35:65, 35:55].all()


def test_without_a_region_the_highest_voxel_decides():
    scan, _ = made()
    assert tuple(draw_slice(scan, None, "PT", height=10)[0, 0]) == (0, 0, 0)
    dark = draw_slice(Volume(scan.array - 1000, GRID), None, "CT", height=10)
    assert dark.max() == 0
