"""Plans, questions, what a recipe costs, and two snapshots side by side."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from imaging.models import FeatureSet
from modeling.methods.plan import compare_to_plan, read_plan
from modeling.methods.recipe_schema import PRESETS
from modeling.methods.table_comparison import compare_tables
from modeling.models import AnalysisPlan, DatasetSnapshot, ModelRun
from modeling.services.plans import departures_of, plan_lock, plan_save, question_save
from modeling.services.rad_score import rad_score_run
from modeling.services.snapshots import rad_score_question, snapshot_freeze
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Patient
from studies.services import action_start
from tests.begun import begins_with
from tests.modeling.rad_score_made import SMALL, with_features

pytestmark = begins_with(with_features(70))
QUICK = {**SMALL, "classifiers": ["logistic_regression"], "ablations": [],
         "choose": {"rule": "one_standard_error"}}  # fmt: skip
PLAN = {"format": 1, "question": "Does PET/CT tell hot tumours?", "target": "rna",
        "recipe": QUICK, "seed": 1}  # fmt: skip


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_a_locked_plan_stands_and_departures_are_marked(as_statistician):
    people = as_statistician
    plan = plan_save(people.study, people.statistician, PLAN)
    plan = plan_save(people.study, people.statistician, {**PLAN, "seed": 2}, plan)
    plan_lock(plan, people.statistician)
    with pytest.raises(DataProblem, match="locked on"):
        plan_save(people.study, people.statistician, PLAN, plan)
    with pytest.raises(DatabaseError), transaction.atomic():
        AnalysisPlan.objects.update(document={})
    as_planned = rad_score_run(people.study, {**QUICK, "name": "mine"}, 2, workers=1)
    otherwise = rad_score_run(
        people.study, {**QUICK, "outer": {"folds": 4, "repeats": 2}}, 1, workers=1
    )
    assert departures_of(as_planned)["departures"] == []
    places = [row["place"] for row in departures_of(otherwise)["departures"]]
    assert places == ["recipe.outer.folds", "seed"]
    client = client_of(people.statistician)
    page = client.get(reverse("modeling:run", args=[people.study.uid, otherwise.uid]))
    assert "planned 3, done 4" in page.content.decode()
    told = client.get(reverse("api:run-plan", args=[people.study.uid, otherwise.uid])).json()
    assert told["plan"] == str(plan.uid)
    assert [row["place"] for row in told["departures"]] == places


@pytest.mark.django_db
def test_a_question_is_saved_frozen_in_a_job_and_compared(as_statistician):
    people = as_statistician
    study, user = people.study, people.statistician
    whole = snapshot_freeze(study, rad_score_question())
    asked = {"format": 1, "name": "PET of adults", "features": ["pet."],
             "filters": [{"variable": "age_years", "minimum": 60}]}  # fmt: skip
    saved = question_save(study, user, asked)
    assert question_save(study, user, asked) == saved
    job = run_inline(
        action_start(study, user, "modeling.snapshot_freeze", {"question": str(saved.uid)})
    )
    assert job.state == "done", job.problems
    narrow = DatasetSnapshot.objects.get(uid=job.result["snapshot"])
    assert not [name for name in narrow.columns if name.startswith("ct.")]
    reasons = narrow.members.filter(included=False).values_list("reason", flat=True)
    assert reasons
    assert all("under 60" in reason or "age years unknown" in reason for reason in reasons)
    FeatureSet.objects.filter(modality="PT", patient=Patient.objects.first()).update(
        vector=[9.0] * 8
    )
    later = snapshot_freeze(study, rad_score_question())
    client = client_of(user)
    api = reverse("api:snapshot-compare", args=[study.uid, whole.uid])
    found = client.get(api, {"to": str(later.uid)}).json()
    assert (found["patients_in"], found["patients_out"], found["values_changed"]) == (0, 0, 8)
    assert {row["after"] for row in found["changes"]} == {9.0}
    page = client.get(reverse("modeling:compare", args=[study.uid]),
                      {"before": whole.uid, "after": narrow.uid})  # fmt: skip
    assert "under 60" in page.content.decode()
    address = reverse("modeling:compare_json", args=[study.uid, whole.uid, later.uid])
    assert client.get(address).json() == found
    with acting_as(people.colleague):  # of one site: numbers, no names
        hidden = client_of(people.colleague).get(address).json()
    assert hidden["values_changed"] == 8
    assert hidden["changes"] == hidden["rows_out"] == []


@pytest.mark.django_db
def test_pages_write_what_the_api_reads(as_statistician):
    people = as_statistician
    client, study = client_of(people.statistician), people.study.uid
    page = reverse("modeling:before", args=[study])
    assert "Plans of analysis" in client.get(page).content.decode()
    text = "format: 1\nname: all\nfilters: [{variable: age_years, minimum: 18}]"
    client.post(page, {"what": "question", "question-document": text})
    wrong = client.post(page, {"what": "plan", "plan-document": "format: 1\nhorizon: 3"})
    assert "horizon" in wrong.content.decode()
    cost = client.post(page, {"what": "recipe", "recipe": "paper"}).content.decode()
    preview = client.post(reverse("api:run-preview", args=[study]), {"document": "paper"},
                          content_type="application/json").json()  # fmt: skip
    assert str(preview["fits"]) in cost
    assert preview["fits"] > 3000
    written = client.get(reverse("api:question-list", args=[study])).json()["results"]
    assert [row["name"] for row in written] == ["all"]
    plans = reverse("api:analysis-plan-list", args=[study])
    made = client.post(plans, {"document": PLAN}, content_type="application/json").json()
    shown = client.get(page).content.decode()
    assert reverse("modeling:plan_lock", args=[study, made["uid"]]) in shown
    assert "Does PET/CT before treatment" not in shown.partition("plan-form")[0]  # the example
    other = yaml.safe_dump({**PLAN, "horizons_months": {"overall_survival": [6, 48]}})
    client.post(page, {"what": "plan", "plan": made["uid"], "plan-document": other})
    assert "overall survival 6, 48" in client.get(page).content.decode()
    one = reverse("api:analysis-plan-detail", args=[study, made["uid"]])
    changed = client.patch(one, {"document": PLAN}, content_type="application/json").json()
    assert (changed["uid"], changed["document"].get("horizons_months")) == (made["uid"], None)
    client.post(reverse("modeling:plan_lock", args=[study, made["uid"]]))
    assert client.get(plans).json()["results"][0]["locked_at"]
    again = client.post(reverse("api:analysis-plan-lock", args=[study, made["uid"]]))
    assert again.status_code == 422
    for user in (people.colleague, people.coordinator):
        posted = client_of(user).post(plans, {"document": PLAN}, content_type="application/json")
        assert posted.status_code == 403
        assert client_of(user).post(page, {"what": "recipe", "recipe": "paper"}).status_code == 403
    assert not ModelRun.objects.exists()


def test_departures_in_numbers():
    plan = read_plan({**PLAN, "recipe": "paper"})
    assert plan["recipe"] == PRESETS["paper"]
    assert compare_to_plan(plan, {**PRESETS["paper"], "name": "other"}, 1) == []
    found = compare_to_plan(plan, PRESETS["full"], 1)
    assert {d.place for d in found} >= {"recipe.inner.folds", "recipe.choose.rule"}
    with pytest.raises(DataProblem, match=r"recipe\.outer"):
        read_plan({**PLAN, "recipe": {**QUICK, "outer": 3}})


def test_two_tables_in_numbers():
    one = pd.DataFrame({"k": ["a", "b", "c"], "x": [1.0, None, 3.0], "y": ["p", "q", "r"]})
    two = pd.DataFrame({"k": ["b", "c", "d"], "x": [None, 4.0, 5.0], "z": [1, 2, 3]})
    found = compare_tables(one, two, ["k"])
    assert (found.rows_in, found.rows_out) == ((("d",),), (("a",),))
    assert (found.columns_in, found.columns_out) == (("z",), ("y",))
    assert [(c.key, c.column, c.before, c.after) for c in found.changes] == [
        (("c",), "x", 3.0, 4.0)
    ]
    assert compare_tables(one, one.sample(frac=1, random_state=0), ["k"]).changed == 0
