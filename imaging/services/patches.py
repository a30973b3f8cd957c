"""Cubes around a patient's chosen region."""

from __future__ import annotations

from imaging.methods.patch import Patch, cut_patch
from imaging.selectors.features import RoiInput
from imaging.storage import read_volume
from studies.services import file_read


def patches_of(found: RoiInput, size: int, spacing_mm: float) -> dict[str, Patch]:
    """The cubes of PET and CT around a patient's region."""
    mask = read_volume(file_read(found.roi.mask))
    name = found.roi.patient.pseudonym
    return {
        modality: cut_patch(
            read_volume(file_read(series.stored)), mask, modality, size, spacing_mm, name
        )
        for modality, series in found.series.items()
    }
