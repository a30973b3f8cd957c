"""From cohorts to nomograms in four steps: nothing lost, who is in, what fails, what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from modeling.models import ModelRun, ModelVersion
from modeling.services import prognosis_rows
from modeling.services.plans import departures_of, plan_lock, plan_save
from modeling.services.prognosis import prognosis_run
from modeling.services.prognosis_check import prognosis_check
from modeling.services.report import report_versions
from modeling.services.report_content import Draft
from modeling.services.report_methods import methods_section
from modeling.services.report_survival import nomogram_section, survival_by_rad_score
from modeling.services.report_table2 import added_table, table2_section
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Cohort, CohortMember, Job, Study
from studies.services import endpoint_create_start, endpoint_retire
from tests.begun import begins_with
from tests.modeling.prognosis_made import with_rad_score
from tests.people import People

pytestmark = [pytest.mark.django_db, begins_with(with_rad_score)]
PLAN = {
    "format": 1, "question": "Does the Rad-Score tell survival?", "target": "rna",
    "recipe": "demo", "seed": 3, "horizons_months": {"overall_survival": [12, 24, 36]},
    "prognosis": {"selection": "lasso", "resamples": 6},
}  # fmt: skip


@pytest.fixture
def made(as_statistician: People) -> People:
    return as_statistician


def step(people: People, name: str) -> str:
    return reverse("modeling:prognosis_step", args=[people.study.uid, name])


def test_four_steps_lead_to_two_nomograms(made: People) -> None:
    client, study = Client(), made.study
    client.force_login(made.statistician)
    plan_lock(plan_save(study, made.statistician, PLAN), made.statistician)
    # cohorts: everybody at first; one is left out
    rows = {row["cohort"]: row for row in client.get(step(made, "cohorts")).context["cohorts"]}
    assert rows["training"]["is_fitted"]
    assert rows["training"]["scored"] == rows["training"]["members"]
    kept = ["internal_validation", "external_response"]
    client.post(step(made, "cohorts"), {"cohorts": kept})
    # endpoints: as planned at first; a wrong horizon is told and stays as it was typed
    shown = client.get(step(made, "question")).context
    assert [one["horizons"] for one in shown["endpoints"]] == ["12, 24, 36", "6, 12, 18"]
    asked = {
        "endpoints": ["overall_survival", "progression_free_survival"],
        "rad_score": str(ModelVersion.objects.get().uid),
        "horizons_overall_survival": "12, soon", "headline_overall_survival": "12",
        "horizons_progression_free_survival": "6, 12", "headline_progression_free_survival": "12",
    }  # fmt: skip
    answer = client.post(step(made, "question"), asked | {"go": "next"}, follow=True)
    assert answer.context["step"] == "question"
    assert "soon" in answer.content.decode()
    assert answer.context["endpoints"][0]["horizons"] == "12, soon"
    client.post(step(made, "question"), asked | {"horizons_overall_survival": "12, 24"})
    # covariates: what each lacks; what was chosen stays, whichever way one goes
    columns = {c["found"].name: c for c in client.get(step(made, "covariates")).context["columns"]}
    assert {level.level for level in columns["sex"]["found"].levels} == {"female", "male"}
    typed = {"candidates": ["age_years", "sex"], "splines": ["age_years"], "immunoscore": "yes",
             "selection": "fixed", "penalty": "none", "resamples": "6", "seed": "3"}  # fmt: skip
    client.post(step(made, "covariates"), typed | {"go": "back"})
    again = client.get(step(made, "covariates")).context
    chosen = [c["found"].name for c in again["columns"] if c["offered"] and not c["always"]]
    assert sorted(chosen) == ["age_years", "sex"]
    assert again["draft"]["selection"] == "fixed"
    guard = client.get(reverse("modeling:prognosis_guard", args=[study.uid])).context
    assert [one["key"] for one in guard["checks"]] == asked["endpoints"]
    # check and start
    shown = client.get(step(made, "start"))
    survival = shown.context["checks"][0]["checked"]
    assert {row["cohort"] for row in survival["cohorts"]} == {"training", *kept}
    assert {d["place"] for d in survival["departures"]} == {
        "horizons_months.overall_survival", "prognosis.selection"
    }  # fmt: skip
    assert all(check["passed"] for check in survival["checks"])
    told = client.post(
        reverse("api:run-prognosis-check", args=[study.uid]),
        {"endpoint": "overall_survival", "horizons": [12, 24], "headline": 12, "cohorts": kept,
         "candidates": ["age_years", "sex"], "splines": ["age_years"], "selection": "fixed",
         "resamples": 6, "seed": 3},
        "application/json",
    ).json()  # fmt: skip
    assert told["sample_size"] == survival["sample_size"]
    assert told["cohorts"] == survival["cohorts"]
    client.post(step(made, "start"))
    with acting_as(made.statistician):
        jobs = list(Job.objects.filter(kind="modeling.prognosis_run").order_by("id"))
        ended = [run_inline(job) for job in jobs]
        assert [job.state for job in ended] == ["done", "done"], [job.problems for job in ended]
        run = ModelRun.objects.get(uid=ended[0].result["run"])
        fitting = run.versions.get().fitting_snapshot.members.filter(included=True)
        assert survival["complete"] == fitting.count()
        assert {d["place"] for d in departures_of(run)["departures"]} == {
            d["place"] for d in survival["departures"]
        }
        version = run.versions.get()
        assert {e.cohort.name for e in version.evaluations.all()} == {"training", *kept}
        assert next(t for t in version.content["terms"] if t.get("knots"))["name"] == "age_years"
        other = prognosis_run(study, "overall_survival", seed=4, resamples=0)
    page = client.get(reverse("modeling:run", args=[study.uid, other.uid])).context["beside"]
    assert [one["run"] for one in page["runs"]] == [run]
    gains = {row["cohort"]: row["others"][0] for row in page["rows"]}
    assert gains["internal_validation"]["n"] > 0
    assert gains["external_phenotype"] is None  # the earlier run did not look there


def test_what_is_told_before_is_what_the_run_meets(made: People, monkeypatch: Any) -> None:
    """A level without events: told by name, refused by the plain likelihood, fitted by Firth's."""
    whole = prognosis_rows.prognosis_rows

    def separated(*asked: Any) -> Any:
        found = whole(*asked)
        rows = found.table
        event = rows["event"].astype(bool) & (rows["duration_months"] < 20)
        rows.loc[~event & (rows.groupby("cohort").cumcount() % 3 == 0), "pathology_type"] = (
            "mucinous"
        )
        rows.loc[event & (rows["pathology_type"] == "mucinous"), "pathology_type"] = (
            "adenocarcinoma"
        )
        rows["event"] = event
        return found

    monkeypatch.setattr("modeling.services.prognosis_question.prognosis_rows", separated)
    asked = {"candidates": ["pathology_type", "age_years"], "selection": "fixed", "resamples": 0}
    told = prognosis_check(made.study, {**asked, "endpoint": "overall_survival"})
    assert not told["passed"]
    assert told["separated"] == ["pathology_typemucinous"]
    client = Client()
    client.force_login(made.statistician)
    form = client.get(step(made, "covariates"))
    assert (form.context["penalty"], form.context["is_proposed"]) == ("firth", True)
    assert "Tick Cox" in form.content.decode()  # no likelihood is chosen unsaid
    guard = client.get(reverse("modeling:prognosis_guard", args=[made.study.uid])).context
    assert {one["checked"]["penalty"] for one in guard["checks"]} == {"firth"}  # what is ticked
    ahead = client.get(step(made, "start"))  # past the third step: it asks, and starts nothing
    assert ahead.context["unsaid"]
    assert not ahead.context["passed"]
    client.post(step(made, "start"))
    assert not Job.objects.filter(kind="modeling.prognosis_run").exists()
    client.post(step(made, "start"), {"penalty": "firth"})
    chosen = client.get(step(made, "start")).context
    assert chosen["unsaid"] == []
    assert {one["checked"]["penalty"] for one in chosen["checks"]} == {"firth"}
    with pytest.raises(DataProblem, match="separation"):
        prognosis_run(made.study, "overall_survival", asked=asked)
    firth = {**asked, "penalty": "firth", "resamples": 20}
    assert prognosis_check(made.study, {**firth, "endpoint": "overall_survival"})["passed"]
    version = prognosis_run(made.study, "overall_survival", asked=firth).versions.get()
    line = next(r for r in version.content["table"] if r["column"] == "pathology_typemucinous")
    assert 0 < line["hazard_ratio"] < 0.5
    assert line["upper"] < 1
    tables = version.run.results["table_2"]["tables"]  # of what its frozen table holds, no more
    lines = {line["variable"] for part in tables for line in part.get("lines", ())}
    assert lines
    assert lines <= {"rad_score", "immunoscore", "pathology_type", "age_years"}
    fixed = version.run.results["fixed_columns"]  # every resample maximised Firth's likelihood
    assert fixed["usable"] > 0.9 * fixed["resamples"] > 0
    assert fixed["slope"]["training"] > 1  # shrunken where it was fitted
    added = version.run.results["added_value"]
    assert 0 < added["likelihood_ratio"]["p_value"] < 1
    assert added["training"]["corrected"]
    assert "(penalised likelihood ratio" in added["said"]
    draft = Draft()
    added_table(draft, draft.section("added", "Added"), version)
    assert "Penalised likelihood ratio" in draft.sections[0].tables[0]["note"]


