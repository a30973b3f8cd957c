"""A prognosis from its frozen table: asked, frozen, fitted, the same whatever changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from modeling.models import DatasetSnapshot, ModelRun, ModelVersion, SavedQuestion
from modeling.prognosis_wizard import records_since
from modeling.services.frozen_files import snapshot_columns
from modeling.services.nomogram_figures import short_name
from modeling.services.plans import departures_of, plan_lock, plan_save
from modeling.services.prognosis import prognosis_run
from modeling.services.prognosis_check import prognosis_check
from modeling.services.report_content import Draft
from modeling.services.report_survival import column_title
from modeling.services.report_table2 import table2_section
from modeling.services.reproduction import version_reproduce
from modeling.services.snapshots import snapshot_read
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.dictionary import DEFAULT_DERIVED, DEFAULT_DICTIONARY, VariableSpec
from studies.methods.problems import DataProblem
from studies.models import (
    Cohort,
    CohortMember,
    Derivation,
    EndpointValue,
    FormEntry,
    Job,
    Patient,
)
from studies.services import dictionary_create
from tests.modeling.prognosis_made import make_rad_score
from tests.people import People

pytestmark = pytest.mark.django_db
OWN = (
    VariableSpec("albumin_g_l", "Albumin", "number", "g/L"),
    VariableSpec("relapse_class", "Relapse", "category", codes={"a": "a", "b": "b"},
                 section="Course"),
)  # fmt: skip
ASKED = {
    "format": 1, "name": "OS by blood", "purpose": "prognosis", "endpoint": "overall_survival",
    "cohorts": ["training", "internal_validation"],
    "columns": ["age_years", "albumin_g_l", "braf_status"],
    "filters": [{"variable": "age_years", "minimum": 40}],
}  # fmt: skip
PLAN = {
    "format": 1, "question": "Does it tell survival?", "target": "rna", "recipe": "demo",
    "seed": 3, "prognosis": {"selection": "lasso"},
}  # fmt: skip
FIXED = {"selection": "fixed", "resamples": 0}


@pytest.fixture
def made(as_statistician: People, monkeypatch: Any) -> People:
    """With a column of the study's own, of which one training patient lacks the value."""
    people = as_statistician
    make_rad_score(people, monkeypatch, patients=200)
    dictionary_create(people.study, (*DEFAULT_DICTIONARY, *OWN), "own", DEFAULT_DERIVED)
    random = np.random.default_rng(1)
    entries = list(FormEntry.objects.filter(study=people.study).order_by("pk"))
    for entry in entries:
        entry.values["albumin_g_l"] = {"v": float(np.round(random.normal(40, 4), 1))}
    lacking = CohortMember.objects.filter(study=people.study, cohort__role="training").first()
    next(e for e in entries if e.patient_id == lacking.patient_id).values.pop("albumin_g_l")
    FormEntry.objects.bulk_update(entries, ["values"])
    return people


def posted(people: People, name: str, asked: Any) -> Any:
    client = Client()
    client.force_login(people.statistician)
    return client.post(reverse(name, args=[people.study.uid]), asked, "application/json")


