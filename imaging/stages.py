"""How scans and features stand, for the study's page and the patient's."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imaging.models import (
    ExtractorVersion,
    PetCtPair,
    RoiChoice,
    TargetRule,
    Timing,
)
from imaging.selectors import choices_complete, extractor_newest
from imaging.selectors.features import extractor_is_stale
from imaging.selectors.scans import choices_of, uptakes_outdated
from studies import access
from studies.languages import spoken
from studies.methods.wording import listed, say, say_number
from studies.models import BatchState, ImportBatch, Job, JobState, Study
from studies.registry import StageState

OPEN_BATCH = (BatchState.RECEIVED, BatchState.RUNNING)
OPEN_JOB = (JobState.QUEUED, JobState.RUNNING)
FEATURE_KINDS = ("imaging.extractor_fit", "imaging.features_extract")


def imaging_stage(study: Study, user: Any) -> StageState:
    """Baseline PET/CT with a region, as far as the user's rows reach."""
    url = reverse("imaging:scans", args=[study.uid])
    batches = access.visible(ImportBatch.objects.filter(kind="dicom_zip"), user, study)
    running = batches.filter(state__in=OPEN_BATCH).count()
    baseline = PetCtPair.objects.filter(
        study=study, timing=Timing.BASELINE, pet__replaced_at__isnull=True
    )
    patients = baseline.values("patient_id").distinct().count()
    choices = RoiChoice.objects.filter(study=study)
    regions, by_reader = choices.count(), choices.filter(rule=TargetRule.READER).count()
    headline = ngettext(
        "{n} patient with a baseline PET/CT", "{n} patients with a baseline PET/CT", patients
    ).format(n=patients)
    told = _("{n} with a target lesion, {others}")
    if by_reader:
        told = _("{n} with a target lesion ({by_reader} chosen by a reader), {others}")
    detail = told.format(n=regions, by_reader=by_reader, others=_others(study))
    if running:
        told = ngettext("{n} upload under way", "{n} uploads under way", running)
        return StageState("running", headline, told.format(n=running), url)
    if not patients:
        newest = batches.first()
        refused = newest is not None and newest.state in (BatchState.FAILED, BatchState.ERRORED)
        state = "failed" if refused else "empty"
        return StageState(state, _("No PET/CT yet"), _("Upload scans with their regions."), url)
    if old := len(uptakes_outdated(study)):
        told = ngettext(
            "Uptake of {n} region is of an earlier version of the method; {detail}",
            "Uptake of {n} regions is of an earlier version of the method; {detail}", old,
        ).format(n=old, detail=detail)  # fmt: skip
        return StageState("stale", headline, told, url)
    return StageState("ready", headline, detail, url)


def _others(study: Study) -> str:
    counted = dict(
        PetCtPair.objects.filter(study=study)
        .exclude(timing=Timing.BASELINE)
        .order_by()
        .values_list("timing")
        .annotate(Count("id"))
    )
    said = [
        say_number("{n} scan {timing}", "{n} scans {timing}", count, n=count, timing=say(timing))
        for timing, count in sorted(counted.items())
    ]
    return spoken(listed(said)) if said else _("no other scans")


def features_stage(study: Study, user: Any) -> StageState:
    """Feature vectors of the newest extractor versions, against the regions there are."""
    url = reverse("imaging:features", args=[study.uid])
    versions = [v for m in ("PT", "CT") if (v := extractor_newest(study, m))]
    if Job.objects.filter(study=study, kind__in=FEATURE_KINDS, state__in=OPEN_JOB).exists():
        return StageState("running", _("Encoders or features under way"), "", url)
    if len(versions) < 2:
        return StageState(
            "empty", _("No extractor yet"), _("Fit it on the development cohort."), url
        )
    regions, done = choices_of(study), choices_complete(study, versions).count()
    n_features = sum(len(version.feature_names) for version in versions)
    headline = ngettext(
        "{n} patient with {features} features", "{n} patients with {features} features", done
    ).format(n=done, features=n_features)
    fitted = [say("{version}, fitted on {n}", version=str(v), n=v.fitted_on) for v in versions]
    detail = spoken(listed(fitted, "{first}; {rest}"))
    if done < regions.count():
        state = "stale" if done else "empty"
        wait = regions.count() - done
        told = ngettext("{n} patient waits; {detail}", "{n} patients wait; {detail}", wait)
        return StageState(state, headline, told.format(n=wait, detail=detail), url)
    # Staleness is read from the development cohort; who sees a part of it cannot tell.
    whole = access.sees_all_sites(user, study)
    if whole and any(extractor_is_stale(version) for version in versions):
        told = _("The development cohort changed since; {detail}").format(detail=detail)
        return StageState("stale", headline, told, url)
    return StageState("ready", headline, detail, url)


def extractor_versions(study: Study) -> list[ExtractorVersion]:
    rows = ExtractorVersion.objects.filter(study=study).select_related("weights", "produced_by")
    return list(rows.annotate(sets=Count("feature_sets")).order_by("-id"))
