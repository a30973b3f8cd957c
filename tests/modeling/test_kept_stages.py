"""A stage that is kept says what it would say asked anew, whatever is written in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from genomics.models import (
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    Phenotype,
    PhenotypeFit,
    SignatureVersion,
)
from genomics.selectors import fit_inputs
from imaging.models import (
    CellDensity,
    ExtractorVersion,
    FeatureSet,
    Immunoscore,
    RoiChoice,
    Uptake,
)
from imaging.selectors.features import members_digest
from modeling.models import (
    DatasetSnapshot,
    ModelRun,
    ModelVersion,
    Prediction,
    PredictionKind,
    Report,
    RunKind,
    VersionKind,
)
from modeling.services.prognosis_rows import prognosis_rows, rows_digest, run_digest
from modeling.services.snapshots import snapshot_freeze
from studies import kept_stages, marks, registry
from studies.access import acting_as, set_acting_user
from studies.jobs import enqueue
from studies.models import (
    Cohort,
    CohortMember,
    Consent,
    ConsentPolicy,
    EndpointValue,
    FormEntry,
    ImportBatch,
    Job,
    JobState,
    KeptStage,
    Patient,
    SpecimenChoice,
    Treatment,
)
from tests.begun import begins_with
from tests.genomics.made import hand_in, start
from tests.modeling.rad_score_made import with_features
from tests.people import People

Change = Callable[[People], object]


def all_ready(people: People, patch: pytest.MonkeyPatch) -> People:
    """Every stage: real imports and scores where they are quick, plain rows for the rest."""
    with acting_as(people.coordinator):
        _slides(people)
        _abundances(people)
        _extractors(people)
    with acting_as(people.statistician):
        _models(people)
    return people


pytestmark = begins_with(with_features(40), all_ready)


@pytest.fixture
def made(as_statistician: People) -> People:
    return as_statistician


def _slides(people: People) -> None:
    lines = ["patient_id,specimen,marker,region,density,unit,procedure"]
    patients = Patient.objects.filter(study=people.study, specimens__isnull=False).order_by("pk")
    for place, patient in enumerate(patients):
        for marker in ("CD3", "CD8"):
            for region in ("tumor_center", "invasive_margin"):
                lines.append(
                    f"{patient.pseudonym},{patient.pseudonym},{marker},{region},{200 + 9 * place},"
                    "cells/mm2,resection"
                )
    batch = hand_in(people, "cell_densities", "\n".join(lines).encode())
    assert batch.state == "ready", batch.problems
    assert start(people, "imaging.immunoscore").state == "done"
    [rule] = set(registry.facts("immunoscore_rule", people.study).values())
    Phenotype.objects.filter(source="ihc").update(rule=f"by the score; {rule}")


def _abundances(people: People) -> None:
    study = people.study
    batch, signature = ImportBatch.objects.latest("id"), SignatureVersion.objects.get(study=study)
    matrix = ExpressionMatrix.objects.create(
        study=study, batch=batch, file=batch.file, scale="counts", n_genes=1, n_specimens=1
    )
    for place, row in enumerate(Phenotype.objects.filter(source="rna").select_related("patient")):
        SpecimenChoice.objects.update_or_create(
            patient=row.patient, purpose="rna", defaults={"specimen": row.specimen, "rule": "one"}
        )
        column = ExpressionColumn.objects.create(
            patient=row.patient, matrix=matrix, specimen=row.specimen, position=place, label="x"
        )
        CellAbundance.objects.create(
            patient=row.patient, specimen=row.specimen, column=column, signature=signature,
            scores={"T cells": 0.5}, inputs_digest=f"a{place}",
        )  # fmt: skip
    digest = fit_inputs(study, signature.digest, 2, 0)
    PhenotypeFit.objects.filter(study=study).update(inputs_digest=digest)


def _extractors(people: People) -> None:
    chosen = RoiChoice.objects.filter(study=people.study, patient__partition="development")
    digest = members_digest(chosen.values_list("patient__uid", flat=True))
    ExtractorVersion.objects.filter(study=people.study).update(members_digest=digest)


def _models(people: People) -> None:
    study = people.study
    snapshot_freeze(study)
    rad_score = _version(people, VersionKind.RAD_SCORE, 1, {"inputs_digest": "r" * 64})
    Prediction.objects.bulk_create(
        Prediction(version=rad_score, patient=patient, value=0.5, kind=PredictionKind.APPLIED)
        for patient in Patient.objects.filter(study=study)
    )
    sources = [rad_score]
    for number, endpoint in enumerate(("overall_survival", "progression_free_survival"), 1):
        rows = rows_digest(prognosis_rows(study, endpoint, rad_score).table)
        digest = run_digest(rad_score.fitting_snapshot, rows, rad_score, 1, {"endpoint": endpoint})
        scope = {"recipe": {"endpoint": endpoint}, "inputs_digest": digest}
        version = _version(people, VersionKind.NOMOGRAM, number, scope, endpoint=endpoint)
        version.parents.add(rad_score, through_defaults={"study": study})
        sources.append(version)
    content = {"sources": [{"version_uid": str(version.uid)} for version in sources]}
    Report.objects.create(
        study=study, number=1, content=content, sha256="d" * 64, inputs_digest="d"
    )


def _version(
    people: People, kind: str, number: int, run: dict[str, Any], **more: Any
) -> ModelVersion:
    study, snapshot = people.study, DatasetSnapshot.objects.get(study=people.study)
    own = RunKind.RAD_SCORE if kind == VersionKind.RAD_SCORE else RunKind.PROGNOSIS
    made_by = ModelRun.objects.create(
        study=study, kind=own, snapshot=snapshot, seed=1, library_versions={},
        results_sha256="b" * 64, **{"recipe": {}, **run},
    )  # fmt: skip
    return ModelVersion.objects.create(
        study=study, kind=kind, number=number, run=made_by, fitting_snapshot=snapshot,
        method="random_forest", sha256=f"{made_by.pk:064x}", threshold=0.5,
        inputs_digest=f"{made_by.pk:064x}", **more,
    )  # fmt: skip


def _someone(people: People, **asked: Any) -> Patient:
    wanted = {"study": people.study, "partition": "development", **asked}
    return Patient.objects.filter(**wanted).order_by("pk")[0]


def _copy(row: Any, **changed: Any) -> None:
    row.pk, row.uid = None, None
    row._state.adding = True
    fresh = type(row)._meta.get_field("uid").get_default()
    for name, value in {"uid": fresh, **changed}.items():
        setattr(row, name, value)
    row.save()


def _typed(people: People) -> None:
    entry = FormEntry.objects.get(patient=_someone(people), form="baseline")
    entry.values["age_years"] = {"v": 33.0}
    entry.save()


def _raw(people: People) -> None:
    """What no model's ``save`` sees."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE imaging_featureset SET inputs_digest = 'x' || inputs_digest")


