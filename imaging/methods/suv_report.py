"""SUV of a series and of a region on it, with the working: what a shell prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.methods import dicom_seg, rtstruct
from imaging.methods.dicom_file import IMAGE_CLASSES, read_dicom
from imaging.methods.dicom_series import group_series, read_series
from imaging.methods.geometry import check_mask
from imaging.methods.mask_file import read_mask_file, suffix_of
from imaging.methods.rtstruct import ContouredRoi
from imaging.methods.suv import apply_suv, estimate_suv_factors
from imaging.methods.suv_working import Step
from imaging.methods.uptake import THRESHOLDS, Uptake, estimate_uptake
from imaging.methods.volume import Grid, Volume
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

MTV_THRESHOLD = "41_percent"


@dataclass(frozen=True)
class SuvSeries:
    """A PET series as SUV, g/mL, with its working."""

    uid: str
    suv: Volume
    steps: tuple[Step, ...]
    notices: tuple[Notice, ...]


def read_suv_series(instances: Sequence[Dataset], series_uid: str = "") -> SuvSeries:
    """The PET series among DICOM objects, as SUV.

    Parameters
    ----------
    instances : Dataset of each object, any order; others than PET images are left out
    series_uid : str
        Which series, where there are several.

    Raises
    ------
    DataProblem
        No PET series, several without ``series_uid``, or one that does not come to SUV: the
        problem names the tag.
    """
    pets = [d for d in instances if IMAGE_CLASSES.get(str(d.get("SOPClassUID"))) == "PT"]
    groups = group_series(pets)
    if series_uid:
        groups = {uid: group for uid, group in groups.items() if uid == series_uid}
    if len(groups) != 1:
        raise refuse(
            say("SeriesInstanceUID (0020,000E)"),
            say("{n} PET series: {uids}", n=len(groups), uids=", ".join(groups))
            if groups
            else say("no PET series"),
            say("the PET series {series_uid}", series_uid=series_uid)
            if series_uid
            else "one PET series",
            "Name the series to be read by its UID.",
        )
    [(uid, group)] = groups.items()
    series = read_series(group, "PET")
    factors = estimate_suv_factors(series.slices)
    volume = Volume(apply_suv(series.volume.array, factors), series.volume.grid)
    return SuvSeries(uid, volume, factors.steps, (*series.notices, *factors.notices))


def read_roi(data: bytes, name: str, grid: Grid, roi_name: str = "") -> ContouredRoi:
    """One region of an RTSTRUCT, DICOM SEG, NIfTI or NRRD file, on the scan's grid.

    Parameters
    ----------
    roi_name : str
        Structure, segment or label; may be empty when the file holds one.

    Raises
    ------
    DataProblem
        Another grid, no such region, or several and no name.
    """
    wanted = [roi_name] if roi_name else None
    if suffix_of(name):
        rois = read_mask_file(data, grid, name, wanted)
    else:
        dataset = read_dicom(data, name)
        rois = _dicom_rois(dataset, grid, name, wanted)
    if len(rois) != 1:
        raise refuse(
            name,
            say("the regions {rois}", rois=", ".join(roi.name for roi in rois)),
            "the name of one",
            "Name the region.",
        )
    check_mask(rois[0].mask, grid, f"{name}: {rois[0].name}")
    return rois[0]


def _dicom_rois(
    dataset: Dataset, grid: Grid, name: str, wanted: list[str] | None
) -> list[ContouredRoi]:
    if dataset.get("Modality") == "SEG":
        return dicom_seg.read_seg(dataset, grid, name, wanted)
    if dataset.get("Modality") == "RTSTRUCT":
        return rtstruct.read_rtstruct(dataset, grid, name, wanted)
    raise refuse(
        say("{name}: Modality (0008,0060)", name=name),
        dataset.get("Modality") or "nothing",
        "RTSTRUCT or SEG",
        "Name an RTSTRUCT, a DICOM SEG, or a NIfTI or NRRD mask.",
    )


def suv_report(series: SuvSeries, roi: ContouredRoi | None) -> dict[str, Any]:
    """Statistics of the SUV over the region, or over the whole volume without one.

    Returns
    -------
    dict
        ``suv_min``, ``suv_median``, ``suv_mean``, ``suv_max``, ``suv_peak`` (g/mL), ``mtv_ml``
        and ``tlg`` of the voxels at or above 41 % of SUVmax, ``working``, ``notices``.
    """
    where = roi.name if roi else "the whole volume"
    mask = roi.mask if roi else Volume(np.ones(series.suv.grid.shape, bool), series.suv.grid)
    uptake = estimate_uptake(series.suv, mask, where)
    notices = (*series.notices, *(roi.notices if roi else ()), *uptake.notices)
    values: NDArray[np.float64] = series.suv.array[mask.array].astype(np.float64)
    return {
        "suv_min": float(values.min()),
        "suv_median": float(np.median(values)),
        "suv_mean": uptake.suv_mean,
        "suv_max": uptake.suv_max,
        "suv_peak": uptake.suv_peak,
        "mtv_ml": uptake.mtv_ml[MTV_THRESHOLD],
        "tlg": uptake.tlg[MTV_THRESHOLD],
        "working": [step.as_dict() for step in (*series.steps, *_region_steps(where, uptake))],
        "notices": [notice.as_dict() for notice in notices],
    }


def _region_steps(where: str, uptake: Uptake) -> tuple[Step, ...]:
    threshold = THRESHOLDS[MTV_THRESHOLD] * uptake.suv_max
    how = "mtv_ml and tlg: voxels at or above it"
    return (
        Step("region", "", where, "", "over which the SUV is summarised"),
        Step("region's volume", "", uptake.volume_ml, "mL"),
        Step("threshold, 41 % of SUVmax", "", threshold, "g/mL", how),
    )
