"""Freezing the rows of a question: who is in, who is out and why, and the digest of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from modeling.methods.question import outside_reasons
from modeling.methods.snapshot_table import (
    digest_table,
    read_snapshot_table,
    write_snapshot_table,
)
from modeling.methods.table_comparison import TableComparison, compare_tables
from modeling.models import DatasetSnapshot, SavedQuestion, SnapshotMember
from modeling.selectors import (
    Given,
    RadScoreRows,
    cohorts_now,
    inputs_read,
    is_development,
    names_since,
    parents_of,
    rad_score_rows,
    targets_of,
    unjudged_reasons,
)
from modeling.services import prognosis_question as prognosis
from modeling.services.numbering import next_number
from modeling.services.prognosis_rows import PrognosisRows
from studies import consents
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import named, say, say_number
from studies.models import Job, Patient, Study
from studies.services import derivation_record, file_read, file_store, file_use, inputs_digest

KEY = ("cohort", "pseudonym")
Rows = RadScoreRows | PrognosisRows
LEFT_OUT_OF_TABLE = ("patient_id", "cohort_id", "reason")
SMALLEST_JUDGED = 2


def rad_score_question(
    missing: str = "complete_case", saved: SavedQuestion | None = None
) -> dict[str, Any]:
    """What the Rad-Score asks of the study, narrowed by a saved question when there is one."""
    narrowed = {} if saved is None else {"saved": str(saved), "asks": saved.document}
    return {
        **narrowed,
        "purpose": "rad_score",
        "columns": ["features of PET and CT", "phenotype", "response at 6 months", "uptake"],
        "missing": missing,
    }


def snapshot_freeze(
    study: Study, question: dict[str, Any] | None = None, job: Job | None = None
) -> DatasetSnapshot:
    """The frozen table of a question; the same rows again give the same snapshot.

    Raises
    ------
    DataProblem
        Nobody complete in the cohort that is fitted to, or (of a Rad-Score) one class only.
    """
    question = question or rad_score_question()
    rows = question_rows(study, question)
    _kind_of(question).check(rows.table)
    return snapshot_of_rows(study, question, rows, job)


def question_rows(
    study: Study, question: Mapping[str, Any], given: Mapping[str, Given] | None = None
) -> Rows:
    """Everybody whom a question asks about as the records stand now: in, or out with the reason.

    Raises
    ------
    DataProblem
        A cohort or feature that is not there.
    """
    if question["purpose"] == prognosis.PURPOSE:
        return prognosis_question_rows(study, question)
    return rad_score_question_rows(study, question, given)


def prognosis_question_rows(study: Study, question: Mapping[str, Any]) -> PrognosisRows:
    """As ``question_rows``, of a prognosis."""
    wide = prognosis.prognosis_table(study, question)
    _leave_out(wide.table, question["filters"])
    return prognosis.narrowed(wide, question)


def rad_score_question_rows(
    study: Study, question: Mapping[str, Any], given: Mapping[str, Given] | None = None
) -> RadScoreRows:
    """As ``question_rows``, of a Rad-Score."""
    asks, missing = question.get("asks", {}), question["missing"] == "median_in_fold"
    asked = asks.get("cohorts"), asks.get("features")
    rows = rad_score_rows(study, missing, *asked, given=given)
    _leave_out(rows.table, asks.get("filters", []))
    return rows


def still_given(snapshots: Sequence[DatasetSnapshot]) -> set[int]:
    """Keys of those whose question, asked now, has the same rows made of the same inputs.

    Asked by who sees all sites.
    """
    kept = [row for row in snapshots if row.not_reproducible_since is None]
    of_images = [row for row in kept if row.question["purpose"] != prognosis.PURPOSE]
    given = inputs_read(of_images[0].study) if of_images else {}
    return {row.pk for row in kept if _is_still_given(row, given)}


def _is_still_given(snapshot: DatasetSnapshot, given: Mapping[str, Given]) -> bool:
    try:
        rows = question_rows(snapshot.study, snapshot.question, given)
    except DataProblem:
        return False  # a cohort or a column is no longer there
    known = {*rows.parents, *rows.agreeing}
    included = rows.table[rows.table["reason"] == ""]
    if not parents_of(snapshot) <= known or not set(snapshot.columns) <= set(included.columns):
        return False
    return not included.empty and _holds_the_same(snapshot, included[snapshot.columns])


def rows_since(snapshot: DatasetSnapshot) -> TableComparison | None:
    """The frozen rows beside those that the question has now; None where it cannot be asked."""
    try:
        rows = question_rows(snapshot.study, snapshot.question)
    except DataProblem:
        return None
    included = rows.table[rows.table["reason"] == ""]
    return compare_tables(rows_by_todays_names(snapshot), included[snapshot.columns], KEY)


def prognosis_rows_frozen(snapshot: DatasetSnapshot) -> PrognosisRows:
    """The rows of a frozen table of a prognosis, and who is out and why.

    Raises
    ------
    DataProblem
        As ``snapshot_read``.
    """
    return prognosis.rows_as_frozen(snapshot, snapshot_read(snapshot))


def snapshot_permit(snapshot: DatasetSnapshot) -> None:
    """Before something new is fitted to frozen rows: everybody in them may be used today.

    Raises
    ------
    DataProblem
        Who has withdrawn, is excluded or has ended a consent since, counted by the reason.
    """
    members = set(snapshot.members.filter(included=True).values_list("patient_id", flat=True))
    gone: dict[int, str] = {}
    for scope in _scopes_of(snapshot.question):
        gone = consents.refusals(snapshot.study, scope) | gone
    counts = Counter(gone[patient] for patient in members & set(gone))
    if counts:
        raise DataProblem(
            [
                Problem(
                    str(snapshot), say("{reason} ({n})", reason=say(reason), n=n),
                    say("patients whose data may be used"),
                    "Freeze the question anew: the new table is without them.", column="snapshot",
                )
                for reason, n in sorted(counts.items())
            ]
        )  # fmt: skip


def _scopes_of(question: Mapping[str, Any]) -> list[str]:
    """Consents that the columns of a frozen table rest on; the one to any use first."""
    if question["purpose"] != prognosis.PURPOSE:
        return [consents.ANY, consents.IMAGING]
    columns = set(prognosis.asked_columns(question))
    return [
        consents.ANY,
        *([consents.IMAGING] if columns & {"suv_max", "log2_mtv"} else []),
        *([consents.GENOMICS] if "immunoscore" in columns else []),
    ]


def _holds_the_same(snapshot: DatasetSnapshot, rows: pd.DataFrame) -> bool:
    """By the digest, or, where another pyarrow wrote other bytes, value by value."""
    data = write_snapshot_table(rows, KEY)
    if digest_table(data) == snapshot.sha256:
        return True
    found = compare_tables(rows_by_todays_names(snapshot), read_snapshot_table(data), KEY)
    return not (found.rows_in or found.rows_out or found.changed)


def snapshot_of_rows(
    study: Study, question: dict[str, Any], rows: Rows, job: Job | None = None
) -> DatasetSnapshot:
    """The frozen table of rows as they were read; the same rows again give the same snapshot."""
    included = rows.table[rows.table["reason"] == ""]
    data = write_snapshot_table(included.drop(columns=list(LEFT_OUT_OF_TABLE)), KEY)
    sha256, targets = digest_table(data), _kind_of(question).targets(question, rows.table)
    left_out = rows.table.loc[rows.table["reason"] != "", [*KEY, "reason"]]
    digest = inputs_digest(question, targets, sha256, sorted(left_out.agg("|".join, axis=1)))
    earlier = DatasetSnapshot.objects.filter(study=study, inputs_digest=digest).first()
    if earlier is not None and earlier.not_reproducible_since is None:
        return earlier
    return _write(study, question, rows, data, sha256, digest, job)


def _leave_out(table: pd.DataFrame, filters: list[dict[str, Any]]) -> None:
    """Whom the filters leave out stays listed, with that reason before any other."""
    rows = table
    if any(rule["variable"] == "patient" for rule in filters):
        known = Patient.objects.filter(pk__in=set(table["patient_id"]))
        uids = {pk: str(uid) for pk, uid in known.values_list("pk", "uid")}
        rows = table.assign(patient=table["patient_id"].map(uids))
    for row, said in enumerate(outside_reasons(rows, filters)):
        if said:
            earlier = table.at[row, "reason"]
            table.at[row, "reason"] = "; ".join(filter(None, (said, earlier)))


def snapshot_read(snapshot: DatasetSnapshot) -> pd.DataFrame:
    """The frozen rows, as ``snapshot_bytes`` gives them."""
    return read_snapshot_table(snapshot_bytes(snapshot))


def rows_by_todays_names(snapshot: DatasetSnapshot) -> pd.DataFrame:
    """The frozen rows under the pseudonyms of today: to set them beside others, never to compute.

    Folds and the order of rows go by the pseudonyms that were frozen.
    """
    rows, names = snapshot_read(snapshot), names_since(snapshot)
    return rows.assign(pseudonym=[names.get(name, name) for name in rows["pseudonym"]])


def snapshot_bytes(snapshot: DatasetSnapshot) -> bytes:
    """The frozen Parquet; the digest of the bytes is checked against the snapshot's own.

    Raises
    ------
    DataProblem
        The bytes are gone or are not those that were frozen.
    """
    if snapshot.not_reproducible_since is not None:
        raise refuse(
            str(snapshot),
            say(
                "rows removed on {day}",
                day=snapshot.not_reproducible_since.date().isoformat(),
            ),
            "all rows",
            "A patient of it was withdrawn: freeze a new table.",
        )
    data = file_read(snapshot.table)
    if digest_table(data) != snapshot.sha256:
        raise refuse(
            str(snapshot),
            say("sha256 {digest_table}", digest_table=digest_table(data)),
            say("sha256 {sha256}", sha256=snapshot.sha256),
            "The table is not the one that was frozen: restore it from a backup.",
        )
    return data


def _check(table: pd.DataFrame) -> None:
    """There must be somebody to fit to, and two kinds of them."""
    fitting = table[is_development(table)]
    if fitting.empty:
        raise refuse("snapshot", say("nobody in a development cohort"), "a training cohort",
                     "Import a cohort table with a training cohort.")  # fmt: skip
    complete = fitting[fitting["reason"] == ""]
    if complete.empty:
        raise DataProblem(
            [
                Problem(
                    say("frozen table, {cohort}", cohort=named(cohort)),
                    say(
                        "nobody complete: {count} patients with {reason}",
                        count=count,
                        reason=say(reason),
                    ),
                    "patients with features and phenotype",
                    "Finish the steps before this one.",
                )
                for (cohort, reason), count in fitting.groupby(["cohort", "reason"]).size().items()
            ]
        )
    if complete["target_rna"].nunique() < 2:
        only = "hot" if complete["target_rna"].iloc[0] == 1 else "cold"
        raise refuse(
            "frozen table, training",
            say("all {n} patients are {only}", n=len(complete), only=only),
            "hot and cold patients",
            "One class teaches nothing: look at the phenotype fit.",
        )


@transaction.atomic
def _write(
    study: Study, question: dict[str, Any], rows: Rows, data: bytes,
    sha256: str, digest: str, job: Job | None,
) -> DatasetSnapshot:  # fmt: skip
    snapshot = DatasetSnapshot.objects.create(
        study=study,
        number=next_number(DatasetSnapshot, study),
        question=question,
        targets=_kind_of(question).targets(question, rows.table),
        cohorts=cohorts_now(study, rows.table["cohort"]),
        table=file_store(study, data, "snapshot", f"snapshot-{sha256[:12]}.parquet"),
        sha256=sha256,
        columns=sorted(set(rows.table.columns) - set(LEFT_OUT_OF_TABLE)),
        notices=[notice.as_dict() for notice in _kind_of(question).notices(question, rows)],
        frozen_at=timezone.now(),
        produced_by=job,
        inputs_digest=digest,
    )
    file_use(snapshot.table, snapshot)
    patients = Patient.objects.in_bulk(rows.table["patient_id"].tolist())
    SnapshotMember.objects.bulk_create(
        SnapshotMember(
            snapshot=snapshot,
            patient=patients[row.patient_id],
            cohort_id=row.cohort_id,
            pseudonym=row.pseudonym,
            included=not row.reason,
            reason=row.reason[:300],
        )
        for row in rows.table.itertuples()
    )
    derivation_record(study, rows.parents, sha256, job)
    return snapshot


def _notices(question: Mapping[str, Any], found: RadScoreRows) -> list[Notice]:
    notices, table = [], found.table
    if found.targets_by_reader:
        text = say_number(
            "{number} patient: a reader chose the target lesion, not the rule.",
            "{number} patients: a reader chose the target lesion, not the rule.",
            found.targets_by_reader,
        )
        notices.append(Notice("target_by_reader", text))
    for cohort, rows in table.groupby("cohort", sort=True):
        out = int((rows["reason"] != "").sum())
        if out:
            text = say(
                "{cohort}: {n} of {total} patients are in, {out} listed with the reason.",
                cohort=named(cohort),
                n=len(rows) - out,
                total=len(rows),
                out=out,
            )
            notices.append(Notice("complete_case", text))
        unjudged = unjudged_reasons(rows[rows["reason"] == ""])
        for reason, count in unjudged[unjudged != ""].value_counts().sort_index().items():
            text = say_number(
                "{cohort}: {number} patient has a score but stands in no AUC: {reason}.",
                "{cohort}: {number} patients have a score but stand in no AUC: {reason}.",
                int(count),
                cohort=named(cohort),
                reason=say(reason),
            )
            notices.append(Notice("scored_not_judged", text))
        if len(rows) - out < SMALLEST_JUDGED:
            notices.append(
                Notice(
                    "cohort_not_judged",
                    say("{cohort}: too few patients to judge in.", cohort=named(cohort)),
                )
            )
    return notices


@dataclass(frozen=True)
class _Kind:
    """What is particular to the questions of one purpose."""

    check: Callable[[pd.DataFrame], None]
    targets: Callable[[Mapping[str, Any], pd.DataFrame], dict[str, Any]]
    notices: Callable[[Mapping[str, Any], Any], list[Notice]]


_RAD_SCORE = _Kind(_check, lambda question, table: targets_of(table), _notices)
_PROGNOSIS = _Kind(prognosis.check_table, prognosis.targets_asked, prognosis.table_notices)


def _kind_of(question: Mapping[str, Any]) -> _Kind:
    return _PROGNOSIS if question["purpose"] == prognosis.PURPOSE else _RAD_SCORE
