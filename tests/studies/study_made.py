"""A small study through the ORM, with a patient at each site, for the tests of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from studies.access import acting_as
from studies.models import (
    Cohort,
    CohortMember,
    CohortRole,
    CohortUse,
    Death,
    DictionaryVersion,
    Export,
    FormEntry,
    ImportBatch,
    Job,
    Membership,
    Patient,
    Query,
    Treatment,
    Variable,
)
from studies.services import (
    batch_job,
    batch_receive,
    dictionary_current,
    export_start,
    query_raise,
)
from tests.people import People

ENTRY: dict[str, dict[str, object]] = {
    "entry": {},
    "entry_check": {},
    "entry_row": {"kind": "contact"},
    "entry_state": {},
    "query_new": {},
    "field_history": {"field": "age_years"},
}


@dataclass(frozen=True)
class MadeStudy:
    cohort: Cohort
    here: Patient
    elsewhere: Patient
    batch: ImportBatch
    job: Job
    membership: Membership
    dictionary: DictionaryVersion
    variable: Variable
    query: Query
    export: Export

    def address(self, name: str) -> dict[str, object]:
        """What a URL of that name takes beside the study."""
        named = {
            "patient": {"patient_uid": self.here.uid},
            "upload": {"kind": "cohort_table"},
            "upload_discard": {"upload_uid": self.job.uid},
            "action": {"kind": "no.such_step"},
            "selection_use": {"key": "no-such-use"},
            "selection_retire": {"selection_uid": self.job.uid},
            "endpoint": {"name": "overall_survival"},
            "endpoint_new": {"kind": "time_to_progression"},
            "endpoint_standing": {"name": "overall_survival"},
            "view_drop": {"view_uid": self.job.uid},
            "drawn": {"page": "nothing"},
            "drawn_of": {"page": "nothing", "subject": "1"},
            "drawn_figure": {"drawing_uid": self.job.uid, "key": "a", "form": "svg"},
            "membership": {"membership_uid": self.membership.uid},
            "participation": {"patient_uid": self.here.uid},
            "patient_step": {"patient_uid": self.here.uid, "step": "status"},
            "cohort": {"cohort_uid": self.cohort.uid},
            "cohort_step": {"cohort_uid": self.cohort.uid, "step": "freeze"},
            "membership_end": {"membership_uid": self.membership.uid},
        }
        if name.startswith(("table_one", "table_check")):
            return {}
        if name == "dictionary_propose" or name.startswith(("batch", "table_")):
            return {"batch_uid": self.batch.uid}
        if name.startswith("dictionary_") or name in ("dictionary", "variable_new"):
            return self._of_dictionary(name)
        if name in ("variable", "variable_change"):
            found = {"variable_uid": self.variable.uid}
            found |= {"change": "up"} if name == "variable_change" else {}
            return {"dictionary_uid": self.dictionary.uid, **found}
        if name in ENTRY:
            found = {"patient_uid": self.here.uid, "form": "baseline"}
            return {**found, **ENTRY[name]}
        if name == "export_file":
            return {"export_uid": self.export.uid}
        if name == "query":
            return {"query_uid": self.query.uid}
        if name.startswith("job") and not name.startswith("jobs"):
            return {"job_uid": self.job.uid}
        return named.get(name, {})

    def _of_dictionary(self, name: str) -> dict[str, object]:
        found: dict[str, object] = {"dictionary_uid": self.dictionary.uid}
        if name == "dictionary_compare":
            found["other_uid"] = self.dictionary.uid
        if name == "dictionary_template":
            found["kind"] = "xlsx"
        if name == "variable_new":
            found["kind"] = "variable"
        return {} if name == "dictionary_draft" else found


@dataclass(frozen=True)
class WithStudy:
    people: People
    made: MadeStudy


def with_study(people: People, patch: object) -> WithStudy:
    """``make_study`` for ``begun_by``."""
    return WithStudy(people, make_study(people))


def make_study(people: People) -> MadeStudy:
    with acting_as(people.coordinator):
        dictionary = dictionary_current(people.study)
        cohort = Cohort.objects.create(
            study=people.study,
            name="training",
            role=CohortRole.TRAINING,
            use=CohortUse.DEVELOPMENT,
        )
        here = make_patient(people, cohort, dictionary, "N-001")
        elsewhere = make_patient(people, cohort, dictionary, "S-001")
        batch = batch_receive(people.study, people.coordinator, "cohort_table", b"a,b\n", "c.csv")
        job = batch_job(batch)
        query = query_raise(here, people.coordinator, "Is it 61?", field="age_years")
        export, _ = export_start(people.study, people.coordinator)
        colleague = Membership.objects.get(study=people.study, user=people.colleague)
        variable = dictionary.variables.all()[0]
    assert job is not None
    return MadeStudy(
        cohort, here, elsewhere, batch, job, colleague, dictionary, variable, query, export
    )


def make_patient(
    people: People, cohort: Cohort, dictionary: DictionaryVersion, pseudonym: str
) -> Patient:
    """At North when the pseudonym begins with N, else at South."""
    site = people.here if pseudonym.startswith("N") else people.elsewhere
    patient = Patient.objects.create(
        study=people.study, site=site, pseudonym=pseudonym, partition=cohort.use
    )
    CohortMember.objects.create(patient=patient, cohort=cohort, use=cohort.use)
    values = {
        "sex": {"v": "female"},
        "age_years": {"v": 61.0},
        "cea_ng_ml": {"missing": "not_done"},
        "treatment_started_on": {"v": "2020-03-01"},
    }
    FormEntry.objects.create(
        patient=patient, form="baseline", dictionary=dictionary, values=values, source_row=2
    )
    Treatment.objects.create(patient=patient, date=date(2020, 3, 1), drug="anti-PD-1", line=2)
    Death.objects.create(patient=patient, date=date(2021, 3, 1))
    return patient
