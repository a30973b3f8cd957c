"""Everything scanned and drawn of one patient: volumes in SUV and HU, pairs, regions, uptake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydicom.dataset import Dataset

from imaging.methods import dicom_seg, rtstruct
from imaging.methods.dicom_file import IMAGE_CLASSES
from imaging.methods.dicom_series import SeriesVolume, read_series
from imaging.methods.geometry import check_mask, dice_notice, estimate_dice, resample_mask
from imaging.methods.quality_control import Check, check_pair, check_region, check_series
from imaging.methods.rtstruct import ContouredRoi
from imaging.methods.suv import apply_suv, estimate_suv_factors
from imaging.methods.suv_working import Step
from imaging.methods.uptake import Uptake, estimate_uptake
from imaging.methods.volume import Volume
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

WORDS = {"PT": "PET", "CT": "CT"}


@dataclass(frozen=True)
class ScanSeries:
    """One image series: PET as SUV in g/mL, CT in HU."""

    uid: str
    modality: str
    volume: Volume
    header: Dataset
    notices: tuple[Notice, ...] = ()
    steps: tuple[Step, ...] = ()
    checks: tuple[Check, ...] = ()
    slices: tuple[Dataset, ...] = ()


@dataclass(frozen=True)
class DrawnRoi:
    """One region with its uptake; none when it was drawn on CT and another on PET speaks."""

    series_uid: str
    source_series_uid: str
    tool: str
    roi: ContouredRoi
    uptake: Uptake | None
    notices: tuple[Notice, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass
class ScanCase:
    """What one patient's files come to."""

    series: list[ScanSeries] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    pair_checks: dict[str, tuple[Check, ...]] = field(default_factory=dict)
    rois: list[DrawnRoi] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


class CaseRefused(DataProblem):
    """The case is refused; ``by_series`` says which series has which problems."""

    def __init__(self, by_series: Mapping[str, Sequence[Problem]]):
        self.by_series = {uid: tuple(problems) for uid, problems in by_series.items()}
        super().__init__(problem for found in self.by_series.values() for problem in found)


def lesion_key(roi_name: str) -> str:
    """What names the lesion in a region's name: ``GTV_Mass_PET`` and ``GTV_Mass_CT`` are one."""
    plain = re.sub(r"[\s_\-]+", " ", roi_name).strip().lower()
    return re.sub(r" (pet|pt|ct)$|^(pet|pt|ct) ", "", plain) or plain


def read_case(
    patient: str, groups: Mapping[str, list[Dataset]], known: Mapping[str, ScanSeries]
) -> ScanCase:
    """The series, pairs and regions of one patient.

    Parameters
    ----------
    patient : str
        Pseudonym; problems are said of it.
    groups : datasets of each new series, by SeriesInstanceUID
    known : series stored before, by SeriesInstanceUID; regions may be drawn on them

    Raises
    ------
    CaseRefused
        Every problem of the patient's files at once.
    """
    case = ScanCase()
    problems: dict[str, list[Problem]] = {}
    images = {uid for uid, group in groups.items() if group[0].Modality in ("PT", "CT")}
    for uid in (uid for uid in groups if uid in images):
        try:
            case.series += _image_series(patient, uid, groups[uid], case.notices)
        except DataProblem as problem:
            problems.setdefault(uid, []).extend(problem.problems)
    scans = {**known, **{series.uid: series for series in case.series}}
    for uid, dataset in ((uid, d) for uid, g in groups.items() if uid not in images for d in g):
        try:
            case.rois += _regions(patient, uid, dataset, scans, images)
        except DataProblem as problem:
            problems.setdefault(uid, []).extend(problem.problems)
    return finish_case(patient, case, scans, problems)


def finish_case(
    patient: str,
    case: ScanCase,
    scans: Mapping[str, ScanSeries],
    problems: dict[str, list[Problem]],
) -> ScanCase:
    """The case with its pairs, and the uptake and quality of its regions.

    Parameters
    ----------
    case : ScanCase
        Its series and regions are filled in.
    scans : every series of the patient, new and stored, by UID
    problems : what was wrong before, by series

    Raises
    ------
    CaseRefused
        ``problems``, and those of measuring, at once.
    """
    case.pairs = list(_pairs(case.series, scans, case.notices, patient))
    case.pair_checks = {pet: _pair_checks(scans[pet], scans[ct]) for pet, ct in case.pairs}
    if not problems:
        _measure(patient, case, scans, problems)
    if problems:
        raise CaseRefused(problems)
    return case


