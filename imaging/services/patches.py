"""Cubes around a patient's chosen region."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from imaging.methods.patch import Patch, cube_box, cut_cube, place_cube
from imaging.methods.volume import Grid, Volume
from imaging.models import Series
from imaging.selectors.features import RoiInput
from imaging.storage import PackedVolume, read_volume
from studies.storage import storage


@dataclass(frozen=True)
class PatchSource:
    """Where a patient's region, PET and CT lie: all that a thread without a database needs.

    Parameters
    ----------
    name : the patient's, for problems
    mask : sha256
    scans : (sha256, sha256 of the head, may be empty) by modality
    """

    name: str
    study_uid: UUID
    mask: str
    scans: dict[str, tuple[str, str]]


def patch_source(found: RoiInput) -> PatchSource:
    scans = {modality: _addresses(series) for modality, series in found.series.items()}
    roi = found.roi
    return PatchSource(roi.patient.pseudonym, roi.mask.study.uid, roi.mask.sha256, scans)


def _addresses(series: Series) -> tuple[str, str]:
    return series.stored.sha256, series.volume_head_sha256


def patches_cut(source: PatchSource, size: int, spacing_mm: float) -> dict[str, Patch]:
    """The cubes of PET and CT; of each volume only the part around the cube is read."""
    mask = read_volume(storage().read(source.study_uid, source.mask))
    cube = place_cube(mask, size, spacing_mm, source.name)
    return {
        modality: cut_cube(_part(source, modality, cube.grid), cube, modality, source.name)
        for modality in source.scans
    }


def _part(source: PatchSource, modality: str, cube: Grid) -> Volume:
    """The part of a scan around the cube; all of one that was packed as one block."""
    sha256, head = source.scans[modality]
    if not head:
        return read_volume(storage().read(source.study_uid, sha256))

    def read(start: int, size: int) -> bytes:
        with storage().open_range(source.study_uid, sha256, start, size) as file:
            return file.read(size)

    packed = PackedVolume(read, head)
    return packed.part(cube_box(packed.grid, cube, source.name))


def patches_of(found: RoiInput, size: int, spacing_mm: float) -> dict[str, Patch]:
    """The cubes of PET and CT around a patient's region."""
    return patches_cut(patch_source(found), size, spacing_mm)