def _days(people: People) -> None:
    value = EndpointValue.objects.filter(
        study=people.study, definition__name="overall_survival", duration_days__isnull=False
    )[0]
    EndpointValue.objects.filter(pk=value.pk).update(duration_days=value.duration_days + 1)


def _withdrawn(people: People) -> None:
    Consent.objects.filter(study=people.study).update(withdrawn_on=date.today())
    _require_consent(people)


def _require_consent(people: People) -> None:
    ConsentPolicy.objects.create(
        study=people.study, required=True, reason="audit", decided_by=people.administrator
    )


def _as(user: Any, what: Callable[[], object]) -> None:
    with acting_as(user):
        what()


def _job(state: str, kind: str = "modeling.report_build") -> Change:
    def change(people: People) -> None:
        job = enqueue(kind, people.study, people.statistician)
        Job.objects.filter(pk=job.pk).update(state=state)

    return change


STALE: dict[str, tuple[Change, str]] = {
    "a value is typed": (_typed, "prognosis"),
    "follow-up is a day longer": (_days, "prognosis"),
    "an Immunoscore is another": (
        lambda p: Immunoscore.objects.filter(score__isnull=False).update(score=0), "prognosis"
    ),
    "features by plain SQL": (_raw, "rad_score"),
    "uptake measured anew": (
        lambda p: Uptake.objects.filter(patient=_someone(p)).update(inputs_digest="u"), "rad_score"
    ),
    "an age that is described is another": (_typed, "rad_score"),
    "a treatment began on another day": (
        lambda p: Treatment.objects.filter(patient=_someone(p), is_index=True).update(
            date=date(2001, 1, 1)), "rad_score"
    ),
    "somebody leaves the cohort that is fitted to": (
        lambda p: CohortMember.objects.filter(patient=_someone(p)).delete(), "rad_score"
    ),
    "a label is another": (
        lambda p: Phenotype.objects.filter(source="rna").update(inputs_digest="l"), "rad_score"
    ),
    "features of a region are gone": (
        lambda p: FeatureSet.objects.filter(patient=_someone(p)).delete(), "features"
    ),
    "a region is no longer chosen": (
        lambda p: RoiChoice.objects.filter(patient=_someone(p)).delete(), "features"
    ),
    "RNA of training is scored anew": (
        lambda p: CellAbundance.objects.filter(patient__partition="development").update(
            inputs_digest="n"), "genomics"
    ),
    "another specimen speaks": (
        lambda p: SpecimenChoice.objects.filter(
            purpose="rna", patient__partition="development").delete(), "genomics"
    ),
    "a density of training is another": (
        lambda p: CellDensity.objects.filter(patient__partition="development").update(
            per_mm2=1.0), "slides"
    ),
    "consent is required, and withdrawn": (_withdrawn, "genomics"),
    "a patient of training withdraws": (
        lambda p: Patient.objects.filter(pk=_someone(p).pk).update(
            status="withdrawn", status_reason="asked to"), "features"
    ),
    "a newer Rad-Score": (
        lambda p: _version(p, VersionKind.RAD_SCORE, 2, {"inputs_digest": "z" * 64}), "report"
    ),
}  # fmt: skip
OTHERS: dict[str, Change] = {
    "a job of the stage begins": _job(JobState.QUEUED),
    "a job of the stage fails": _job(JobState.FAILED),
    "a job of another stage": _job(JobState.QUEUED, "imaging.features_extract"),
    "a patient moves to another site": lambda p: Patient.objects.filter(
        pk=_someone(p).pk).update(site=p.elsewhere),
    "a cohort has another name": lambda p: Cohort.objects.filter(role="training").update(
        name="development"),
    "a member leaves": lambda p: CohortMember.objects.filter(
        cohort__role="external_response")[:1].get().delete(),
    "a file is handed in": lambda p: ImportBatch.objects.filter(
        study=p.study, kind="dicom_zip").update(state="failed"),
    "the report is gone from what is told": lambda p: Report.objects.create(
        study=p.study, number=2, content={"sources": []}, sha256="e" * 64, inputs_digest="e"),
    "an encoder beside": lambda p: _copy(
        ExtractorVersion.objects.filter(study=p.study).first(), inputs_digest="new"),
}  # fmt: skip