def _measure(
    patient: str,
    case: ScanCase,
    scans: Mapping[str, ScanSeries],
    problems: dict[str, list[Problem]],
) -> None:
    """Give each region its uptake; what cannot be measured is a problem of its source."""
    measured = []
    on_pet = {lesion_key(d.roi.name): d for d in case.rois if scans[d.series_uid].modality == "PT"}
    for drawn in case.rois:
        try:
            told = _with_uptake(patient, drawn, on_pet, case, scans)
            measured.append(_checked(told, case, scans))
        except DataProblem as problem:
            problems.setdefault(drawn.source_series_uid, []).extend(problem.problems)
    case.rois = measured


def _image_series(
    patient: str, uid: str, group: list[Dataset], notices: list[Notice]
) -> Iterable[ScanSeries]:
    """The series as a volume; screenshots and localisers are left out with a notice."""
    modality = str(group[0].Modality)
    name = f"{patient}, {WORDS[modality]}"
    kept = [
        slice_
        for slice_ in group
        if IMAGE_CLASSES.get(str(slice_.SOPClassUID)) == modality
        and "LOCALIZER" not in (slice_.get("ImageType") or [])
    ]
    if len(kept) < len(group):
        notices.append(
            Notice(
                "left_out",
                say(
                    "{name}: {n} files left out: localisers, or no plain images",
                    name=name,
                    n=len(group) - len(kept),
                ),
            )
        )
    if not kept:
        return
    yield scan_of(uid, modality, read_series(kept, name), name)


def scan_of(uid: str, modality: str, series: SeriesVolume, name: str) -> ScanSeries:
    """A volume as a scan: a PET in SUV with its working, a CT as it is.

    Raises
    ------
    DataProblem
        The PET does not come to SUV; ``name`` is what the user calls it.
    """
    if modality == "CT":
        return _scan(uid, "CT", series, series.volume)
    try:
        suv = estimate_suv_factors(series.slices)
    except DataProblem as refused:
        raise DataProblem([_of(name, problem) for problem in refused.problems]) from refused
    volume = Volume(apply_suv(series.volume.array, suv), series.volume.grid)
    said = tuple(
        Notice(n.code, say("{name}: {text}", name=name, text=say(n.text))) for n in suv.notices
    )
    return _scan(uid, "PT", series, volume, said, suv.steps)


def _scan(
    uid: str,
    modality: str,
    series: SeriesVolume,
    volume: Volume,
    said: tuple[Notice, ...] = (),
    steps: tuple[Step, ...] = (),
) -> ScanSeries:
    checks = check_series(series.slices, volume.grid)
    notices = (*series.notices, *said)
    return ScanSeries(
        uid, modality, volume, series.slices[0], notices, steps, checks, series.slices
    )


def _pair_checks(pet: ScanSeries, ct: ScanSeries) -> tuple[Check, ...]:
    return check_pair(pet.volume.grid, ct.volume.grid, _same_frame(pet, ct))


def _checked(drawn: DrawnRoi, case: ScanCase, scans: Mapping[str, ScanSeries]) -> DrawnRoi:
    """The region with its quality: on its own scan, and on the pair's other one."""
    scan = scans[drawn.series_uid]
    partner = dict(case.pairs) | {ct: pet for pet, ct in case.pairs}
    other = scans.get(partner.get(drawn.series_uid, ""))
    suv = scan.volume if scan.modality == "PT" else None
    grid = other.volume.grid if other else None
    checks = check_region(drawn.roi.mask, suv, grid, drawn.roi.name)
    return replace(drawn, checks=checks)


def _of(name: str, problem: Problem) -> Problem:
    return Problem(
        say("{name}: {where}", name=name, where=problem.where),
        problem.found,
        problem.expected,
        problem.remedy,
    )


def _pairs(
    new: list[ScanSeries], scans: Mapping[str, ScanSeries], notices: list[Notice], patient: str
) -> Iterable[tuple[str, str]]:
    """The CT of each PET: same frame of reference, else same visit; the most slices win."""
    for pet in _pets_to_pair(new, scans):
        ranked = sorted(
            (ct for ct in scans.values() if ct.modality == "CT" and _same_visit(pet, ct)),
            key=lambda ct: (_same_frame(pet, ct), ct.volume.grid.size[2], ct.uid),
            reverse=True,
        )
        if not ranked:
            notices.append(
                Notice("no_ct", say("{patient}: no CT belongs to the PET", patient=patient))
            )
            continue
        if len(ranked) > 1:
            notices.append(
                Notice(
                    "several_ct",
                    say(
                        "{patient}: {n} CT series of one visit; the one of the PET's frame of "
                        "reference with the most slices was taken",
                        patient=patient,
                        n=len(ranked),
                    ),
                )
            )
        yield pet.uid, ranked[0].uid


