"""Who meets the criteria and why not; boxes that add up; a summary that the database keeps."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from studies import completeness, eligibility, registry
from studies.access import acting_as
from studies.attrition_figure import draw
from studies.methods.attrition import count_attrition
from studies.methods.eligibility import (
    DEFAULT_CRITERIA,
    Criterion,
    PatientFacts,
    evaluate_eligibility,
    overall_eligibility,
    read_criteria,
)
from studies.methods.problems import DataProblem
from studies.methods.wording import say
from studies.models import (
    Completeness,
    Consent,
    EndpointDefinition,
    EndpointValue,
    FormEntry,
    Patient,
)
from studies.services import eligibility_change, eligibility_override, endpoint_definition
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study

AGE = Criterion("age", "Age", "range", "age_years", 18, 75)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ({"v": 18}, "met"),
        ({"v": 75.0}, "met"),
        ({"v": 76}, "not_met"),
        ({"v": 17.9}, "not_met"),
        (None, "unknown"),
        ({"missing": "not_done"}, "unknown"),
        ({"v": 18, "comparator": "<"}, "not_met"),
        ({"v": 75, "comparator": ">"}, "not_met"),
        ({"v": 75, "comparator": ">="}, "unknown"),
        ({"v": 60, "comparator": "<"}, "unknown"),
        ({"v": 60, "comparator": ">"}, "unknown"),
    ],
)
def test_a_number_within_limits(value: dict[str, Any] | None, verdict: str):
    values = {"age_years": value} if value else {}
    (found,) = evaluate_eligibility([AGE], PatientFacts(values, (), ()))
    assert found.verdict == verdict


@pytest.mark.parametrize(("comparator", "verdict"), [("<", "met"), (">", "unknown")])
def test_a_limit_on_one_side_takes_a_comparator(comparator: str, verdict: str):
    criterion = Criterion("crp", "CRP", "range", "crp", maximum=50)
    facts = PatientFacts({"crp": {"v": 20, "comparator": comparator}}, (), ())
    assert evaluate_eligibility([criterion], facts)[0].verdict == verdict


GOOD = {
    "age_years": {"v": 61},
    "other_active_malignancy": {"v": "no"},
    "severe_organ_dysfunction": {"v": "no"},
}
DATA = ("baseline_petct", "pet", "ct", "roi", "rna")


def findings(**changes: Any) -> dict[str, Any]:
    facts = {"values": GOOD, "present": DATA, "scopes": ("imaging", "genomics"),
             "roles": ("training",)}  # fmt: skip
    found = evaluate_eligibility(DEFAULT_CRITERIA, PatientFacts(**{**facts, **changes}))
    return {"overall": overall_eligibility(found), **{f.key: f for f in found}}


def test_the_default_criteria_by_role():
    assert findings()["overall"] == "eligible"
    without_rna = findings(present=DATA[:-1])
    assert without_rna["role_data"].reason == "not there: rna"
    assert findings(present=(*DATA[:-1], "response"), roles=("external_response",))["overall"] == (
        "eligible"
    )
    assert findings(scopes=("imaging",))["consent"].verdict == "not_met"
    assert findings(scopes=(), consent_waived="on paper")["consent"].verdict == "met"
    unknown = findings(values={**GOOD, "other_active_malignancy": {"missing": "unknown"}})
    assert unknown["overall"] == "undetermined"
    old = {**GOOD, "age_years": {"v": 81}}
    assert findings(values=old)["overall"] == "not_eligible"
    overridden = findings(values=old, overrides={"age": "amendment 2"})
    assert overridden["overall"] == "eligible"
    assert (overridden["age"].verdict, overridden["age"].overridden) == ("not_met", "amendment 2")


def test_criteria_survive_json():
    assert read_criteria([c.as_dict() for c in DEFAULT_CRITERIA]) == DEFAULT_CRITERIA
    with pytest.raises(ValueError, match="each key once"):
        read_criteria([AGE.as_dict(), AGE.as_dict()])


STEPS = (("a", "A"), ("b", "B"), ("c", "C"))
LACKING = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "why", "other"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LACKING, st.sets(st.sampled_from("abc"))), max_size=12))
def test_the_boxes_add_up(people: list[tuple[dict[str, str], set[str]]]):
    """Each box is the one above less those it left out; the order of patients does not matter."""
    lacking, required = [p[0] for p in people], [p[1] for p in people]
    boxes = count_attrition(STEPS, lacking, required)
    assert boxes[0].remaining == len(people)
    for above, box in pairwise(boxes):
        assert box.remaining == above.remaining - sum(n for _, n in box.left_out)
        assert box.has == sum(not reasons.get(box.key) for reasons in lacking)
        unasked = [i for i, keys in enumerate(required) if box.key not in keys]
        assert box.not_asked <= sum(bool(lacking[i].get(box.key)) for i in unasked)
        assert box.having <= box.has
    assert count_attrition(STEPS, lacking[::-1], required[::-1]) == boxes


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy, as_coordinator: People) -> MadeStudy:
    return begun.made


def present(patient: Patient) -> set[str]:
    return set(Completeness.objects.get(patient=patient).present)


def test_the_summary_follows_every_write(people: People, made: MadeStudy):
    """Created, changed and deleted, through the ORM, in bulk and in plain SQL."""
    who = made.here
    assert present(who) == {"clinical"}
    consent = Consent.objects.create(patient=who, scope="imaging", date=date(2020, 1, 1))
    assert present(who) == {"clinical", "consent"}
    consent.withdrawn_on = date(2020, 2, 1)
    consent.save()
    assert present(who) == {"clinical"}
    definition = endpoint_definition(people.study, "overall_survival")
    EndpointValue.objects.bulk_create(
        [EndpointValue(patient=p, definition=definition, duration_days=9, event=True)
         for p in (made.here, made.elsewhere)]
    )  # fmt: skip
    assert present(made.elsewhere) == {"clinical", "outcome"}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE studies_endpointvalue SET duration_days = NULL WHERE patient_id = %s", [who.pk]
        )
    assert present(who) == {"clinical"}
    FormEntry.objects.filter(patient=who).update(state="draft")
    assert present(who) == set()
    FormEntry.objects.filter(patient=who).delete()
    assert present(who) == set()


def test_a_withdrawn_consent_is_a_gap_until_it_is_given_again(people: People, made: MadeStudy):
    """Everybody consents to imaging; sharing is nobody's duty."""
    who, day = made.here, date(2020, 1, 5)

    def of(scope: str, **more: Any) -> Consent:
        return Consent.objects.create(patient=who, scope=scope, precision="day", **more)

    of("sharing", date=day)
    genomics = of("genomics", date=day)
    assert "consent" not in present(who)
    of("imaging", date=day)
    assert "consent" in present(who)
    Consent.objects.filter(patient=who, scope="sharing").update(withdrawn_on=day)
    assert "consent" in present(who)
    genomics.withdrawn_on = day
    genomics.save()
    assert "consent" not in present(who)
    of("genomics", date=date(2021, 1, 5))
    assert "consent" in present(who)


