"""What was learned cannot be changed, by whom and how ever."""

import json

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from modeling.models import (
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Prediction,
    Report,
    SnapshotMember,
)
from modeling.storage import json_digest
from modeling.withdrawal import purge, traces, uses_of
from studies.models import Cohort, Patient, StudySite
from studies.services import file_store

HEX = "0" * 64


@pytest.fixture
def chain(as_statistician):
    """A patient, a snapshot with the patient in it, a run, a version, a prediction, a number."""
    study, here = as_statistician.study, as_statistician.here
    patient = Patient.objects.create(study=study, site=here, pseudonym="P-1")
    cohort = Cohort.objects.create(study=study, name="training", role="training", use="development")
    snapshot = DatasetSnapshot.objects.create(
        study=study, number=1, question={}, targets={}, columns=[], sha256=HEX,
        table=file_store(study, b"rows", "snapshot"), frozen_at=timezone.now(),
        inputs_digest="a" * 64,
    )  # fmt: skip
    member = SnapshotMember.objects.create(
        snapshot=snapshot, patient=patient, cohort=cohort, included=True
    )
    run = ModelRun.objects.create(
        study=study, kind="rad_score", recipe={}, snapshot=snapshot, seed=1,
        library_versions={}, results_sha256=HEX, inputs_digest="b" * 64,
    )  # fmt: skip
    version = ModelVersion.objects.create(
        study=study, kind="rad_score", number=1, run=run, fitting_snapshot=snapshot,
        method="random_forest", sha256=HEX, inputs_digest="c" * 64,
    )  # fmt: skip
    prediction = Prediction.objects.create(
        version=version, patient=patient, kind="out_of_fold", value=0.4
    )
    evaluation = Evaluation.objects.create(
        study=study, version=version, snapshot=snapshot, cohort=cohort, target="rna",
        basis="out_of_fold", n=1, metrics={"auc": 0.8}, metrics_sha256=HEX,
        looked_at=timezone.now(),
    )  # fmt: skip
    report = Report.objects.create(study=study, number=1, content={}, sha256=HEX)
    return {
        "snapshot": snapshot, "member": member, "run": run, "version": version,
        "prediction": prediction, "evaluation": evaluation, "report": report,
        "patient": patient, "cohort": cohort,
    }  # fmt: skip


CHANGES = {
    "snapshot": {"sha256": "1" * 64},
    "member": {"included": False, "reason": "late"},
    "run": {"seed": 2},
    "version": {"threshold": 0.1},
    "prediction": {"value": 0.9},
    "evaluation": {"metrics": {"auc": 0.99}},
    "report": {"content": {"auc": 1}},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_cannot_be_changed(chain, name):
    row = chain[name]
    with pytest.raises(DatabaseError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**CHANGES[name])


def test_a_digest_outlives_the_database(db):
    """Negative zero, exponents and the smallest numbers come back as they were digested."""
    told = {"numbers": [-0.0, 0.1, 3.0, 1e16, -2.5e22, 1e300, 5e-324, 1e-7, 7], "t": (1, None)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [json.dumps(told)])
        back = cursor.fetchone()[0]
    back = json.loads(back) if isinstance(back, str) else back
    assert json_digest(back) == json_digest(told)


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_cannot_be_deleted(chain, name):
    row = chain[name]
    with (
        pytest.raises(DatabaseError, match="pgtrigger: Cannot"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])


def test_a_snapshot_may_be_marked_not_reproducible(chain):
    now = timezone.now()
    DatasetSnapshot.objects.update(not_reproducible_since=now)
    assert DatasetSnapshot.objects.get().not_reproducible_since == now


def test_predictions_follow_a_patient_to_another_site(chain, as_statistician):
    StudySite.objects.get_or_create(study=as_statistician.study, site=as_statistician.elsewhere)
    Patient.objects.update(site=as_statistician.elsewhere)
    assert Prediction.objects.get().site == as_statistician.elsewhere
    assert SnapshotMember.objects.get().site == as_statistician.elsewhere


@pytest.mark.parametrize(
    ("side", "said"),
    [("development", "Rad-Score 1, fitted to it"), ("validation", "Rad-Score 1, judged on it")],
)
def test_a_trace_tells_who_was_fitted_to_from_who_was_judged_on(chain, side, said):
    """One frozen table holds both sides of the wall."""
    chain["patient"].partition = side
    assert said in [str(trace.title) for trace in traces(chain["patient"])]


def test_a_purge_takes_predictions_and_bytes_and_leaves_the_member_list(chain):
    purge(chain["patient"])
    assert uses_of(chain["patient"]) == {
        "modeling_patientscore": 0,
        "modeling_prediction": 0,
        "modeling_snapshotmember": 1,
    }
    snapshot = DatasetSnapshot.objects.get()
    assert snapshot.not_reproducible_since
    assert snapshot.table.bytes_dropped_at


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "apparent"}, {"value": 1.2}, {"quantity": "points"}],
)
def test_a_prediction_is_refused(chain, wrong):
    other = Patient.objects.create(
        study=chain["patient"].study, site=chain["patient"].site, pseudonym="P-2"
    )
    given = {"kind": "applied", "value": 0.5, **wrong}
    with pytest.raises(DatabaseError), transaction.atomic():
        Prediction.objects.create(version=chain["version"], patient=other, **given)


def test_one_prediction_per_patient_and_version(chain):
    with pytest.raises(DatabaseError), transaction.atomic():
        Prediction.objects.create(
            version=chain["version"], patient=chain["patient"], kind="applied", value=0.5
        )


def test_a_member_who_is_out_has_a_reason(chain):
    other = Patient.objects.create(
        study=chain["patient"].study, site=chain["patient"].site, pseudonym="P-2"
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        SnapshotMember.objects.create(
            snapshot=chain["snapshot"], patient=other, cohort=chain["cohort"], included=False
        )