def said(user: Any, people: People) -> dict[str, Any]:
    with acting_as(user):
        return {stage.key: state for stage, state in kept_stages.stage_states(user, people.study)}


def asked_anew(user: Any, people: People) -> dict[str, Any]:
    with acting_as(user):
        return {stage.key: stage.state(people.study, user) for stage in registry.stages()}


def test_what_is_kept_is_what_would_be_said_after_every_kind_of_change(made: People):
    """For who sees all and who sees one site; taken back, it is as it was."""
    readers = (made.statistician, made.colleague)
    before = said(made.statistician, made)
    assert {key: state.state for key, state in before.items()} == {
        "cohort": "ready", "imaging": "empty", "features": "ready", "genomics": "ready",
        "slides": "ready", "rad_score": "ready", "prognosis": "ready", "report": "ready",
    }  # fmt: skip
    changes = {name: change for name, (change, _) in STALE.items()} | OTHERS
    for name, change in changes.items():
        with transaction.atomic():
            for user in readers:
                said(user, made)
            _as(made.coordinator, lambda change=change: change(made))
            for user in readers:
                assert said(user, made) == asked_anew(user, made), name
            if name in STALE:
                stage = STALE[name][1]
                assert said(made.statistician, made)[stage].state == "stale", name
            transaction.set_rollback(True)
        set_acting_user(made.statistician.pk)
        assert said(made.statistician, made) == before, f"{name}, taken back"


def test_every_stage_is_kept_and_costs_a_row(made: People):
    said(made.statistician, made)
    stored = KeptStage.objects.values_list("stage", flat=True)
    assert set(stored) == {stage.key for stage in registry.stages()}
    with acting_as(made.statistician), CaptureQueriesContext(connection) as seen:
        kept_stages.stage_states(made.statistician, made.study)
    assert len(seen) <= 3, [query["sql"][:90] for query in seen]


def test_what_is_kept_for_all_sites_is_read_by_those_of_all_sites(made: People):
    said(made.statistician, made)
    with acting_as(made.colleague):
        assert not KeptStage.objects.exists()
    assert said(made.colleague, made)["cohort"] != said(made.statistician, made)["cohort"]
    with acting_as(made.colleague):
        assert {tuple(row.site_ids) for row in KeptStage.objects.all()} == {(made.elsewhere.pk,)}


def test_a_day_may_change_whose_consent_holds(made: People, monkeypatch: pytest.MonkeyPatch):
    _require_consent(made)
    tomorrow = date.today() + timedelta(days=1)
    with acting_as(made.coordinator):
        Consent.objects.filter(study=made.study).update(withdrawn_on=tomorrow)
    before = said(made.statistician, made)
    monkeypatch.setattr(timezone, "localdate", lambda *_: tomorrow)
    assert said(made.statistician, made) == asked_anew(made.statistician, made) != before


@begins_with()
def test_many_marks_become_one_and_say_the_same(people: People, monkeypatch: pytest.MonkeyPatch):
    with acting_as(people.coordinator):
        for number in range(4):
            Patient.objects.create(
                study=people.study, site=people.here, pseudonym=f"P{number}", status="screened"
            )
        before = marks.marks_of(people.study)
        monkeypatch.setattr(marks, "MANY", 1)
        marks.marks_of(people.study)
        monkeypatch.setattr(marks, "MANY", 200)
        with connection.cursor() as cursor:
            cursor.execute(marks.SUMS, [people.study.pk])
            rows = {source: (number, count) for source, number, count in cursor.fetchall()}
        assert rows["studies_patient"] == (before["studies_patient"], 1)
        assert marks.marks_of(people.study) == before
        Patient.objects.filter(study=people.study).update(status="enrolled")
        assert marks.marks_of(people.study)["studies_patient"] != before["studies_patient"]