def test_a_value_that_was_overtaken_is_not_there(people: People, made: MadeStudy):
    """By a newer fact under the same rule, and by a newer rule."""
    who, first = made.here, endpoint_definition(people.study, "response_at_6_months")
    EndpointValue.objects.create(patient=who, definition=first, label="PR", inputs_digest="1")
    assert "response" in present(who)
    taken = EndpointValue.objects.create(patient=who, definition=first, inputs_digest="2")
    assert "response" not in present(who)
    taken.delete()
    assert "response" in present(who)
    second = EndpointDefinition.objects.create(
        study=people.study, name=first.name, version=2, rule=first.rule
    )
    EndpointValue.objects.create(patient=who, definition=second, inputs_digest="3")
    assert "response" not in present(who)


def test_every_registered_column_has_its_triggers(db: None):
    """Made by ``migrate``; a column that changed would be made anew."""
    with connection.cursor() as cursor:
        cursor.execute(completeness.FOUND)
        found = {name for name, _, _ in cursor.fetchall()}
    wanted = {
        f"{completeness.PREFIX}{column.key}_{event.lower()}"
        for column in registry.completeness_columns()
        for event in completeness.EVENTS
    }
    assert found == wanted


def test_an_override_needs_a_reason_and_can_be_taken_back(people: People, made: MadeStudy):
    user, who = people.coordinator, made.here

    def of(key: str) -> Any:
        (row,) = eligibility.evaluated(people.study, [who])
        return next(f for f in row.findings if f.key == key)

    with pytest.raises(DataProblem):
        eligibility_override(who, user, "malignancy", " ")
    with pytest.raises(DataProblem):
        eligibility_override(who, user, "consent", "we asked")
    eligibility_override(who, user, "malignancy", "in remission since 2010")
    assert of("malignancy").passes
    eligibility_override(who, user, "malignancy", "it came back", granted=False)
    assert not of("malignancy").passes


def test_a_criterion_of_the_studys_own_is_said_as_it_is_written():
    for title in ("Grade {G1}, not {G3}", "No other active malignancy"):
        told = eligibility.criterion_wording(title)
        assert str(say("{criterion}: not met", criterion=told)) == f"{title}: not met"
    assert str(eligibility.criterion_wording("Age 18-75 years")) == "Age 18-75 years"


def test_a_change_of_criteria_is_a_version(people: People, made: MadeStudy):
    with acting_as(people.administrator):
        criteria = [c for c in DEFAULT_CRITERIA if c.key == "age"]
        first = eligibility_change(people.study, people.administrator, criteria, "amendment 1")
        again = eligibility_change(people.study, people.administrator, criteria, "the same")
        assert (first.number, again.pk) == (1, first.pk)
        (row,) = eligibility.evaluated(people.study, [made.here])
        assert [finding.key for finding in row.findings] == ["age"]
        assert row.overall == "eligible"
        wrong = [Criterion("age", "Age", "range", "age_years", 80, 18)]
        with pytest.raises(DataProblem):
            eligibility_change(people.study, people.administrator, wrong, "")


def test_the_diagram_tells_the_analysed_who_pass_not_all(
    people: People, made: MadeStudy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(registry.patients._facts, "analysed", lambda study: {made.here.pk: True})
    found = eligibility.attrition(people.coordinator, people.study, made.cohort)
    assert [step.remaining for step in found.steps][:2] == [2, 0]
    assert found.beside == 1
    drawn = draw(found)
    assert len(drawn.boxes) == len(found.steps)
    steps = (("rna", "RNA-seq"),)
    lacking = [{}, {}, {"rna": "no RNA-seq"}, {"rna": "no RNA-seq"}, {"rna": "no RNA-seq"}]
    counted = count_attrition(steps, lacking, [{"rna"}, set(), {"rna"}, set(), set()])
    said = [text for _, text, _ in draw(eligibility.Attrition("all", counted, 0)).boxes[1].lines]
    assert said == ["RNA-seq", "where the cohort's role asks for it", "n = 4", "2 have it",
                    "2 were not asked for it"]  # fmt: skip
    assert all(box.bottom <= drawn.height for box in (*drawn.boxes, *drawn.sides))