def _pets_to_pair(new: list[ScanSeries], scans: Mapping[str, ScanSeries]) -> list[ScanSeries]:
    """New PETs, and stored ones whose CT may have come now."""
    came = {series.uid for series in new}
    cts = [series for series in new if series.modality == "CT"]
    return [
        scan
        for scan in scans.values()
        if scan.modality == "PT" and (scan.uid in came or any(_same_visit(scan, ct) for ct in cts))
    ]


def _same_visit(first: ScanSeries, second: ScanSeries) -> bool:
    return first.header.get("StudyInstanceUID") == second.header.get("StudyInstanceUID")


def _same_frame(first: ScanSeries, second: ScanSeries) -> bool:
    frame = first.header.get("FrameOfReferenceUID")
    return bool(frame) and frame == second.header.get("FrameOfReferenceUID")


def _regions(
    patient: str,
    source_uid: str,
    dataset: Dataset,
    scans: Mapping[str, ScanSeries],
    broken: set[str],
) -> Iterable[DrawnRoi]:
    """The regions of one RTSTRUCT or SEG on the grid of the series they were drawn on."""
    is_seg = dataset.Modality == "SEG"
    name = f"{patient}, {dataset.Modality}"
    referenced = (dicom_seg if is_seg else rtstruct).referenced_series(dataset)
    found = [uid for uid in referenced if uid in scans]
    if not found and set(referenced) & broken:
        return  # its scan was refused: said there
    if not found:
        raise refuse(
            say("{name}: SeriesInstanceUID (0020,000E) of the scan", name=name),
            ", ".join(referenced) or say("nothing"),
            "a PET or CT series of this patient",
            "Upload the scan on which the regions were drawn.",
        )
    uid = sorted(found, key=lambda u: scans[u].modality != "PT")[0]
    read = dicom_seg.read_seg if is_seg else rtstruct.read_rtstruct
    tool = str(dataset.get("Manufacturer") or "")
    for roi in read(dataset, scans[uid].volume.grid, name):
        check_mask(roi.mask, scans[uid].volume.grid, f"{name}: {roi.name}")
        yield DrawnRoi(uid, source_uid, tool, roi, None, roi.notices)


def _with_uptake(
    patient: str,
    drawn: DrawnRoi,
    on_pet: Mapping[str, DrawnRoi],
    case: ScanCase,
    scans: Mapping[str, ScanSeries],
) -> DrawnRoi:
    """Uptake of a region: on PET as drawn; drawn on CT alone, moved to the PET's grid."""
    pet_of = {ct: pet for pet, ct in case.pairs}
    name = f"{patient}, {drawn.roi.name}"
    scan, twin = scans[drawn.series_uid], on_pet.get(lesion_key(drawn.roi.name))
    if scan.modality == "PT":
        uptake = estimate_uptake(scan.volume, drawn.roi.mask, name)
        return _told(drawn, uptake, uptake.notices)
    if twin is not None and pet_of.get(drawn.series_uid) == twin.series_uid:
        moved = resample_mask(twin.roi.mask, drawn.roi.mask.grid)
        return _told(drawn, None, dice_notice(estimate_dice(moved, drawn.roi.mask), name))
    if drawn.series_uid not in pet_of:
        return drawn
    pet = scans[pet_of[drawn.series_uid]].volume
    moved = resample_mask(drawn.roi.mask, pet.grid)
    said = Notice(
        "roi_of_ct",
        say("{name}: drawn on CT, uptake measured on PET at the nearest voxels", name=name),
    )
    uptake = estimate_uptake(pet, moved, name)
    return _told(drawn, uptake, (said, *uptake.notices))


def _told(drawn: DrawnRoi, uptake: Uptake | None, notices: tuple[Notice, ...]) -> DrawnRoi:
    return DrawnRoi(
        drawn.series_uid,
        drawn.source_series_uid,
        drawn.tool,
        drawn.roi,
        uptake,
        (*drawn.notices, *notices),
    )
