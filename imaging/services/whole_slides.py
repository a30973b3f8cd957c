"""A scanned slide handed in: opened, described, its stain measured for a suggestion."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, BinaryIO

import numpy as np
from django.db import transaction

from imaging.methods.cell_counting import smooth_dab
from imaging.methods.density_table import MARKERS, PROCEDURES
from imaging.methods.stain_separation import Stains
from imaging.methods.tissue import find_tissue
from imaging.methods.whole_slide import PLAUSIBLE_UM, SlideFacts, WholeSlide
from imaging.models import WholeSlide as SlideRecord
from imaging.selectors.slides import specimens_by_label
from imaging.slide_storage import slide_open
from studies.consents import GENOMICS, refusals
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say
from studies.models import ImportBatch, Job, Patient, Specimen, Study
from studies.selectors import notice_former, patients_carried
from studies.services import batch_receive, file_use

DOOR = "whole_slide"
OPTIONS = ("patient_id", "specimen", "procedure", "marker", "staining_batch", "um_per_pixel")
OVERVIEW = 1024
SAMPLED_TILES, SAMPLED_SIZE = 48, 512
HISTOGRAM_BINS, HISTOGRAM_TOP = 200, 2.0
STAIN_FROM = 0.02


def slide_receive(
    study: Study, user: Any, stream: bytes | BinaryIO, filename: str, **options: Any
) -> ImportBatch:
    """Take a slide in: whose, which marker, which staining batch; its job opens it.

    Raises
    ------
    DataProblem
        Options that say too little or contradict the study, all at once.
    """
    given = {key: str(value).strip() for key, value in options.items() if value not in (None, "")}
    _described(study, given, filename)
    return batch_receive(study, user, DOOR, stream, filename, given)


def slide_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Open a slide, read its size and resolution, and measure its stain.

    Raises
    ------
    DataProblem
        Not a slide, no resolution, nobody's specimen.
    """
    known = SlideRecord.objects.filter(batch=batch).first()
    if known:  # taken up again after its commit
        return dict(batch.summary)
    progress(0, 3, say("opening the slide"))
    patient, said = _described(batch.study, batch.options, batch.filename)
    with slide_open(batch.study.uid, batch.file.sha256, batch.filename) as slide:
        facts = slide.facts()
        resolution, stated = _resolution(facts, said, batch.filename)
        progress(1, 3, say("measuring the stain"))
        histogram, tissue_mm2 = _stain_histogram(slide, resolution)
    progress(2, 3, "writing")
    with transaction.atomic():
        row = SlideRecord.objects.create(
            patient=patient,
            specimen=_specimen(batch.study, patient, said),
            batch=batch,
            file=batch.file,
            marker=said["marker"],
            staining_batch=said.get("staining_batch", ""),
            vendor=facts.vendor,
            width=facts.width,
            height=facts.height,
            um_per_pixel=resolution,
            resolution_stated=stated,
            tissue_mm2=tissue_mm2,
            stain_histogram=histogram,
            notices=[
                notice.as_dict()
                for notice in (*_former(said, patient), *_notices(facts, resolution, stated))
            ],
        )
        file_use(batch.file, row)
        summary = {
            "slide": str(row),
            "pixels": f"{facts.width:,} × {facts.height:,}",
            "µm per pixel": round(resolution, 4),
            "tissue, mm²": round(tissue_mm2, 1),
        }
        batch.mark_ready(summary, [Notice.from_dict(told) for told in row.notices])
    progress(3, 3, "done")
    return {**summary, "uid": str(row.uid)}


def _former(said: dict[str, str], patient: Patient) -> list[Notice]:
    """A slide that came under the patient's former pseudonym."""
    name = said.get("patient_id") or patient.pseudonym
    return [notice_former(name, patient)] if name != patient.pseudonym else []


def _described(
    study: Study, options: dict[str, Any], filename: str
) -> tuple[Patient, dict[str, str]]:
    """Whose slide it is and what is on it, from what was said or from ``specimen_marker.ext``."""
    said = {**_from_name(filename), **options}
    problems = [
        Problem(
            filename,
            f"{key}: {said[key]}",
            say("one of {known}", known=", ".join(allowed)),
            "Correct it.",
            column=key,
        )
        for key, allowed in {"marker": MARKERS, "procedure": PROCEDURES}.items()
        if key in said and said[key] not in allowed
    ]
    specimens, patients = specimens_by_label(study), patients_carried(study)
    specimen = specimens.get(said.get("specimen", ""))
    patient = patients.get(said.get("patient_id", "")) or (specimen.patient if specimen else None)
    if patient is None:
        found = said.get("patient_id") or said.get("specimen") or say("no patient")
        remedy = say("Name the patient, or a specimen that the study knows.")
        problems.append(
            Problem(filename, found, "a patient of the study", remedy, column="patient_id")
        )
    elif specimen and specimen.patient_id != patient.pk:
        expected = say("a specimen of {pseudonym}", pseudonym=patient.pseudonym)
        found = say("{label}, which is another patient's", label=specimen.label)
        problems.append(Problem(filename, found, expected, "Correct the label.", column="specimen"))
    elif refused := unusable(patient):
        remedy = say("Record the consent first.")
        problems.append(
            Problem(
                filename, f"{patient.pseudonym}: {refused}", "a patient whose tissue may be used",
                remedy, column="patient_id",
            )
        )  # fmt: skip
    if "marker" not in said:
        remedy = say("Choose the marker, or name the file specimen_marker, such as S12_CD3.svs.")
        problems.append(Problem(filename, say("no marker"), "CD3 or CD8", remedy, column="marker"))
    if problems or patient is None:
        raise DataProblem(problems)
    return patient, said


