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
from studies.models import Patient
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features
from tests.visible import WRITTEN, written_in

pytestmark = [pytest.mark.django_db, begins_with(with_features(70))]
QUICK = {**SMALL, "outer": {"folds": 2, "repeats": 1}, "ablations": ["volume_only"]}
# Of a statistician, signed in: a few more than it takes.
BUDGETS = {
    "runs": 16, "run": 22, "version": 25, "snapshot": 17, "card": 21, "timeline": 12, "before": 13,
    "scores": 14, "result": 15, "versions": 14, "snapshots": 13, "compare": 13, "run_new": 22,
    "lineage": 20, "looks": 12,
}  # fmt: skip
AFTER_A_WRITE = {"run_new": 22, "version": 34}  # nothing of what is kept holds any more


def test_no_page_of_models_asks_more_than_its_budget(as_statistician) -> None:
    people = as_statistician
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
    asked: dict[str, int] = {}

    def ask(name: str) -> None:
        with CaptureQueriesContext(connection) as seen:
            address = reverse(f"modeling:{name}", args=[study, *of.get(name, [])])
            answer = client.get(address, follow=True)
        assert answer.status_code == 200, name
        assert not written_in(answer.content.decode(), WRITTEN), name
        asked[name] = len(seen)

    for name in BUDGETS:
        ask(name)  # what is asked once, or kept until anything is written
        ask(name)
    over = {name: (n, BUDGETS[name]) for name, n in asked.items() if n > BUDGETS[name]}
    assert not over
    Patient.objects.filter(pk=Patient.objects.first().pk).update(status_reason="other")
    for name in AFTER_A_WRITE:
        ask(name)
    over = {name: (asked[name], n) for name, n in AFTER_A_WRITE.items() if asked[name] > n}
    assert not over
    page = client.get(reverse("modeling:run_step", args=[study, "data"]))
    assert {row["is_current"] for row in page.context["snapshots"]} == {None}
    page = client.get(reverse("modeling:run_step", args=[study, "data"]), {"compare": 1})
    assert {row["is_current"] for row in page.context["snapshots"]} == {True}
    assert page.context["chosen"].startswith("snapshot:")