def test_asked_frozen_and_fitted_and_the_same_though_records_change(made: People) -> None:
    study, client = made.study, Client()
    client.force_login(made.statistician)
    for column, why in (("relapse_class", "of the course"), ("cea_ng_ml", "as a logarithm"),
                        ("died_on", "of the course"), ("shoe_size", "shoe_size")):  # fmt: skip
        wrong = posted(made, "api:question-list", {"document": {**ASKED, "columns": [column]}})
        assert wrong.status_code == 422
        assert why in wrong.content.decode()
    saved = posted(made, "api:question-list", {"document": ASKED})
    assert saved.status_code == 201, saved.content
    use = reverse("studies:selection_use", args=[study.uid, "prognosis"])
    chosen = client.post(use, {"name": "from 60", "address": "clinical.age_years:from=60"})
    assert chosen["Location"].startswith(reverse("modeling:prognosis_new", args=[study.uid]))
    # frozen by a job: in, or out with the reason; a gap is told
    client.post(
        reverse("studies:action", args=[study.uid, "modeling.snapshot_freeze"]),
        {"question": saved.json()["uid"]},
    )
    with acting_as(made.statistician):
        job = run_inline(Job.objects.get(kind="modeling.snapshot_freeze"))
        assert job.state == "done", job.problems
        table = DatasetSnapshot.objects.get(uid=job.result["snapshot"])
        members = table.members.select_related("patient")
        rows = snapshot_read(table)
        assert len(rows) == members.filter(included=True).count()
        assert members.count() == CohortMember.objects.filter(
            study=study, cohort__name__in=ASKED["cohorts"]
        ).count()  # fmt: skip
        out = set(members.filter(included=False).values_list("reason", flat=True))
        assert all("age years" in reason and "under 40" in reason for reason in out)
        assert {"albumin_g_l", "braf_status", "duration_months"} <= set(rows.columns)
        assert "log2_cea" not in rows.columns
        asked = {**FIXED, "snapshot": str(table.uid)}
        first = prognosis_run(study, "", seed=3, asked=asked)
        version = first.versions.get()
        assert first.snapshot == table
        fitted = version.fitting_snapshot.members
        reasons = fitted.filter(included=False).values_list("reason", flat=True)
        assert "missing: Albumin" in reasons
        terms = {term["name"]: term for term in version.content["terms"]}
        assert terms["albumin_g_l"]["title"] == "Albumin"
        # records change: an age, a day of follow-up; the frozen table does not
        before = records_since(study, made.statistician)
        assert before == {str(table.uid): ""}
        patient = fitted.filter(included=True)[0].patient
        value = EndpointValue.objects.get(patient=patient, definition__name="overall_survival")
        EndpointValue.objects.filter(pk=value.pk).update(duration_days=value.duration_days + 400)
        entry = FormEntry.objects.get(patient=patient, form="baseline")
        entry.values["age_years"] = {"v": 79.0}
        entry.save()
        since = records_since(study, made.statistician)[str(table.uid)]
        assert set(since.split(", ")) == {"Age (years) of 1 patient", "follow-up of 1 patient"}
        assert prognosis_run(study, "", seed=3, asked=asked) == first
        again = prognosis_run(study, "", seed=4, asked=asked).versions.get()
        assert again.content["coefficients"] == version.content["coefficients"]
        newer = prognosis_run(
            study, "", seed=4, asked={**FIXED, "question": saved.json()["uid"]}
        )  # frozen as its first stage
        assert newer.snapshot != table
        other = newer.versions.get()
        assert other.content["coefficients"] != version.content["coefficients"]
        newest = prognosis_check(study, {**FIXED, "snapshot": "newest"})
        assert newest["snapshot"] == str(newer.snapshot.uid)
        proof = version_reproduce(version)
        assert (proof.verdict, proof.differences) == ("equal", [])
        assert proof.parts["rows"]["verdict"] == "equal"
    # pages and API: looked at, compared, named
    page = client.get(reverse("modeling:snapshot", args=[study.uid, table.uid])).content.decode()
    assert "Albumin (g/L)" in page
    assert "follow-up of 1 patient" in page
    fitted_at = reverse("modeling:snapshot", args=[study.uid, version.fitting_snapshot.uid])
    assert fitted_at in page  # whose zip has the analysis.R
    compared = client.get(
        reverse("api:snapshot-compare", args=[study.uid, table.uid]), {"to": newer.snapshot.uid}
    ).json()
    assert compared["by_column"] == {"age_years": 1, "duration_months": 1}
    terms = version.content["terms"]
    assert short_name("braf_statusmutant", terms) == "BRAF: mutant"
    assert column_title("albumin_g_l", terms) == "Albumin (g/L)"
    # who has withdrawn is fitted to no more, and what was frozen is told as it was then
    again = tuple(VariableSpec("albumin_g_l", "Serum albumin", "number", "g/dL")
                  if one.name == "albumin_g_l" else one for one in OWN)  # fmt: skip
    dictionary_create(study, (*DEFAULT_DICTIONARY, *again), "other unit", DEFAULT_DERIVED)
    for frozen in (table, version.fitting_snapshot):
        told = {one["name"]: one for one in snapshot_columns(frozen)}["albumin_g_l"]
        assert (told["unit"], told["meaning"]) == ("g/L", "Albumin")
        assert told["missing"] == rows["albumin_g_l"].isna().sum() * (frozen == table)
    with acting_as(made.statistician):
        Patient.objects.filter(pk=patient.pk).update(status="withdrawn", status_reason="asked to")
        with pytest.raises(DataProblem, match=r"withdrawn from the study \(1\)"):
            prognosis_check(study, asked)
        with pytest.raises(DataProblem, match=r"withdrawn from the study \(1\)"):
            prognosis_run(study, "", 3, asked=asked)
        plan_lock(plan_save(study, made.statistician, PLAN), made.statistician)
        of_question = {**FIXED, "seed": 3, "question": saved.json()["uid"]}
        without = prognosis_run(study, "", 3, asked=of_question)
        said = [prognosis_check(study, of_question), departures_of(without)]
        assert "rows" in {one["place"] for one in said[0]["departures"]}
        assert said[0]["departures"] == said[1]["departures"]
        assert not without.snapshot.members.filter(patient=patient, included=True).exists()
    for name in ("nomogram", "calculator"):
        shown = client.get(reverse(f"modeling:{name}", args=[study.uid, version.uid]))
        assert "Albumin (g/L)" in shown.content.decode(), name
    draft = Draft()
    with acting_as(made.statistician):
        table2_section(draft, [version])
    titles = {str(row[0]) for table in draft.sections[0].tables for row in table["rows"]}
    assert {"Albumin (g/L)", "BRAF: mutant"} <= titles