def unusable(patient: Patient) -> str:
    """Why the patient's tissue may not be used; empty when it may."""
    alone = Patient.objects.filter(pk=patient.pk)
    return refusals(patient.study, GENOMICS, alone).get(patient.pk, "")


def _from_name(filename: str) -> dict[str, str]:
    stem = PurePath(filename).name.split(".")[0]
    found = re.fullmatch(rf"(.+)[ _-]({'|'.join(MARKERS)})", stem, re.IGNORECASE)
    return {"specimen": found[1], "marker": found[2].upper()} if found else {}


def _specimen(study: Study, patient: Patient, said: dict[str, str]) -> Specimen:
    label = said.get("specimen") or patient.pseudonym
    procedure = said.get("procedure", "unknown")
    specimen, made = Specimen.objects.get_or_create(
        study=study, label=label, defaults={"patient": patient, "site_id": patient.site_id,
                                            "procedure": procedure}
    )  # fmt: skip
    if not made and specimen.procedure == "unknown" != procedure:
        specimen.procedure = procedure
        specimen.save(update_fields=["procedure"])
    return specimen


def _resolution(facts: SlideFacts, said: dict[str, str], filename: str) -> tuple[float, bool]:
    """µm per pixel as the file says it, or as stated where it does not; never both unlike."""
    try:
        stated = float(said["um_per_pixel"]) if said.get("um_per_pixel") else None
    except ValueError:
        stated = -1.0
    if stated is not None and not PLAUSIBLE_UM[0] <= stated <= PLAUSIBLE_UM[1]:
        raise refuse(
            filename,
            said["um_per_pixel"],
            say(
                "{plausible_um} to {plausible_um_2} µm per pixel",
                plausible_um=PLAUSIBLE_UM[0],
                plausible_um_2=PLAUSIBLE_UM[1],
            ),
            "Correct the resolution.",
            column="um_per_pixel",
        )
    if facts.um_per_pixel is None and stated is None:
        raise refuse(
            filename,
            say("a slide that does not say how large a pixel is"),
            "µm per pixel, in the file or stated",
            "State the resolution: without it no cell per mm² can be told.",
            column="um_per_pixel",
        )
    if facts.um_per_pixel and stated and abs(facts.um_per_pixel / stated - 1) > 0.01:
        raise refuse(
            filename,
            say(
                "{um_per_pixel:g} µm per pixel in the file, {stated:g} stated",
                um_per_pixel=facts.um_per_pixel,
                stated=stated,
            ),
            "one resolution",
            "Leave the resolution empty, or export the slide with the right one.",
            column="um_per_pixel",
        )
    return (facts.um_per_pixel or stated or 0.0), facts.um_per_pixel is None


def _stain_histogram(slide: WholeSlide, um_per_pixel: float) -> tuple[list[int], float]:
    """Counts of DAB density in tissue, smoothed as cells are counted, over tiles spread evenly."""
    picture, scale = slide.overview(OVERVIEW)
    tissue = find_tissue(picture, um_per_pixel * scale)
    area = float(tissue.sum()) * (um_per_pixel * scale / 1000.0) ** 2
    zoom = max(1, round(2.0 / um_per_pixel))
    counts = np.zeros(HISTOGRAM_BINS, np.int64)
    for x, y in _sampled(tissue, scale, slide.size, zoom):
        part = slide.read(x // zoom, y // zoom, SAMPLED_SIZE, SAMPLED_SIZE, zoom)
        density = smooth_dab(part, um_per_pixel * zoom, Stains())
        kept = density[find_tissue(part, um_per_pixel * zoom) & (density > STAIN_FROM)]
        counts += np.histogram(kept, HISTOGRAM_BINS, (0.0, HISTOGRAM_TOP))[0]
    return counts.tolist(), area


def _sampled(
    tissue: np.ndarray, scale: float, size: tuple[int, int], zoom: int
) -> list[tuple[int, int]]:
    """Corners of at most 48 tiles that hold tissue, the same for the same slide."""
    step = SAMPLED_SIZE * zoom
    held = []
    for y in range(0, size[1], step):
        for x in range(0, size[0], step):
            top, left = int(y / scale), int(x / scale)
            part = tissue[top : int((y + step) / scale) + 1, left : int((x + step) / scale) + 1]
            if part.any():
                held.append((x, y))
    chosen = np.unique(np.linspace(0, len(held) - 1, min(len(held), SAMPLED_TILES)).astype(int))
    return [held[k] for k in chosen] if held else []


def _notices(facts: SlideFacts, resolution: float, stated: bool) -> list[Notice]:
    notices = list(facts.notices)
    if stated:
        text = say(
            "The slide does not say its resolution; {resolution:g} µm per pixel was stated.",
            resolution=resolution,
        )
        notices.append(Notice("slide_resolution_stated", text))
    if resolution > 1.0:
        text = say(
            "At {resolution:g} µm per pixel touching cells are hard to tell apart.",
            resolution=resolution,
        )
        notices.append(Notice("slide_coarse", text))
    return notices
