"""A glance at a region on its scan."""

from __future__ import annotations

from imaging.methods.geometry import resample_mask
from imaging.methods.projection import draw_projection
from imaging.methods.slice_picture import draw_slice
from imaging.methods.volume import Volume
from imaging.models import PetCtPair, Roi, Series
from imaging.storage import png_bytes, read_volume
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import FileUse, StoredFile
from studies.services import file_read, file_store

DRAWN_AS = 1  # another number when pictures are drawn otherwise: the old ones are not shown then


def roi_picture(roi: Roi, modality: str) -> StoredFile:
    """PNG of the slice through the widest part of the region, on PET or on CT: drawn once, kept.

    It goes with the region when that is purged.
    """
    kind = f"picture:{modality}:{DRAWN_AS}"
    uses = FileUse.objects.filter(table=roi._meta.db_table, row_id=roi.pk, file__kind=kind)
    use = uses.filter(file__bytes_dropped_at=None).select_related("file__study").first()
    if use is not None:
        return use.file
    return file_store(roi.study, _drawn(roi, modality), kind, f"{roi.uid}-{modality}.png", roi)


def _drawn(roi: Roi, modality: str) -> bytes:
    scan = read_volume(file_read(_series(roi, modality).stored))
    mask = read_volume(file_read(roi.mask))
    if mask.grid != scan.grid:
        mask = resample_mask(mask, scan.grid)
    return png_bytes(draw_slice(scan, mask, modality))


def _series(roi: Roi, modality: str) -> Series:
    if roi.series.modality == modality:
        return roi.series
    pairs = PetCtPair.objects.filter(**{"ct" if modality == "PT" else "pet": roi.series})
    pair = pairs.select_related("pet__volume__study", "ct__volume__study").first()
    if pair is None:
        raise refuse(
            roi.name,
            say("no {modality} beside its scan", modality=modality),
            "a PET/CT pair",
            "Upload it.",
        )
    return pair.pet if modality == "PT" else pair.ct


def mask_picture(suv: Volume, mask: Volume) -> bytes:
    """PNG of the PET slice through the widest part of a region that nobody has kept yet."""
    return png_bytes(draw_slice(suv, mask, "PT"))


def projection_picture(pet: Series, degrees: int) -> bytes:
    """PNG of the PET's maximum intensity projection."""
    return png_bytes(draw_projection(read_volume(file_read(pet.stored)), degrees))
