"""Edges of the lineage: derivations, and what a record's own keys say where none was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Q, Value

from genomics.models import CellAbundance
from imaging.models import Roi, Uptake
from modeling.models import ModelRun, ModelVersion
from studies.models import (
    Death,
    Derivation,
    EndpointValue,
    FormEntry,
    Progression,
    ResponseAssessment,
    Study,
    Treatment,
)

Edge = tuple[str, str]  # parent, child
_FACTS: tuple[Any, ...] = (Treatment, ResponseAssessment, Progression, Death, FormEntry)
# records whose own keys say an edge, by the paths to its parent and to its child
_OWN: tuple[tuple[Any, str, str], ...] = (
    (Uptake, "roi__mask__sha256", "inputs_digest"),
    (CellAbundance, "column__matrix__file__sha256", "inputs_digest"),
    (Roi, "batch__file__sha256", "mask__sha256"),
)
_ALL = (
    (Derivation, "parent_digest", "child_digest"),
    *_OWN,
    (ModelRun, "snapshot__sha256", "inputs_digest"),
    (ModelVersion, "run__inputs_digest", "sha256"),
)
_FILE = "batch__file__sha256"


def edges_at(study: Study, digest: str) -> set[Edge]:
    """All edges that end or begin at a digest, endpoints' apart; one question.

    A run stands between its rows and its version: their derivation is no edge beside it.
    """
    parts = [
        _pairs(study, model, parent, child, Q(**{parent: digest}) | Q(**{child: digest}))
        for model, parent, child in _ALL
    ]
    by_run = "run__snapshot__sha256"
    made = ModelVersion.objects.filter(Q(sha256=digest) | Q(**{by_run: digest}), study=study)
    parts.append(made.order_by().values_list(by_run, "sha256", Value("by a run")))
    found: dict[str, set[Edge]] = {"": set(), "by a run": set()}
    for parent, child, way in parts[0].union(*parts[1:]):
        found[way].add((parent, child))
    return found[""] - found["by a run"]


def own_edges(study: Study, digests: Iterable[str], *, upward: bool) -> set[Edge]:
    """Edges that records' own keys say, above (or below) some digests."""
    asked = list(digests)
    parts = [
        _pairs(study, model, parent, child, Q(**{f"{child if upward else parent}__in": asked}))
        for model, parent, child in _OWN
    ]
    return {(parent, child) for parent, child, _ in parts[0].union(*parts[1:])}


def _pairs(study: Study, model: Any, parent: str, child: str, where: Q) -> Any:
    rows = model.objects.filter(where, study=study).order_by()
    return rows.values_list(parent, child, Value(""))


def endpoint_edges_above(study: Study, digests: Iterable[str]) -> set[Edge]:
    """An endpoint was made of the files that entered its patient's facts."""
    rows = EndpointValue.objects.filter(study=study, inputs_digest__in=list(digests))
    wanted = list(rows.values_list("patient_id", "inputs_digest"))
    files = _files_of({patient for patient, _ in wanted})
    return {(file, digest) for patient, digest in wanted for file in files.get(patient, ())}


def endpoint_edges_below(study: Study, file: str) -> set[Edge]:
    """Endpoints of the patients whose facts a file entered."""
    parts = [
        model.objects.filter(study=study, **{_FILE: file}).order_by().values_list("patient_id")
        for model in _FACTS
    ]
    patients = {patient for (patient,) in parts[0].union(*parts[1:])}
    rows = EndpointValue.objects.filter(study=study, patient_id__in=patients)
    return {(file, digest) for digest in rows.values_list("inputs_digest", flat=True)}


def _files_of(patients: set[int]) -> dict[int, set[str]]:
    parts = [
        model.objects.filter(patient_id__in=patients, batch__isnull=False)
        .order_by()
        .values_list("patient_id", _FILE)
        for model in _FACTS
    ]
    found: dict[int, set[str]] = {}
    for patient, sha256 in parts[0].union(*parts[1:]):
        found.setdefault(patient, set()).add(sha256)
    return found


_CLOSURE = """
    WITH RECURSIVE line(parent, child) AS (
        SELECT parent_digest, child_digest FROM studies_derivation
        WHERE study_id = %(study)s AND {near} = ANY(%(digests)s)
        UNION
        SELECT d.parent_digest, d.child_digest FROM studies_derivation d
        JOIN line ON d.{near} = line.{far} WHERE d.study_id = %(study)s
    ) SELECT parent, child FROM line
"""


def closure(study: Study, digests: Iterable[str], *, upward: bool) -> set[Edge]:
    """Every derivation above (or below) some digests, in one question."""
    near, far = ("child_digest", "parent") if upward else ("parent_digest", "child")
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSURE.format(near=near, far=far), {"study": study.pk, "digests": list(digests)}
        )
        return set(cursor.fetchall())


def chain_above(study: Study, digest: str) -> set[Edge]:
    """All edges from a digest back to the raw files, own keys included."""
    edges = closure(study, [digest], upward=True)
    known = sorted({digest} | {parent for parent, _ in edges})
    own = own_edges(study, known, upward=True) | endpoint_edges_above(study, known)
    more = {parent for parent, _ in own} - set(known)
    return edges | own | (closure(study, more, upward=True) if more else set())


def digests_below(study: Study, digest: str, children: Iterable[str]) -> set[str]:
    """Everything that a digest went into, directly or not; its ``children`` are known."""
    start = {digest, *children}
    start |= {child for _, child in own_edges(study, start, upward=False)}
    return start | {child for _, child in closure(study, start, upward=False)}
