"""A prognosis from a landmark on: who is left, R's model of them, and where it is said."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from modeling.models import DatasetSnapshot, ModelRun, ModelVersion
from modeling.publication.r_script import write_report_script
from modeling.selectors import scope_of, speaking
from modeling.services import prognosis_question
from modeling.services.plans import departures_of, plan_lock, plan_save, question_save
from modeling.services.prognosis import prognosis_run
from modeling.services.prognosis_check import prognosis_check
from modeling.services.report import nomogram_told
from modeling.services.report_content import Draft
from modeling.services.report_methods import methods_section
from modeling.services.report_survival import (
    evaluations_of,
    nomogram_section,
    survival_by_rad_score,
)
from modeling.services.reproduction import version_reproduce
from modeling.services.snapshots import snapshot_read
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import EndpointValue, Job
from tests.begun import begins_with
from tests.modeling.prognosis_made import with_rad_score
from tests.people import People

pytestmark = [pytest.mark.django_db, begins_with(with_rad_score)]
DAY, DAYS_PER_MONTH = 200, 30.4375
ASKED = {"landmark": DAY, "selection": "fixed", "candidates": ["age_years", "suv_max"],
         "horizons": "12, 24", "resamples": 0}  # fmt: skip
PLAN = {"format": 1, "question": "Does it tell survival?", "target": "rna", "recipe": "demo",
        "seed": 3}  # fmt: skip
COX = """
library(survival)
d <- read.csv("rows.csv")
d <- d[d$days > %d, ]
d$months <- (d$days - %d) / 30.4375
fit <- coxph(Surv(months, event) ~ rad_score + immunoscore + age_years + suv_max, d,
  ties = "efron", control = coxph.control(eps = 1e-12))
