"""From a snapshot to a run in four steps: defaults, nothing lost, findings, the start."""

from __future__ import annotations

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from modeling.models import DatasetSnapshot, ModelRun, SavedQuestion
from modeling.services.plans import plan_lock, plan_save
from modeling.services.rad_score import rad_score_run
from modeling.services.snapshots import rad_score_question, snapshot_freeze
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Job
from studies.selections import selection_of
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features

pytestmark = begins_with(with_features(70))
QUICK = {**SMALL, "classifiers": ["logistic_regression"], "ablations": [],
         "choose": {"rule": "one_standard_error"}}  # fmt: skip


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def step(people, name):
    return reverse("modeling:run_step", args=[people.study.uid, name])


@pytest.mark.django_db
def test_four_steps_lead_to_a_run_beside_the_one_before(as_statistician):
    people = as_statistician
    client, study = client_of(people.statistician), people.study
    plan = plan_lock(
        plan_save(study, people.statistician, {
            "format": 1, "question": "Does PET/CT tell hot tumours?", "target": "rna",
            "recipe": QUICK, "seed": 3,
        }), people.statistician,
    )  # fmt: skip
    # data: nothing is frozen yet, so everybody is
    assert client.get(step(people, "who"))["Location"] == step(people, "data")
    client.post(step(people, "data"), {"rows": "freeze:"})
    with acting_as(people.statistician):
        run_inline(Job.objects.get(kind="modeling.snapshot_freeze"))
        snapshot = DatasetSnapshot.objects.get(study=study)
    assert client.get(f"{step(people, 'data')}?go=1")["Location"] == step(people, "who")
    # who
    counts = client.get(step(people, "who")).context["counts"]
    assert sum(row["included"] for row in counts) == snapshot.members.filter(included=True).count()
    # recipe and checks: as planned at first; what was typed stays, whichever way one goes
    assert client.get(step(people, "checks")).context["draft"]["recipe"] == "as planned"
    typed = yaml.safe_dump({**QUICK, "outer": {"folds": 4, "repeats": 2}})
    sent = {"recipe": "own", "document": typed, "seed": "7"}
    client.post(step(people, "checks"), sent | {"go": "back"})
    client.get(step(people, "data"))
    again = client.get(step(people, "checks"))
    assert (again.context["own"].strip(), again.context["draft"]["seed"]) == (typed.strip(), "7")
    guard = client.get(reverse("modeling:run_guard", args=[study.uid])).context["checked"]
    assert guard["passed"]
    assert [row["place"] for row in guard["departures"]] == ["recipe.outer.folds", "seed"]
    assert plan is not None
    # start
    client.post(step(people, "checks"), {"recipe": "as planned", "seed": "3", "go": "next"})
    shown = client.get(step(people, "start")).context["checked"]
    assert shown["departures"] == []
    answer = client.post(step(people, "start"))
    with acting_as(people.statistician):
        job = Job.objects.get(kind="modeling.rad_score_run")
        assert answer["Location"] == reverse("studies:job", args=[study.uid, job.uid])
        ended = run_inline(job)
        assert ended.state == "done", ended.problems
        run = ModelRun.objects.get()
        assert run.snapshot == snapshot
        other = rad_score_run(study, QUICK, 4, workers=1)
    page = client.get(reverse("studies:job", args=[study.uid, job.uid])).content.decode()
    assert reverse("modeling:run", args=[study.uid, run.uid]) in page
    beside = client.get(reverse("modeling:run", args=[study.uid, other.uid])).context["beside"]
    assert [row.place for row in beside["runs"][0]["departures"]] == ["seed"]
    assert beside["runs"][0]["same_rows"]
    gains = [row["others"][0]["gain"] for row in beside["rows"]]
    assert len(gains) >= 3
    told = client.post(
        reverse("api:snapshot-check", args=[study.uid, snapshot.uid]),
        {"recipe": QUICK, "seed": 3}, "application/json",
    ).json()  # fmt: skip
    assert (told["passed"], told["departures"], told["fitting"]) == (True, [], shown["fitting"])


@pytest.mark.django_db
def test_a_selection_leaves_the_others_out_with_that_reason(as_statistician):
    people = as_statistician
    client, study = client_of(people.statistician), people.study
    use = reverse("studies:selection_use", args=[study.uid, "question"])
    answer = client.post(use, {"name": "from 45 on", "address": "clinical.age_years:from=45"})
    assert answer["Location"].startswith(reverse("modeling:run_new", args=[study.uid]))
    with acting_as(people.statistician):
        saved = SavedQuestion.objects.get(study=study)
        frozen = snapshot_freeze(study, rad_score_question("complete_case", saved))
        chosen = set(selection_of(people.statistician, study, "clinical.age_years:from=45").ids)
        included = set(frozen.members.filter(included=True).values_list("patient_id", flat=True))
        others = frozen.members.exclude(patient_id__in=chosen)
    assert included <= chosen
    assert included
    assert others.exists()
    assert all("not selected" in row.reason for row in others)


@pytest.mark.django_db
def test_a_snapshot_of_another_rule_is_refused(as_statistician):
    people = as_statistician
    frozen = snapshot_freeze(people.study, rad_score_question("complete_case"))
    with pytest.raises(DataProblem, match="rule complete_case"):
        rad_score_run(people.study, {**QUICK, "missing": "median_in_fold"}, 1, workers=1,
                      snapshot=str(frozen.uid))  # fmt: skip
    with pytest.raises(DataProblem, match="uid of a Rad-Score"):
        rad_score_run(people.study, QUICK, 1, workers=1, snapshot="x")
