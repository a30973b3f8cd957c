"""Whatever comes in wrong: failed or errored with a reason, never done with NaN."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from genomics.models import Phenotype
from imaging.models import FeatureSet
from modeling.methods import nested_cross_validation
from modeling.methods.auc import estimate_auc_bootstrap
from modeling.models import Evaluation, ModelRun, ModelVersion, Prediction
from modeling.storage import read_estimator
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import CohortMember, JobState, Patient
from studies.services import action_start, file_read
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features

pytestmark = [pytest.mark.django_db, begins_with(with_features(70))]
QUICK = {**SMALL, "classifiers": ["random_forest", "logistic_regression"], "ablations": []}


def run(people, **params):
    asked = {"recipe": QUICK, "seed": "1", **params}
    return run_inline(action_start(people.study, people.statistician, "modeling.rad_score_run",
                                   asked))  # fmt: skip


def one_class(people):
    Phenotype.objects.filter(source="rna").update(label="cold")
    return "cold"


def constant_features(people):
    FeatureSet.objects.update(vector=[1.0] * 8)
    return "equal rows|same value"


def all_missing(people):
    FeatureSet.objects.update(vector=[math.nan] * 8)
    return "features"


def infinite(people):
    FeatureSet.objects.filter(pk=FeatureSet.objects.first().pk).update(vector=[math.inf] * 8)
    return "infinite"


def three_patients(people):
    keep = CohortMember.objects.filter(cohort__role="training").values_list("patient_id")[:3]
    Patient.objects.exclude(pk__in=keep).update(status="excluded", status_reason="left")
    return "hot|cold|least|class"


BAD = [one_class, constant_features, all_missing, infinite, three_patients]


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_bad_rows_fail_with_a_reason(as_statistician, spoil):
    said = spoil(as_statistician)
    job = run(as_statistician)
    assert job.state == JobState.FAILED, (job.state, job.error_id)
    assert re.search(said, str(job.problems)), job.problems
    assert not ModelRun.objects.exists()


def test_a_method_that_gives_nan_errors_and_writes_nothing(as_statistician, monkeypatch):
    honest = nested_cross_validation.hold_out

    def broken(common, task):
        probability, chosen = honest(common, task)
        return probability * np.nan, chosen

    monkeypatch.setattr(nested_cross_validation, "hold_out", broken)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    job = run(as_statistician)
    assert job.state in (JobState.ERRORED, JobState.FAILED)
    assert not ModelRun.objects.exists()
    assert not Prediction.objects.exists()


@begins_with(with_features(100))
def test_permuted_labels_give_an_interval_over_chance(as_statistician, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    rows = list(Phenotype.objects.filter(source="rna").order_by("id"))
    labels = np.random.default_rng(5).permutation([row.label for row in rows])
    for row, label in zip(rows, labels, strict=True):
        Phenotype.objects.filter(pk=row.pk).update(label=str(label))
    job = run(as_statistician)
    assert job.state == JobState.DONE, job.problems
    judged = Evaluation.objects.get(basis="out_of_fold").metrics["auc"]
    assert judged["lower"] < 0.5 < judged["upper"]
    version = ModelVersion.objects.get()
    data = bytearray(file_read(version.file))
    data[100] ^= 1
    with pytest.raises(DataProblem, match="bytes were changed"):
        read_estimator(bytes(data), version.sha256)
    for evaluation in version.evaluations.all():
        assert "NaN" not in str(evaluation.metrics)


def test_chance_lies_in_the_interval_of_noise():
    rng = np.random.default_rng(0)
    found = estimate_auc_bootstrap(np.arange(60) < 30, rng.normal(size=60), 500)
    assert found.lower < 0.5 < found.upper
