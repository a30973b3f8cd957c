"""Features of everybody's chosen region, by whichever extractor is asked for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from imaging.methods.encoder import device_name
from imaging.methods.extractor import (
    computed_with,
    extract_features,
    is_of_today,
    one_thread,
    read_extractor,
)
from imaging.methods.patch import Patch, shuffle_inside
from imaging.models import ExtractorRole, ExtractorVersion, FeatureFailure, FeatureSet
from imaging.selectors import extractor_newest, roi_inputs
from imaging.selectors.features import RoiInput
from studies.consents import IMAGING, left_out_counts
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import Job, Patient, Study
from studies.services import derivation_record, file_read, inputs_digest

from .extractors import MODALITIES, control_of
from .patches import PatchSource, patch_source, patches_cut
from .targets import pairs_retime

BESIDE, SHUFFLED = "beside", "shuffled"
CONTROLS = ("", SHUFFLED, BESIDE)
Versions = dict[str, ExtractorVersion]


@dataclass
class _Found:
    """What an extraction gave, and whom it failed."""

    rows: list[FeatureSet] = field(default_factory=list)
    failures: dict[int, list[Problem]] = field(default_factory=dict)


def features_extract(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Feature vectors of every patient's chosen region by the newest extractor versions.

    What is there already is left as it is. ``control``: ``shuffled`` is the control alone, the same
    networks on voxels shuffled inside the region; ``beside`` is both.

    Raises
    ------
    DataProblem
        No such extractor; or nobody's region could be read, all reasons at once. Where some
        could, the others are listed with their reasons, and a re-run tries only those again.
    """
    asked = params or {}
    if str(asked.get("control", "")) != BESIDE:
        return _extract(study, asked, progress, job)
    found = _extract(study, {**asked, "control": ""}, _half(progress, 0), job)
    control = _extract(study, {**asked, "control": SHUFFLED}, _half(progress, 1), job)
    return found | {"control": {key: control[key] for key in ("new", "failed", "extractors")}}


def _half(progress: Progress, which: int) -> Progress:
    return lambda done, total, message: progress(which + done / max(total, 1), 2, message)


def _extract(
    study: Study, params: dict[str, Any], progress: Progress, job: Job | None
) -> dict[str, Any]:
    versions = _versions(study, params, job)
    pairs_retime(study)
    inputs = roi_inputs(study)
    done_before = set(
        FeatureSet.objects.filter(study=study, extractor_version__in=versions.values()).values_list(
            "roi_id", "modality"
        )
    )
    waiting = {
        patient: found
        for patient, found in inputs.items()
        if {(found.roi.pk, m) for m in MODALITIES} - done_before
    }
    found = _extract_all(waiting, versions, progress, job)
    with transaction.atomic():
        FeatureSet.objects.bulk_create(found.rows, ignore_conflicts=True)
        _failures_write(waiting, versions, found, job)
        for row in found.rows:
            parents = _parents(
                row.roi, waiting[row.patient_id].series[row.modality], row.extractor_version
            )
            derivation_record(study, parents, row.inputs_digest, job)
    if found.failures and not found.rows and not done_before:
        raise DataProblem([p for problems in found.failures.values() for p in problems])
    progress(1, 1, "done")
    without = Patient.objects.filter(study=study).exclude(pk__in=inputs).count()
    return {
        "patients": len(inputs),
        "new": len(found.rows),
        "failed": {
            waiting[patient].roi.patient.pseudonym: [str(p) for p in problems]
            for patient, problems in found.failures.items()
        },
        "without_region": without,
        "left_out": left_out_counts(study, IMAGING),
        "extractors": {m: str(version.uid) for m, version in versions.items()},
    }


def _versions(study: Study, params: dict[str, Any], job: Job | None) -> Versions:
    """The extractor asked for, by name or preset; the newest primary one unasked."""
    preset, name = str(params.get("preset", "")), str(params.get("extractor", ""))
    control = str(params.get("control", ""))
    if control not in CONTROLS:
        raise refuse("control", control, "beside, shuffled or nothing", "Choose one of them.")
    newest = {m: extractor_newest(study, m, preset, name) for m in MODALITIES}
    versions = {modality: version for modality, version in newest.items() if version}
    if len(versions) < len(MODALITIES):
        raise refuse(
            "extractor",
            say("no fitted encoder {value}", value=name or preset).strip(),
            "one for PET, one for CT",
            "Fit the feature extractor first, or register one.",
        )
    if not all(is_of_today(version.settings) for version in versions.values()):
        raise refuse(
            "extractor",
            say("one of an earlier version of the method"),
            "one of today's",
            "Fit the feature extractor again, or hand its weights in again.",
        )
    if control:
        return {modality: control_of(version, job) for modality, version in versions.items()}
    return versions


