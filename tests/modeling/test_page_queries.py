"""Pages of models ask a number of questions of the database that no number of patients changes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from modeling.models import ModelRun, ModelVersion
from modeling.services.rad_score import rad_score_run
from modeling.services.snapshots import rad_score_question, snapshot_freeze
from tests.modeling.rad_score_made import SMALL, make_features

pytestmark = pytest.mark.django_db
QUICK = {**SMALL, "outer": {"folds": 2, "repeats": 1}, "ablations": ["volume_only"]}
# Of a statistician, signed in: a few more than it takes.
BUDGETS = {
    "runs": 16, "run": 22, "version": 23, "snapshot": 17, "card": 21, "timeline": 12, "before": 13,
    "scores": 14, "result": 15, "versions": 14, "snapshots": 13, "compare": 13, "run_new": 22,
    "lineage": 20,
}  # fmt: skip


def test_no_page_of_models_asks_more_than_its_budget(as_statistician) -> None:
    people = as_statistician
    make_features(people, patients=70)
    run = rad_score_run(people.study, QUICK, 1, workers=1)
    snapshot_freeze(people.study, rad_score_question("median_in_fold"))
    study = people.study.uid
    version = ModelVersion.objects.get()
    of = {
        "run": [ModelRun.objects.get().uid],
        "snapshot": [run.snapshot.uid],
        "lineage": [run.snapshot.sha256],
        **{name: [version.uid] for name in ("version", "card", "scores", "result")},
    }
    client = Client()
    client.force_login(people.statistician)
    asked = {}
    for name in BUDGETS:
        address = reverse(f"modeling:{name}", args=[study, *of.get(name, [])])
        client.get(address, follow=True)  # what is asked once, or kept until anything is written
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address, follow=True).status_code == 200, name
        asked[name] = len(seen)
    over = {name: (n, BUDGETS[name]) for name, n in asked.items() if n > BUDGETS[name]}
    assert not over
