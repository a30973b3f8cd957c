"""One DICOM file: its bytes read and checked, before anything is computed."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

# Scanners write values longer than their type allows; what is used here is checked by meaning.
config.settings.reading_validation_mode = config.IGNORE

IMAGE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.128": "PT",  # PET Image Storage
    "1.2.840.10008.5.1.4.1.1.2": "CT",  # CT Image Storage
}
IDENTIFIERS = ("SOPInstanceUID", "SeriesInstanceUID", "PatientID", "Modality")
UNREADABLE = (
    InvalidDicomError, BytesLengthException, struct.error, zlib.error, EOFError, OSError,
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError,
)  # fmt: skip
PIXELS = BaseTag(0x7FE00010)
PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)


def read_dicom(data: bytes, name: str) -> Dataset:
    """The header and pixels of one DICOM file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What the user calls it; problems are said of this name.

    Raises
    ------
    DataProblem
        Not DICOM, cut short, or without the identifiers every DICOM object carries.
    """
    try:
        return _whole(data, name)
    except DataProblem:
        raise
    except UNREADABLE as error:
        raise _not_dicom(name, error) from error


def _whole(data: bytes, name: str) -> Dataset:
    dataset = dcmread(BytesIO(data))
    named = {key: dataset.get(key) for key in IDENTIFIERS}  # read now: elements are read late
    missing = [key for key in ("SOPInstanceUID", "SeriesInstanceUID") if not named[key]]
    if missing:
        raise refuse(
            name,
            "no " + " and no ".join(missing),
            "a complete DICOM object",
            "Export the file again.",
        )
    if dataset.get("SOPClassUID") in IMAGE_CLASSES:
        _check_pixels_complete(dataset, name)
    return dataset


def _not_dicom(name: str, error: Exception) -> DataProblem:
    if isinstance(error, InvalidDicomError):
        return refuse(
            name,
            say("a file that is not DICOM"),
            "DICOM files only",
            "Leave the file out of the upload.",
        )
    return refuse(
        name,
        say("a DICOM file that breaks off or cannot be read"),
        "a whole DICOM file",
        "Export or copy the file again.",
    )


def _check_pixels_complete(dataset: Dataset, name: str) -> None:
    pixels = dataset.get_item(PIXELS)
    if pixels is None or not pixels.value:
        raise refuse(
            name,
            say("an image without pixels"),
            "a whole image",
            "The file was cut short: export or copy it again.",
        )
    if dataset.file_meta.TransferSyntaxUID not in PLAIN or "Rows" not in dataset:
        return
    frames = int(dataset.get("NumberOfFrames") or 1)
    bits = dataset.Rows * dataset.Columns * frames * dataset.BitsAllocated
    expected, found = (bits + 7) // 8, len(pixels.value)
    if found < expected:
        raise refuse(
            name,
            say("{found} bytes of pixels", found=found),
            say("{expected} bytes", expected=expected),
            "The file was cut short: export or copy it again.",
        )


def stored_values(dataset: Dataset, name: str) -> NDArray:
    """The stored pixel values of one slice, before slope and intercept.

    Returns
    -------
    array (rows, columns) of integers

    Raises
    ------
    DataProblem
        Several frames or colours in one object, or a compression that cannot be read.
    """
    try:
        return _stored_values(dataset, name)
    except DataProblem:
        raise
    except UNREADABLE as error:
        raise _not_dicom(name, error) from error


def _stored_values(dataset: Dataset, name: str) -> NDArray:
    if int(dataset.get("NumberOfFrames") or 1) > 1 or dataset.get("SamplesPerPixel", 1) != 1:
        raise refuse(
            name,
            say("several frames or colours in one object"),
            "one grey slice per file",
            "Export the series as single-frame PET or CT image storage.",
        )
    if dataset.file_meta.TransferSyntaxUID in PLAIN and dataset.BitsAllocated == 16:
        return _plain_values(dataset)
    try:
        return dataset.pixel_array
    except (RuntimeError, NotImplementedError, ValueError, AttributeError) as error:
        syntax = dataset.file_meta.TransferSyntaxUID.name
        raise refuse(
            name,
            say("pixels stored as {syntax}", syntax=syntax),
            "uncompressed or RLE pixels",
            "Export the series without compression.",
        ) from error


def _plain_values(dataset: Dataset) -> NDArray:
    """Little-endian 16-bit pixels: the common case without a decoder's overhead."""
    kind = "<i2" if dataset.PixelRepresentation else "<u2"
    count = dataset.Rows * dataset.Columns
    values = np.frombuffer(dataset.PixelData, kind, count)
    unused = dataset.BitsAllocated - dataset.BitsStored
    if unused:
        values = (values << unused).astype(kind) >> unused
    return values.reshape(dataset.Rows, dataset.Columns)
