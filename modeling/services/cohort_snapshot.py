"""Freezing what describes the cohorts: everybody, whether or not anything is known of them."""

from __future__ import annotations

import pandas as pd
from django.db import transaction
from django.utils import timezone

from modeling.methods.snapshot_table import digest_table, write_snapshot_table
from modeling.models import DatasetSnapshot, SnapshotMember
from modeling.selectors import cohorts_now
from modeling.services.numbering import next_number
from modeling.services.prognosis_endpoints import ENDPOINTS
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Job, Patient, Study
from studies.registry import facts
from studies.selectors import clinical_table, endpoint_table, members_left_out, members_table
from studies.services import derivation_record, file_store, file_use, inputs_digest
from studies.table_one import table_one_columns, table_one_rows

KEY = ("cohort", "pseudonym")
CLINICAL = ("sex", "age_years", "primary_site")
RESPONSE = "response_at_6_months"
SLIDES = ("immunoscore", "cd3_high", "cd8_high", "cd3_per_mm2", "cd8_per_mm2")
TABLE_ONE = "t1_"  # what Table 1 describes, beside the columns that have a name of their own
QUESTION = {
    "purpose": "cohorts",
    "columns": [*CLINICAL, "response at 6 months", *ENDPOINTS, *SLIDES, "all of Table 1"],
    "missing": "kept",
}


def cohorts_freeze(study: Study, job: Job | None = None) -> DatasetSnapshot:
    """Every member of every cohort, gaps left as gaps; the same rows give the same snapshot.

    Raises
    ------
    DataProblem
        No cohort with a patient in it.
    """
    members = members_table(study)
    if members.empty:
        raise refuse("cohorts", say("nobody in a cohort"), "patients in cohorts",
                     "Import a cohort table.")  # fmt: skip
    table, parents = _table(study, members)
    data = write_snapshot_table(table, KEY)
    sha256 = digest_table(data)
    listed = pd.concat([members.assign(reason=""), members_left_out(study)])
    cohorts = cohorts_now(study, listed["cohort"])
    digest = inputs_digest(QUESTION, cohorts, sha256)
    with transaction.atomic():
        number = next_number(DatasetSnapshot, study)
        earlier = DatasetSnapshot.objects.filter(study=study, inputs_digest=digest).first()
        if earlier is not None:
            return earlier
        snapshot = DatasetSnapshot.objects.create(
            study=study,
            number=number,
            question=QUESTION,
            targets={},
            cohorts=cohorts,
            table=file_store(study, data, "snapshot", f"snapshot-{sha256[:12]}.parquet"),
            sha256=sha256,
            columns=sorted(set(table.columns) - set(KEY)),
            frozen_at=timezone.now(),
            produced_by=job,
            inputs_digest=digest,
        )
        file_use(snapshot.table, snapshot)
        patients = Patient.objects.in_bulk(listed["patient_id"].tolist())
        SnapshotMember.objects.bulk_create(
            SnapshotMember(
                snapshot=snapshot,
                patient=patients[row.patient_id],
                cohort_id=row.cohort_id,
                pseudonym=row.pseudonym,
                included=not row.reason,
                reason=row.reason,
            )
            for row in listed.itertuples()
        )
        derivation_record(study, parents, sha256, job)
    return snapshot


def _table(study: Study, members: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows, and the digests of the endpoints in them."""
    patients = members["patient_id"]
    clinical = clinical_table(study).reindex(columns=list(CLINICAL)).reindex(patients)
    response = endpoint_table(study, RESPONSE).reindex(patients)
    columns = {
        **{name: members[name] for name in KEY},
        "sex": clinical["sex"],
        "age_years": pd.to_numeric(clinical["age_years"], errors="coerce").astype(float),
        "primary_site": clinical["primary_site"],
        "response": response["label"],
    }
    found = [response]
    for name in ENDPOINTS:
        follow_up = endpoint_table(study, name).reindex(patients)
        columns[f"{name}_days"] = follow_up["duration_days"].astype(float)
        columns[f"{name}_event"] = follow_up["event"].astype("boolean").astype(float)
        found.append(follow_up)
    columns |= _slides(study, patients)
    columns |= _table_one(study, members)
    parents = {str(digest) for rows in found for digest in rows["inputs_digest"].dropna()}
    scored = facts("immunoscore_digest", study)
    parents |= {scored[patient] for patient in patients if patient in scored}
    table = pd.DataFrame({name: list(values) for name, values in columns.items()})
    return table, sorted(parents)


def _slides(study: Study, patients: pd.Series) -> dict[str, pd.Series]:
    """Immunoscore, the two markers' readings, and their mean densities; gaps are missing."""
    found: dict[str, dict[int, float]] = {
        name: {patient: float(value) for patient, value in facts(name, study).items()}
        for name in ("immunoscore", "cd3_high", "cd8_high")
    }
    densities = facts("marker_densities", study)
    for marker in ("CD3", "CD8"):
        name = f"{marker.lower()}_per_mm2"
        found[name] = {p: values[marker] for p, values in densities.items() if marker in values}
    return {name: patients.map(found[name]).astype(float) for name in SLIDES}


def _table_one(study: Study, members: pd.DataFrame) -> dict[str, pd.Series]:
    """Numbers as numbers, levels as text; a column that nobody has a value of is left out."""
    rows = table_one_rows(study).set_index(["cohort_id", "patient_id"])
    rows = rows.reindex(pd.MultiIndex.from_frame(members[["cohort_id", "patient_id"]]))
    found: dict[str, pd.Series] = {}
    for column in table_one_columns(study):
        if column.kind == "survival":
            found[f"{column.name}_duration"] = rows[f"{column.name}_duration"].astype(float)
            found[f"{column.name}_event"] = rows[f"{column.name}_event"].astype(float)
        elif column.kind == "number":
            found[column.name] = pd.to_numeric(rows[column.name], errors="coerce").astype(float)
        else:
            found[column.name] = rows[column.name].map(str, na_action="ignore").astype(object)
    known = {name: values for name, values in found.items() if values.notna().any()}
    return {f"{TABLE_ONE}{name}": values for name, values in known.items()}
