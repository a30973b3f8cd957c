"""Uptake that an earlier version of the method measured is measured again, as a job."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from imaging.methods.geometry import resample_mask
from imaging.methods.uptake import estimate_uptake
from imaging.models import Modality, PetCtPair, Roi, Series, Uptake
from imaging.selectors.scans import uptakes_outdated
from imaging.storage import read_volume
from studies.access import require
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import ENDED, Job, Study
from studies.services import file_read

from .scan_writing import uptake_write
from .targets import target_choose

MEASURE = "imaging.uptakes_measure"


@transaction.atomic
def uptakes_measure_start(study: Study, user: Any) -> Job:
    """Queue it, or give the job that is under way; with the right ``run``."""
    require(user, study, "run")
    under_way = Job.objects.filter(study=study, kind=MEASURE).exclude(state__in=ENDED).first()
    return under_way or enqueue(MEASURE, study, user)


def uptakes_measure(
    study: Study, progress: Progress = no_progress, job: Job | None = None
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Measure again what is outdated, region by region; who cannot be read is told, and waits.

    Returns
    -------
    (dict, list)
        How many regions were measured, and the problems of the others.
    """
    waiting, problems, refused = uptakes_outdated(study), [], 0
    for done, uptake in enumerate(waiting):
        pseudonym = uptake.roi.patient.pseudonym
        progress(done, len(waiting), say("uptake of {name}", name=pseudonym))
        try:
            with transaction.atomic():
                _measure(uptake.roi, job)
        except DataProblem as refusal:
            problems += refusal.as_list()
            refused += 1
    progress(1, 1, "done")
    return {"regions": len(waiting) - refused}, problems


def _measure(roi: Roi, job: Job | None) -> Uptake:
    """As when the region came in: on PET as drawn; drawn on CT, moved to the PET's grid."""
    series, mask = roi.series, read_volume(file_read(roi.mask))
    name = f"{roi.patient.pseudonym}, {roi.name}"
    pet = series if series.modality == Modality.PT else _pet_of(series, name)
    suv = read_volume(file_read(pet.stored))
    moved = mask if pet == series else resample_mask(mask, suv.grid)
    row = uptake_write(estimate_uptake(suv, moved, name), roi, series, job)
    target_choose(roi.patient)
    return row


def _pet_of(ct: Series, name: str) -> Series:
    """Of several PETs with one CT the one that came last, as when the region came in."""
    pair = PetCtPair.objects.filter(ct=ct).select_related("pet").order_by("id").last()
    if pair is None:
        raise refuse(name, say("no PET with its CT"), "the PET that it was measured on",
                     "Upload the scan with its regions again.")  # fmt: skip
    return pair.pet