def _extract_all(
    waiting: dict[int, RoiInput], versions: Versions, progress: Progress, job: Job | None
) -> _Found:
    """Several patients at a time, one thread each; one who cannot be read holds back nobody else.

    Bytes are read, cubes cut and networks run without the interpreter's lock, so that threads fill
    the cores; one thread to a lesion keeps its features equal bit for bit, however many there are.
    """
    extraction = _Extraction(versions)
    vectors: dict[int, dict[str, NDArray[np.float64]]] = {}
    found = _Found()
    with ThreadPoolExecutor(extraction_workers(), initializer=one_thread) as pool:
        futures = {
            pool.submit(extraction.vectors_of, patch_source(roi)): patient
            for patient, roi in waiting.items()
        }
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                patient = futures[future]
                try:
                    vectors[patient] = future.result()
                except DataProblem as problem:
                    found.failures[patient] = list(problem.problems)
                name = waiting[patient].roi.patient.pseudonym
                progress(done, len(waiting), say("features of {name}", name=name))
        finally:
            pool.shutdown(cancel_futures=True)
    for patient, roi in waiting.items():
        found.rows += _rows(roi, versions, vectors.get(patient, {}), job)
    return found


def extraction_workers() -> int:
    """Lesions to read at a time: the setting, else one a core; one where a GPU does the work."""
    if device_name() != "cpu":
        return 1
    return settings.EXTRACTION_WORKERS or len(os.sched_getaffinity(0))


class _Extraction:
    """Everything that threads share: networks and what is recorded of the versions."""

    def __init__(self, versions: Versions):
        self.settings = versions[MODALITIES[0]].settings
        self.shuffled = {m for m, v in versions.items() if v.role == ExtractorRole.CONTROL}
        self.architectures = {m: version.architecture for m, version in versions.items()}
        self.networks = {
            modality: read_extractor(
                file_read(version.weights), version.weights.sha256, version.architecture,
                version.settings,
            )
            for modality, version in versions.items()
        }  # fmt: skip

    def vectors_of(self, source: PatchSource) -> dict[str, NDArray[np.float64]]:
        """The features of one patient by modality; no database is asked."""
        patches = patches_cut(source, self.settings["size"], self.settings["spacing_mm"])
        return {m: self._vector(source, m, patch) for m, patch in patches.items()}

    def _vector(self, source: PatchSource, modality: str, patch: Patch) -> NDArray[np.float64]:
        if modality in self.shuffled:
            patch = shuffle_inside(patch, int(source.mask[:8], 16))
        network, architecture = self.networks[modality], self.architectures[modality]
        return extract_features(network, architecture, patch, source.name)


def _rows(
    found: RoiInput,
    versions: Versions,
    vectors: dict[str, NDArray[np.float64]],
    job: Job | None,
) -> list[FeatureSet]:
    return [
        FeatureSet(
            patient=found.roi.patient, roi=found.roi, modality=modality,
            extractor_version=versions[modality], vector=vector.tolist(), produced_by=job,
            computed_with=computed_with(),
            inputs_digest=inputs_digest(
                "features/2", str(versions[modality].role),
                *_parents(found.roi, found.series[modality], versions[modality]),
            ),
        )
        for modality, vector in vectors.items()
    ]  # fmt: skip


def _failures_write(
    waiting: dict[int, RoiInput], versions: Versions, found: _Found, job: Job | None
) -> None:
    """Reasons of the failed; those of regions that went well now are gone."""
    rois = [roi.roi for roi in waiting.values()]
    FeatureFailure.objects.filter(roi__in=rois, extractor_version__in=versions.values()).delete()
    FeatureFailure.objects.bulk_create(
        FeatureFailure(
            patient=waiting[patient].roi.patient, roi=waiting[patient].roi,
            extractor_version=version, problems=[p.as_dict() for p in problems],
            produced_by=job,
        )
        for patient, problems in found.failures.items()
        for version in versions.values()
    )  # fmt: skip


def _parents(roi: Any, series: Any, version: Any) -> list[str]:
    return [series.stored.sha256, roi.mask.sha256, version.weights.sha256]
