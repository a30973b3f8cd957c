"""A prognosis from its frozen table: asked, frozen, fitted, the same whatever changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from modeling.models import DatasetSnapshot, ModelRun, ModelVersion, SavedQuestion
from modeling.prognosis_wizard import records_since
from modeling.services.frozen_files import snapshot_columns
from modeling.services.nomogram_figures import short_name
from modeling.services.plans import departures_of, plan_lock, plan_save, question_save
from modeling.services.prognosis import prognosis_run
from modeling.services.prognosis_check import prognosis_check
from modeling.services.prognosis_choice import question_asked
from modeling.services.report_content import Draft
from modeling.services.report_survival import column_title
from modeling.services.report_table2 import table2_section
from modeling.services.reproduction import version_reproduce
from modeling.services.snapshots import snapshot_freeze, snapshot_read
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.dictionary import (
    DEFAULT_DERIVED,
    DEFAULT_DICTIONARY,
    DerivedSpec,
    VariableSpec,
)
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
    VariableSpec("albumin_g_l", "Albumin", "number", "g/L", known_when="before_treatment"),
    VariableSpec("relapse_class", "Relapse", "category", codes={"a": "a", "b": "b"},
                 known_when="at_outcome"),
    VariableSpec("biopsy_on", "Biopsy", "date", known_when="before_treatment"),
    VariableSpec("toxicity", "Toxicity", "number", known_when="during_treatment"),
    VariableSpec("ldh_u_l", "LDH", "number", "U/L"),
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
    for column, why in (("relapse_class", "only at the outcome"), ("cea_ng_ml", "as a logarithm"),
                        ("died_on", "only at the outcome"), ("toxicity", "during treatment"),
                        ("ldh_u_l", "When each is known"), ("shoe_size", "shoe_size")):  # fmt: skip
        wrong = posted(made, "api:question-list", {"document": {**ASKED, "columns": [column]}})
        assert wrong.status_code == 422
        assert why in wrong.content.decode()
    saved = posted(made, "api:question-list", {"document": ASKED})
    assert saved.status_code == 201, saved.content
    use = reverse("studies:selection_use", args=[study.uid, "prognosis"])
    chosen = client.post(use, {"name": "from 60", "address": "clinical.age_years:from=60"})
    assert chosen["Location"].startswith(reverse("modeling:prognosis_new", args=[study.uid]))
    late = client.post(use, {"name": "late", "address": "clinical.died_on:from=60"}, follow=True)
    assert "something known before treatment" in late.content.decode()
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
    again = tuple(replace(one, label="Serum albumin", unit="g/dL")
                  if one.name == "albumin_g_l" else one for one in OWN)  # fmt: skip
    dictionary_create(study, (*DEFAULT_DICTIONARY, *again), "other unit", DEFAULT_DERIVED)
    for frozen in (table, version.fitting_snapshot):
        columns = {one["name"]: one for one in snapshot_columns(frozen)}
        told = columns["albumin_g_l"]
        assert (told["unit"], told["meaning"]) == ("g/L", "Albumin")
        when = {columns[name]["known_when"] for name in ("albumin_g_l", "age_years", "rad_score")}
        assert (when, columns["event"]["known_when"]) == ({"before_treatment"}, "at_outcome")
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
    assert "only at the outcome" in refused["relapse_class"]
    assert refused["relapse_class"].lower() in shown.content.decode().lower()
    typed = {"splines": [], "immunoscore": "yes", "selection": "fixed", "penalty": "none",
             "resamples": "0", "seed": "1", "go": "next"}  # fmt: skip
    refusals = ((["relapse_class"], "only at the outcome"),
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


def a_dictionary(people: People, *derived: DerivedSpec, **known: str) -> None:
    """The next one, in which variables are known as ``known`` says."""
    specs = (replace(spec, known_when=known.get(spec.name, spec.known_when))
             for spec in (*DEFAULT_DICTIONARY, *OWN))  # fmt: skip
    dictionary_create(people.study, tuple(specs), "other", (*DEFAULT_DERIVED, *derived))


def baseline_of(people: People) -> list[FormEntry]:
    training = CohortMember.objects.filter(study=people.study, cohort__role="training")
    rows = FormEntry.objects.filter(patient__in=training.values("patient")).order_by("patient_id")
    return list(rows.select_related("patient"))


def known_late_by_now(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    a_dictionary(people, albumin_g_l="at_outcome")
    return {"snapshot": frozen}, "albumin_g_l: known only at the outcome"


def of_a_question_saved_before(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    a_dictionary(people, albumin_g_l="at_outcome")
    saved = str(SavedQuestion.objects.get(study=people.study).uid)
    return {"question": saved}, "albumin_g_l: known only at the outcome"


def of_the_paper_and_known_late(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    a_dictionary(people, cea_ng_ml="during_treatment")
    return {"candidates": ["age_years", "log2_cea"]}, "log2_cea: known only during treatment"


def nobody_has_said(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    a_dictionary(people, albumin_g_l="")
    return {"candidates": ["albumin_g_l"]}, "does not say when it is known"


def dated_after(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    """Said to be of before treatment, and dated after it began in one patient."""
    wait = DerivedSpec("wait_days", "Wait", "days_between(biopsy_on, treatment_started_on)")
    a_dictionary(people, wait)
    entries = baseline_of(people)
    for n, entry in enumerate(entries):
        start = date.fromisoformat(entry.values["treatment_started_on"]["v"])
        day = start + timedelta(days=9 if n == 4 else -(n * 7 % 30))
        entry.values["biopsy_on"] = {"v": day.isoformat(), "precision": "day"}
    FormEntry.objects.bulk_update(entries, ["values"])
    return {"candidates": ["wait_days"]}, f"in 1 patients: {entries[4].patient.pseudonym}"


def classes_of_survival(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    days = dict(EndpointValue.objects.filter(definition__name="overall_survival")
                .values_list("patient_id", "duration_days"))  # fmt: skip
    cuts = np.quantile(list(days.values()), [0.25, 0.5, 0.75])
    entries = baseline_of(people)
    for entry in entries:
        entry.values["albumin_g_l"] = {"v": float(np.digitize(days[entry.patient_id], cuts))}
    FormEntry.objects.bulk_update(entries, ["values"])
    return {"candidates": ["albumin_g_l"]}, "albumin_g_l tells who fails first"


def moved_since(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    moved = baseline_of(people)[5].patient
    validating = Cohort.objects.get(study=people.study, role="internal_validation")
    CohortMember.objects.filter(patient=moved).delete()
    Patient.objects.filter(pk=moved.pk).update(partition="validation")
    CohortMember.objects.create(patient=moved, cohort=validating, use="validation")
    return {"snapshot": frozen}, f"who validate today: {moved.pseudonym}"


def one_person_twice(people: People, frozen: str) -> tuple[dict[str, Any], str]:
    one, other = baseline_of(people)[6:8]
    for name in ("cea_ng_ml", "ca199_u_ml", "ca125_u_ml", "albumin_g_l"):
        one.values[name] = other.values[name] = {"v": 17.0 + 0.001 * len(name)}
    FormEntry.objects.bulk_update([one, other], ["values"])
    names = sorted((one.patient.pseudonym, other.patient.pseudonym))
    asked = ["log2_cea", "log2_ca199", "log2_ca125", "albumin_g_l"]
    return {"candidates": asked}, f"rare values for {', '.join(names)}"


PLANTED = (
    known_late_by_now, of_a_question_saved_before, of_the_paper_and_known_late, nobody_has_said,
    dated_after, classes_of_survival, moved_since, one_person_twice,
)  # fmt: skip


def test_each_planted_leak_stops_a_prognosis_by_check_and_by_job(made: People) -> None:
    """Through the API, on rows as they stand and on rows frozen before; each undone again."""
    study, client = made.study, Client()
    client.force_login(made.statistician)
    saved = question_save(study, made.statistician, ASKED)
    frozen = str(snapshot_freeze(study, question_asked(study, saved).document()).uid)
    for plant in PLANTED:
        before = transaction.savepoint()
        with acting_as(made.statistician):
            asked, said = plant(made, frozen)
        asked = {**FIXED, **asked}
        answer = posted(made, "api:run-prognosis-check", asked).json()
        assert not answer.get("passed"), plant.__name__
        assert said in str(answer), plant.__name__
        params = {name: ",".join(told) if isinstance(told, list) else told
                  for name, told in asked.items()}  # fmt: skip
        job = posted(made, "api:job-list", {"kind": "modeling.prognosis_run", "params": params})
        with acting_as(made.statistician):
            done = run_inline(Job.objects.get(uid=job.json()["uid"]))
            assert (done.state, said in str(done.problems)) == ("failed", True), plant.__name__
            assert not ModelRun.objects.filter(kind="prognosis").exists()
        transaction.savepoint_rollback(before)
    usual = transaction.savepoint()
    with acting_as(made.statistician):
        a_dictionary(made, cea_ng_ml="during_treatment")
        told = prognosis_check(study, FIXED)
    assert "log2_cea" not in {one["name"] for one in told["covariates"]}
    assert "usual_column_not_offered" in {one["code"] for one in told["notices"]}
    transaction.savepoint_rollback(usual)
