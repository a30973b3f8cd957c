"""A study with every kind of value that the study at a glance must count right."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from studies.access import acting_as
from studies.models import (
    Cohort,
    CohortMember,
    CohortRole,
    CohortUse,
    EndpointDefinition,
    EndpointValue,
    FormEntry,
    Patient,
    Treatment,
)
from studies.services import dictionary_current
from tests.people import People


def make_patients(people: People, number: int = 90, seed: int = 4) -> list[Patient]:
    """Some at each site, some withdrawn, drafts, limits, missing codes, codes of nobody's."""
    with acting_as(people.coordinator):
        draw, study = random.Random(seed), people.study
        dictionary = dictionary_current(study)
        rows = []
        for n in range(number):
            gone = n % 17 == 5
            rows.append(
                Patient(
                    study=study,
                    site=people.elsewhere if n % 3 == 0 else people.here,
                    pseudonym=f"P{n:04d}",
                    status="withdrawn" if gone else draw.choice(["enrolled", "screened"]),
                    status_reason="asked to" if gone else "",
                    partition="validation",
                )
            )
        patients = Patient.objects.bulk_create(rows)
        _cohorts(people, patients, draw)
        entries, starts, values = [], [], []
        definitions = {
            name: EndpointDefinition.objects.filter(study=study, name=name).order_by("version")
            for name in ("overall_survival", "response_at_6_months")
        }
        kept = {
            name: found.last()
            or EndpointDefinition.objects.create(study=study, name=name, version=1, rule={})
            for name, found in definitions.items()
        }
        for n, patient in enumerate(patients):
            if n % 13 != 4:
                state = "draft" if n % 19 == 6 else "complete"
                entries.append(
                    FormEntry(patient=patient, form="baseline", dictionary=dictionary,
                              values=_values(draw), state=state)
                )  # fmt: skip
            if n % 7:
                day = date(2020, 1, 1) + timedelta(days=n)
                starts.append(Treatment(patient=patient, date=day, drug="anti-PD-1"))
            if n % 5:
                values.append(_survival(patient, kept["overall_survival"], draw, "old"))
            if n % 10 == 1:
                values.append(_survival(patient, kept["overall_survival"], draw, "new"))
            if n % 4:
                label = draw.choice(["CR", "PR", "SD", "PD", ""])
                values.append(EndpointValue(patient=patient, label=label, inputs_digest="r",
                                            definition=kept["response_at_6_months"]))  # fmt: skip
        FormEntry.objects.bulk_create(entries)
        Treatment.objects.bulk_create(starts)
        EndpointValue.objects.bulk_create(values)
    return patients


def _survival(patient: Patient, definition: Any, draw: random.Random, digest: str) -> EndpointValue:
    days = None if draw.random() < 0.1 else float(draw.randint(20, 1500))
    event = None if draw.random() < 0.1 else draw.random() < 0.6
    return EndpointValue(
        patient=patient, definition=definition, duration_days=days, event=event,
        inputs_digest=digest,
    )  # fmt: skip


def _cohorts(people: People, patients: list[Patient], draw: random.Random) -> None:
    made = {
        name: Cohort.objects.create(study=people.study, name=name, role=role, use=use)
        for name, role, use in (
            ("external_phenotype", CohortRole.EXTERNAL_PHENOTYPE, CohortUse.VALIDATION),
            ("external_response", CohortRole.EXTERNAL_RESPONSE, CohortUse.VALIDATION),
            ("histology", CohortRole.HISTOLOGY, CohortUse.DESCRIPTIVE),
        )
    }
    for patient in patients:
        for cohort in made.values():
            if draw.random() < 0.45:
                CohortMember.objects.create(patient=patient, cohort=cohort, use=cohort.use)


def _values(draw: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw.random() < 0.9:
        found["age_years"] = {"v": float(draw.randint(30, 85))}
    if draw.random() < 0.8:
        found["sex"] = {"v": draw.choice(["male", "female"])}
    if draw.random() < 0.15:
        found["sex"] = {"missing": "unknown"}
    kind = draw.random()
    if kind < 0.6:
        found["cea_ng_ml"] = {"v": round(draw.lognormvariate(2, 2), 1)}
    elif kind < 0.8:
        found["cea_ng_ml"] = {"v": draw.choice([0.5, 2000.0]), "comparator": draw.choice("<>")}
    if draw.random() < 0.1:
        found["msi_status"] = {"v": "unheard_of"}
    return found