cat(nrow(d), sum(d$event), format(coef(fit), digits = 12))
"""


@pytest.fixture
def made(as_statistician: People) -> People:
    return as_statistician


def followed(people: People) -> pd.DataFrame:
    """Days and event of overall survival as the study has them, by pseudonym."""
    values = EndpointValue.objects.filter(
        patient__study=people.study, definition__name="overall_survival"
    )
    fields = ("patient__pseudonym", "duration_days", "event")
    found = pd.DataFrame(values.values_list(*fields), columns=["pseudonym", "days", "event"])
    return found.dropna().set_index("pseudonym")


def test_from_a_landmark_on(made: People, rscript: str, tmp_path: Path) -> None:
    study, days = made.study, followed(made)
    plan_lock(plan_save(study, made.statistician, PLAN), made.statistician)
    told = prognosis_check(study, {**ASKED, "endpoint": "overall_survival"})
    usual = prognosis_run(study, "overall_survival", 3, asked={**ASKED, "landmark": ""})
    run = prognosis_run(study, "overall_survival", 3, asked=ASKED)
    version = run.versions.get()
    assert usual != run
    # whoever is followed beyond it without event, in every cohort alike; time counts from it
    rows = snapshot_read(run.snapshot).set_index("pseudonym")
    mine = days.loc[rows.index]
    assert (mine["days"] > DAY).all()
    expected = (mine["days"] - DAY) / DAYS_PER_MONTH
    np.testing.assert_array_equal(rows["duration_months"], expected)
    whole = snapshot_read(usual.snapshot)
    beyond = whole["pseudonym"].map(days["days"]) > DAY
    assert set(rows.index) == set(whole.loc[beyond, "pseudonym"])
    assert run.snapshot.question["landmark_days"] == run.recipe["landmark_days"] == DAY
    assert "landmark_days" not in usual.snapshot.question | usual.recipe
    # the others are listed with the reason, and counted before the start
    out = run.snapshot.members.filter(included=False, reason__contains="landmark")
    reasons = {m.patient.pseudonym: m.reason for m in out.select_related("patient")}
    assert set(reasons) == set(whole.loc[~beyond, "pseudonym"])
    for name, reason in reasons.items():
        had = bool(days.loc[name, "event"])
        assert reason.startswith("had the event by" if had else "not followed beyond"), name
    counted = {row["cohort"]: dict(map(tuple, row["reasons"])) for row in told["cohorts"]}
    by_landmark = [n for row in counted.values() for r, n in row.items() if "landmark" in r]
    assert sum(by_landmark) == len(reasons)
    assert {c["name"]: c["passed"] for c in told["checks"]}["landmark"]
    assert "landmark" in {notice["code"] for notice in told["notices"]}
    assert [d["place"] for d in departures_of(run)["departures"]] == ["prognosis.landmark_days"]
    # R: the subset, its time shifted
    fitted = snapshot_read(version.fitting_snapshot)
    whole_fit = snapshot_read(usual.versions.get().fitting_snapshot)
    whole_fit["days"] = whole_fit["pseudonym"].map(days["days"])
    whole_fit["event"] = whole_fit["event"].astype(int)
    whole_fit.to_csv(tmp_path / "rows.csv", index=False)
    said = subprocess.run(
        [rscript, "-e", COX % (DAY, DAY)], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    n, events, *numbers = map(float, said)
    assert (n, events) == (len(fitted), int(fitted["event"].sum()))
    np.testing.assert_allclose(version.content["coefficients"], numbers, atol=1e-6)
    # said wherever the numbers stand
    draft = Draft()
    methods_section(draft, study, version.parents.get(), [version])
    nomogram_section(draft, version)
    texts = " ".join(draft.sections[0].text)
    assert f"count from day {DAY} after the start of treatment" in texts
    lost = sum(reason.startswith("had") for reason in reasons.values())
    assert lost > 0
    titles = [figure["title"] for figure in draft.figures.values()]
    assert f"Nomogram for overall survival from day {DAY} on" in titles
    axes = json.dumps(draft.figures["auc_over_time_overall_survival"]["spec"])
    assert f"Months from day {DAY} on" in axes
    assert f"# Landmark: day {DAY} " in write_report_script([nomogram_told(version)])
    client = Client()
    client.force_login(made.statistician)
    for name in ("nomogram", "calculator", "analyses", "version", "card"):
        page = client.get(reverse(f"modeling:{name}", args=[study.uid, version.uid]))
        assert f"day {DAY}" in page.content.decode(), name
    shown = client.get(reverse("modeling:looks", args=[study.uid])).content.decode()
    judged = version.evaluations.exclude(basis="apparent")
    assert shown.count(f"from day {DAY} on") == 2 * judged.count() > 0  # of the score, too
    for one, days in ((version, DAY), (usual.versions.get(), None)):
        told = client.get(reverse("api:evaluation-list", args=[study.uid]),
                          {"version__uid": one.uid}).json()["results"]  # fmt: skip
        assert {row["landmark_days"] for row in told} == {days}
    # of another purpose than the nomogram from the start of treatment, which speaks first
    assert scope_of(version) != scope_of(usual.versions.get())
    assert speaking(study, "nomogram").first() == usual.versions.get()
    score = version.parents.get()
    landmarked = evaluations_of(score, "overall_survival", DAY)
    assert {e.cohort.name for e in landmarked} == {
        "training", "internal_validation", "external_phenotype", "external_response"
    }  # fmt: skip
    for judged in landmarked:
        assert judged.metrics["n"] == int((rows["cohort"] == judged.cohort.name).sum())
    draft = Draft()
    survival_by_rad_score(draft, score, [version])
    assert not any("from day" in str(row[0]) for row in draft.sections[0].tables[0]["rows"])
    # and it all comes out again
    proof = version_reproduce(version)
    assert (proof.verdict, proof.differences) == ("equal", [])


def test_asked_in_the_wizard_saved_and_held_to(made: People) -> None:
    client, study = Client(), made.study
    client.force_login(made.statistician)

    def step(name: str) -> str:
        return reverse("modeling:prognosis_step", args=[study.uid, name])

    typed = {
        "endpoints": "progression_free_survival", "rad_score": str(ModelVersion.objects.get().uid),
        "horizons_progression_free_survival": "6, 12", "headline_progression_free_survival": "12",
        "go": "next",
    }  # fmt: skip
    wrong = client.post(step("question"), typed | {"landmark_progression_free_survival": "soon"},
                        follow=True)  # fmt: skip
    assert wrong.context["step"] == "question"
    assert "whole days" in wrong.content.decode()
    client.post(step("question"), typed | {"landmark_progression_free_survival": "60"})
    covariates = client.get(step("covariates")).context
    assert "from day 60 on" in str(covariates["endpoint"])
    checked = client.get(step("start")).context["checks"][0]
    assert "from day 60 on" in str(checked["title"])
    assert checked["checked"]["landmark_days"] == 60
    client.post(step("start"), {"go": "freeze", "name": "from day 60"})
    job = run_inline(Job.objects.get(kind="modeling.snapshot_freeze"))
    table = DatasetSnapshot.objects.get(uid=job.result["snapshot"])
    assert table.question["landmark_days"] == 60
    for asked in ({"landmark": "0"}, {"landmark": "90"}):
        with pytest.raises(DataProblem, match="as its rows were asked for"):
            prognosis_check(study, {"snapshot": str(table.uid), **asked})
    late = {"format": 1, "name": "late", "purpose": "prognosis", "endpoint": "overall_survival",
            "landmark_days": 9000}  # fmt: skip
    saved = question_save(study, made.statistician, late)
    with pytest.raises(DataProblem, match="nobody followed beyond"):
        prognosis_check(study, {"question": str(saved.uid)})
    shown = client.get(reverse("modeling:snapshot", args=[study.uid, table.uid])).content.decode()
    assert "from day 60 on" in shown
    assert not ModelRun.objects.filter(kind="prognosis").exists()


def test_a_row_that_is_not_followed_beyond_its_landmark_stops_the_run(
    made: People, monkeypatch: Any
) -> None:
    whole = prognosis_question.prognosis_rows

    def unshifted(*asked: Any) -> Any:
        found = whole(*asked)
        first = found.table.index[found.table["reason"] == ""][0]
        found.table.loc[first, "duration_months"] = -1.0
        return found

    monkeypatch.setattr(prognosis_question, "prognosis_rows", unshifted)
    told = prognosis_check(made.study, {**ASKED, "candidates": "none"})
    failed = [check["name"] for check in told["checks"] if not check["passed"]]
    assert failed == ["landmark"]