def test_another_table_with_the_same_rows_to_fit_to_stands_behind_its_own_run(made: People) -> None:
    """Its lineage leads to it, and whom it left out is told of it, though the numbers are equal."""
    study, asked = made.study, {**FIXED, "cohorts": "none"}
    with acting_as(made.statistician):
        first = prognosis_run(study, "overall_survival", 3, asked=asked)
        wider = prognosis_run(
            study, "overall_survival", 3, asked={**asked, "cohorts": "internal_validation"}
        )
        fitted = wider.versions.get().fitting_snapshot
        assert fitted == first.versions.get().fitting_snapshot
        behind = Derivation.objects.filter(child_digest=fitted.sha256)
        tables = {first.snapshot.sha256, wider.snapshot.sha256}
        assert tables <= set(behind.values_list("parent_digest", flat=True))
        training = Cohort.objects.get(study=study, role="training")
        newcomer = Patient.objects.create(
            study=study, site=training.members.first().patient.site, pseudonym="ZZ-1",
            partition="development",
        )  # fmt: skip
        CohortMember.objects.create(patient=newcomer, cohort=training, use="development")
        again = prognosis_run(study, "overall_survival", 3, asked=asked)
        assert (again.snapshot.sha256, again != first) == (first.snapshot.sha256, True)
        out = again.versions.get().fitting_snapshot.members.filter(included=False)
        assert newcomer.pk in out.values_list("patient_id", flat=True)
        assert prognosis_run(study, "overall_survival", 3, asked=asked) == again


def test_the_wizard_takes_a_frozen_table_and_offers_columns_of_the_study(made: People) -> None:
    study, client = made.study, Client()
    client.force_login(made.statistician)

    def step(name: str) -> str:
        return reverse("modeling:prognosis_step", args=[study.uid, name])

    shown = client.get(step("covariates"))
    more = {row["found"].name: row for row in shown.context["more"]}
    assert more["albumin_g_l"]["found"].missing == 1
    assert "clinical_risk_score" in more
    refused = {one.name: str(one.refused) for one in shown.context["refused"]}
    assert "of the course" in refused["relapse_class"]
    assert refused["relapse_class"].lower() in shown.content.decode().lower()
    typed = {"splines": [], "immunoscore": "yes", "selection": "fixed", "penalty": "none",
             "resamples": "0", "seed": "1", "go": "next"}  # fmt: skip
    refusals = ((["relapse_class"], "of the course"),
                (["clinical_risk_score", "log2_cea"], "which it is made of"))  # fmt: skip
    for columns, told in refusals:
        answer = client.post(step("covariates"), typed | {"candidates": columns}, follow=True)
        assert answer.context["step"] == "covariates"
        assert told in answer.content.decode()
    client.post(step("question"), {
        "endpoints": "overall_survival", "rad_score": str(ModelVersion.objects.get().uid),
        "horizons_overall_survival": "12, 24", "headline_overall_survival": "24",
    })  # fmt: skip
    answer = client.post(step("covariates"), typed | {"candidates": ["albumin_g_l", "age_years"]})
    assert answer["Location"] == step("start")
    client.post(step("start"), {"go": "freeze", "name": "by albumin"})
    saved = SavedQuestion.objects.get(study=study)
    assert saved.document["columns"] == ["age_years", "albumin_g_l"]
    with acting_as(made.statistician):
        job = run_inline(Job.objects.get(kind="modeling.snapshot_freeze"))
        table = DatasetSnapshot.objects.get(uid=job.result["snapshot"])
    client.get(reverse("modeling:prognosis_new", args=[study.uid]), {"snapshot": table.uid})
    first = client.get(step("cohorts")).context
    assert first["chosen"] == f"snapshot:{table.uid}"
    assert [one["since"] for one in first["tables"]] == [""]
    client.post(step("cohorts"), {"rows": f"snapshot:{table.uid}",
                                  "cohorts": ["internal_validation"]})  # fmt: skip
    fixed = client.get(step("question")).context
    assert (fixed["fixed"], [one["key"] for one in fixed["endpoints"]]) == (
        True, ["overall_survival"]
    )  # fmt: skip
    horizons = {"horizons_overall_survival": "12", "headline_overall_survival": "12"}
    client.post(step("question"), horizons | {"go": "next"})
    columns = client.get(step("covariates")).context
    assert [row["found"].name for row in columns["columns"]] == [
        "rad_score", "immunoscore", "age_years", "albumin_g_l"
    ]  # fmt: skip
    assert columns["more"] == columns["refused"] == []
    client.post(step("covariates"), typed | {"candidates": ["albumin_g_l"]})
    answer = client.post(step("start"))
    with acting_as(made.statistician):
        ended = run_inline(Job.objects.get(kind="modeling.prognosis_run"))
        assert ended.state == "done", ended.problems
        run = ModelRun.objects.get(uid=ended.result["run"])
        assert run.snapshot == table
        assert run.recipe["plan"]["candidates"] == ["albumin_g_l"]
        judged = {e.cohort.name for e in run.versions.get().evaluations.all()}
        assert judged == {"training", "internal_validation"}
        with pytest.raises(DataProblem, match="as its rows were asked for"):
            prognosis_check(study, {"snapshot": str(table.uid),
                                    "endpoint": "progression_free_survival"})  # fmt: skip