def test_a_patient_of_the_score_who_validates_now_stops_the_run(made: People) -> None:
    version = ModelVersion.objects.get()
    member = CohortMember.objects.filter(study=made.study, use="validation").first()
    training = CohortMember.objects.filter(study=made.study, use="development").first()
    version.fitting_snapshot.members.create(
        study=made.study,
        site=member.site,
        patient=member.patient,
        cohort=training.cohort,
        included=True,
    )
    told = prognosis_check(made.study, {"endpoint": "overall_survival"})
    assert [c["name"] for c in told["checks"] if not c["passed"]] == ["unseen"]
    with pytest.raises(DataProblem, match="whom the Rad-Score was fitted to"):
        prognosis_run(made.study, "overall_survival", resamples=0)


def test_an_endpoint_of_the_study_s_own_is_offered_run_and_shown(made: People) -> None:
    """In the wizard beside OS and PFS until it is retired; its nomogram's pages name it."""
    client, study = Client(), made.study
    with acting_as(made.administrator):
        endpoint_create_start(study, made.administrator, "ttp", "time_to_progression",
                              "Time to {progression}", {}, "beside PFS")  # fmt: skip
        run_inline(Job.objects.get(kind="studies.endpoint_change"))
    client.force_login(made.statistician)
    shown = client.get(step(made, "question")).context["endpoints"]
    assert [(one["key"], one["chosen"]) for one in shown][2:] == [("ttp", False)]
    asked = {"endpoints": ["ttp"], "horizons_ttp": "6, 9", "headline_ttp": "9",
             "rad_score": str(ModelVersion.objects.get().uid)}  # fmt: skip
    client.post(step(made, "question"), asked | {"go": "next"})
    assert client.get(step(made, "question")).context["endpoints"][2]["horizons"] == "6, 9"
    with acting_as(made.statistician):
        run = prognosis_run(study, "ttp", seed=3, resamples=0, asked={"horizons": "6, 9"})
        version = ModelVersion.objects.get(run=run)
        assert (version.endpoint, run.recipe["headline_months"]) == ("ttp", 9.0)
        with acting_as(made.administrator):
            endpoint_retire(study, made.administrator, "ttp", timezone.localdate(), "amended")
        with pytest.raises(DataProblem, match="overall_survival, progression_free_survival"):
            prognosis_run(study, "ttp", seed=4, resamples=0)
    for page in ("nomogram", "analyses", "calculator"):
        answer = client.get(reverse(f"modeling:{page}", args=[study.uid, version.uid]))
        assert answer.status_code == 200, page
        assert "time to {progression}" in answer.content.decode().lower(), page
    assert len(client.get(step(made, "question")).context["endpoints"]) == 2
    with acting_as(made.statistician):
        the_report_tells_it(study, version)


def the_report_tells_it(study: Study, version: ModelVersion) -> None:
    """Survival, Table 2, nomogram and Methods name a time of the study's own, retired or not."""
    rad_score, nomograms = report_versions(study)
    assert nomograms == [version]
    draft = Draft()
    survival_by_rad_score(draft, rad_score, nomograms)
    table2_section(draft, nomograms)
    nomogram_section(draft, version)
    methods_section(draft, study, rad_score, nomograms)
    for section in draft.sections:
        assert "Time to {progression}" in str(section), section.key
    assert f"km_ttp_{Cohort.objects.get(study=study, use='development').name}" in draft.figures
