"""A simulated study up to its Rad-Score, made without scans: the scores follow the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from django.utils import timezone, translation

from modeling.models import (
    DatasetSnapshot,
    ModelRun,
    ModelVersion,
    Prediction,
    PredictionKind,
    RunKind,
    VersionKind,
)
from modeling.services import prognosis_choice
from modeling.services.prognosis import prognosis_run
from simulation.clinical import draw_clinical, write_dates
from simulation.images import draw_image_parameters
from simulation.latent import draw_latent
from simulation.plan import StudyPlan
from simulation.survival import draw_survival
from studies import registry
from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import CohortMember, Patient, Study
from studies.services import batch_job, batch_receive, file_store
from tests.people import People

SEED, RESAMPLES = 3, 6


def make_rad_score(
    people: People, monkeypatch: Any, patients: int = 306, seed: int = 7
) -> ModelVersion:
    """Cohort table imported, facts registered, a Rad-Score with its predictions stored."""
    truth = _import_cohorts(people, StudyPlan(patients=patients, seed=seed))
    random = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-(1.4 * truth["z"] + random.normal(size=len(truth)))))
    found = dict(Patient.objects.filter(study=people.study).values_list("pseudonym", "pk"))
    ids = [found[name] for name in truth["patient_id"]]
    level = np.clip(np.round(2 + 1.1 * truth["z"] + random.normal(0, 0.7, len(truth))), 0, 4)
    uptake = [
        {"suv_max": float(s), "mtv_41_percent_ml": float(m)}
        for s, m in zip(
            np.exp(random.normal(2, 0.4, len(ids))),
            np.exp(random.normal(3, 1, len(ids))),
            strict=True,
        )
    ]
    facts = {
        "immunoscore": dict(zip(ids, level.astype(int).tolist(), strict=True)),
        "uptake": dict(zip(ids, uptake, strict=True)),
    }
    for name, values in facts.items():
        monkeypatch.setitem(registry.patients._facts, name, lambda study, values=values: values)
    return _store_version(people.study, dict(zip(ids, score, strict=True)))


def with_rad_score(people: People, patch: Any) -> People:
    """For ``begins_with``; the statistician acts."""
    with acting_as(people.statistician):
        make_rad_score(people, patch)
    return people


def with_prognosis(people: People, patch: Any) -> People:
    """Overall survival upon ``with_rad_score``, by somebody who reads Chinese."""
    patch.setitem(prognosis_choice.ASKED, "resamples", RESAMPLES)
    with acting_as(people.statistician), translation.override("zh-hans"):
        prognosis_run(people.study, "overall_survival", seed=SEED)
    return people


def _import_cohorts(people: People, plan: StudyPlan) -> pd.DataFrame:
    latent = draw_latent(plan)
    images = draw_image_parameters(plan, latent)
    clinical = draw_clinical(plan, latent, images)
    covariates = latent.assign(cea_ng_ml=clinical["cea_ng_ml"], diameter_mm=images["diameter_mm"])
    table = write_dates(plan, latent, clinical, draw_survival(plan, covariates))
    batch = batch_receive(
        people.study,
        people.coordinator,
        "cohort_table",
        table.drop(columns="scanned_on").to_csv(index=False).encode(),
        "cohort.csv",
        {"new_sites": sorted(table["site"].unique())},
    )
    job = batch_job(batch)
    assert job is not None
    if job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    assert batch.state == "ready", batch.problems
    return latent


def _store_version(study: Study, scores: dict[int, float]) -> ModelVersion:
    stored = file_store(study, b"rows of the rad-score", "snapshot", "rad_score.parquet")
    snapshot = DatasetSnapshot.objects.create(
        study=study,
        number=1,
        question={"purpose": "rad_score"},
        targets={"training": "rna"},
        table=stored,
        sha256=stored.sha256,
        columns=["feature"],
        frozen_at=timezone.now(),
        inputs_digest="a" * 64,
    )
    run = ModelRun.objects.create(
        study=study,
        kind=RunKind.RAD_SCORE,
        recipe={},
        snapshot=snapshot,
        seed=1,
        library_versions={},
        results_sha256="b" * 64,
        inputs_digest="b" * 64,
    )
    version = ModelVersion.objects.create(
        study=study,
        kind=VersionKind.RAD_SCORE,
        number=1,
        run=run,
        fitting_snapshot=snapshot,
        method="random_forest",
        sha256="c" * 64,
        threshold=0.5,
        inputs_digest="c" * 64,
    )
    uses = dict(CohortMember.objects.filter(study=study).values_list("patient_id", "use"))
    patients = Patient.objects.in_bulk(list(scores))
    Prediction.objects.bulk_create(
        Prediction(
            version=version,
            patient=patients[key],
            value=float(value),
            kind=PredictionKind.OUT_OF_FOLD
            if uses[key] == "development"
            else PredictionKind.APPLIED,
        )
        for key, value in scores.items()
    )
    return version
