"""Regions as files of every format they can come in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)
from pydicom.dataset import Dataset

from imaging.methods.roi_contours import NamedMask, ScanNames, write_rtstruct
from imaging.methods.roi_segmentation import write_seg
from imaging.methods.volume import Volume, as_sitk
from studies.methods.problems import refuse
from studies.methods.wording import say

FORMATS = {"rtstruct": ".dcm", "seg": ".dcm", "nifti": ".nii.gz", "nrrd": ".nrrd"}


def write_regions(masks: Sequence[NamedMask], names: ScanNames, kind: str, uid_seed: str) -> bytes:
    """The bytes of a file that holds the masks.

    Parameters
    ----------
    kind : "rtstruct", "seg", "nifti" or "nrrd"
        A label map numbers the masks from 1 and cannot hold two that overlap.

    Raises
    ------
    DataProblem
        An unknown format; overlapping masks for a label map.
    """
    if kind not in FORMATS:
        raise refuse(
            "format", kind, say("one of {known}", known=", ".join(FORMATS)), "Choose a format."
        )
    if kind in DICOM:
        buffer = BytesIO()
        DICOM[kind](masks, names, uid_seed).save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()
    return _image_bytes(_label_map(masks), FORMATS[kind], masks)


DICOM: dict[str, Callable[[Sequence[NamedMask], ScanNames, str], Dataset]] = {
    "rtstruct": write_rtstruct,
    "seg": write_seg,
}


def _label_map(masks: Sequence[NamedMask]) -> Volume:
    labels = np.zeros(masks[0].mask.grid.shape, np.uint8)
    for number, named in enumerate(masks, start=1):
        if (labels[named.mask.array] != 0).any():
            raise refuse(
                named.name,
                say("a region that overlaps another"),
                "regions apart from each other in a label map",
                "Export them one by one, or as RTSTRUCT or SEG.",
            )
        labels[named.mask.array] = number
    return Volume(labels, masks[0].mask.grid)


def _image_bytes(volume: Volume, suffix: str, masks: Sequence[NamedMask]) -> bytes:
    image = as_sitk(volume)
    if suffix == ".nrrd":
        for number, named in enumerate(masks):
            image.SetMetaData(f"Segment{number}_Name", named.name)
            image.SetMetaData(f"Segment{number}_LabelValue", str(number + 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"regions{suffix}"
        sitk.WriteImage(image, str(path), useCompression=True)
        return path.read_bytes()
