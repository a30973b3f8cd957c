"""PET and CT series as DICOM. A series is encoded once; each slice fills in what differs."""

import io
import re

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from simulation.headers import CT_INTERCEPT, Acquisition, Subject, ct_header, pet_header
from simulation.images import CT_SPACING_MM, PET_SPACING_MM, Images
from simulation.randomness import uid


class SliceTemplate:
    """An encoded data set cut open at its placeholders, so that a slice is a join of bytes."""

    PLACEHOLDERS = {  # keyword: what stands in the template; every filling has the same length
        "InstanceNumber": "990001",
        "ImagePositionPatient": "+9901.001\\+9902.002\\+9903.003",
        "SliceLocation": "+9904.004",
        "RescaleSlope": "9.9010000e+01",
    }

    def __init__(self, dataset: Dataset, pixel_bytes: int) -> None:
        self._uid = uid(0, "placeholder")
        pixels = b"\xa5\x5a\xc3" * (pixel_bytes // 3 + 1)
        dataset.SOPInstanceUID = self._uid
        for keyword, text in self.PLACEHOLDERS.items():
            setattr(dataset, keyword, text.split("\\") if "\\" in text else text)
        dataset.add_new("PixelData", "OW", pixels[:pixel_bytes])
        marks = {"uid": self._uid, **self.PLACEHOLDERS}
        encoded = {name: text.encode() for name, text in marks.items()}
        encoded["pixels"] = pixels[:pixel_bytes]
        self._parts = _cut(encode(dataset), encoded)

    def fill(self, **values: bytes) -> bytes:
        return b"".join(values[part] if isinstance(part, str) else part for part in self._parts)


def _cut(data: bytes, marks: dict[str, bytes]) -> list[bytes | str]:
    """The bytes between the marks, and the marks' names in their places."""
    names = {mark: name for name, mark in marks.items()}
    pieces = re.split(b"(" + b"|".join(re.escape(mark) for mark in names) + b")", data)
    return [names.get(piece, piece) for piece in pieces]


def encode(dataset: Dataset) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def write_pet(subject: Subject, visit: Acquisition, images: Images) -> list[bytes]:
    """36 files: BQML, corrected to the start of the series, a rescale slope per slice."""
    dataset = pet_header(subject, visit, images.pet_suv.shape)
    template = SliceTemplate(dataset, images.pet_suv[0].size * 2)
    activity = images.pet_suv * visit.suv_to_bqml
    slopes = [f"{slab.max() / 32767:.7e}" for slab in activity]
    stored = [
        np.clip(np.round(slab / float(slope)), 0, 32767).astype("<i2")
        for slab, slope in zip(activity, slopes, strict=True)
    ]
    return _write_slices(template, subject, visit, "PT", stored, PET_SPACING_MM, slopes)


def write_ct(subject: Subject, visit: Acquisition, images: Images) -> list[bytes]:
    """36 files in Hounsfield units on the PET's frame of reference."""
    template = SliceTemplate(ct_header(subject, visit, images.ct_hu.shape),
                             images.ct_hu[0].size * 2)  # fmt: skip
    stored = [(slab - CT_INTERCEPT).astype("<u2") for slab in images.ct_hu]
    slopes = [f"{1:.7e}"] * len(stored)
    return _write_slices(template, subject, visit, "CT", stored, CT_SPACING_MM, slopes)


def _write_slices(
    template: SliceTemplate,
    subject: Subject,
    visit: Acquisition,
    modality: str,
    stored: list[np.ndarray],
    spacing: tuple[float, ...],
    slopes: list[str],
) -> list[bytes]:
    files = []
    for k, slab in enumerate(stored):
        position = slice_position(visit, (len(stored), *slab.shape), spacing, k)
        texts = [f"{value:+09.3f}" for value in position]
        files.append(
            template.fill(
                uid=subject.uid(modality, k).encode(),
                InstanceNumber=f"{k + 1:06d}".encode(),
                ImagePositionPatient="\\".join(texts).encode(),
                SliceLocation=texts[2].encode(),
                RescaleSlope=slopes[k].encode(),
                pixels=slab.tobytes(),
            )
        )
    return files


def slice_position(
    visit: Acquisition, shape: tuple[int, ...], spacing: tuple[float, ...], k: int
) -> tuple[float, float, float]:
    """Centre of the first voxel of slice k: x, y, z."""
    x, y, z = visit.origin_mm
    corner = [-(n - 1) / 2 * step for n, step in zip(shape, spacing, strict=True)]
    return x + corner[2], y + corner[1], z + corner[0] + k * spacing[0]
