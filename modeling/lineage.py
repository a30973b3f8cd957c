"""The lineage as a graph to walk: from a model back to raw files, from a file on to reports.

Edges are derivations (digest to digest), and what a record's own keys say where no derivation was
written: uptake of a mask, an endpoint of its patient's entries, a run between rows and model.
Each step asks a fixed number of questions, however many patients there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.urls import reverse

from genomics.models import CellAbundance, Phenotype, PhenotypeFit, SignatureVersion
from imaging.models import (
    FeatureSet,
    Immunoscore,
    ImmunoscoreRule,
    Roi,
    Series,
    TargetDecision,
    Uptake,
)
from modeling.models import DatasetSnapshot, ModelRun, ModelVersion, Report
from studies.methods.wording import marked, say
from studies.models import (
    Death,
    Derivation,
    EndpointValue,
    FormEntry,
    Patient,
    Progression,
    ResponseAssessment,
    StoredFile,
    Study,
    Treatment,
)

# Kinds in the order of the thread; what stands in the same column of the drawing.
KINDS: dict[str, tuple[str, int]] = {
    "upload": (marked("uploaded files"), 0),
    "dicom": (marked("images as they came in"), 1),
    "roi_source": (marked("drawn regions as they came in"), 1),
    "file": (marked("files made here"), 2),
    "endpoint": (marked("endpoints"), 3),
    "uptake": (marked("uptake of a region"), 3),
    "target": (marked("target lesions chosen by readers"), 3),
    "features": (marked("features of a region"), 3),
    "abundance": (marked("cell abundances"), 3),
    "signature": (marked("signatures"), 2),
    "phenotype_fit": (marked("phenotype fits"), 3),
    "immunoscore_rule": (marked("Immunoscore rules"), 3),
    "immunoscore": (marked("Immunoscores"), 3),
    "phenotype": (marked("phenotypes"), 4),
    "snapshot": (marked("frozen tables"), 5),
    "run": (marked("runs"), 6),
    "version": (marked("model versions"), 7),
    "report": (marked("reports"), 8),
    "digest": (marked("digests without a record you may see"), 1),
}
_FACTS: tuple[Any, ...] = (Treatment, ResponseAssessment, Progression, Death, FormEntry)
# kind, records, the digest they go by, the field that names their patient
_RECORDS: tuple[tuple[str, Any, str, str], ...] = (
    ("file", StoredFile, "sha256", ""),
    ("dicom", Series, "content_digest", "patient"),
    ("roi_source", Roi, "source_digest", "patient"),
    ("uptake", Uptake, "inputs_digest", "patient"),
    ("target", TargetDecision, "digest", "patient"),
    ("features", FeatureSet, "inputs_digest", "patient"),
    ("abundance", CellAbundance, "inputs_digest", "patient"),
    ("signature", SignatureVersion, "digest", ""),
    ("phenotype_fit", PhenotypeFit, "digest", ""),
    ("immunoscore_rule", ImmunoscoreRule, "digest", ""),
    ("immunoscore", Immunoscore, "inputs_digest", "patient"),
    ("phenotype", Phenotype, "inputs_digest", "patient"),
    ("endpoint", EndpointValue, "inputs_digest", "patient"),
    ("snapshot", DatasetSnapshot, "sha256", ""),
    ("run", ModelRun, "inputs_digest", ""),
    ("version", ModelVersion, "sha256", ""),
    ("report", Report, "sha256", ""),
)


@dataclass
class Node:
    """One digest and the record behind it."""

    digest: str
    kind: str = "digest"
    name: str = ""
    patient: str = ""
    url: str = ""

    def as_dict(self) -> dict[str, str]:
        return {
            "digest": self.digest,
            "kind": self.kind,
            "name": self.name,
            "patient": self.patient,
            "url": self.url,
        }


@dataclass
class Step:
    """A node with its neighbours on both sides, by kind."""

    node: Node
    made_of: dict[str, list[Node]] = field(default_factory=dict)
    went_into: dict[str, list[Node]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "node": self.node.as_dict(),
            "made_of": [n.as_dict() for nodes in self.made_of.values() for n in nodes],
            "went_into": [n.as_dict() for nodes in self.went_into.values() for n in nodes],
        }


def lineage_step(study: Study, digest: str, user: Any) -> Step | None:
    """A digest of the study and what it was made of and went into; nothing when unknown."""
    parents = parents_of_digests(study, [digest]).get(digest, set())
    children = children_of_digests(study, [digest]).get(digest, set())
    nodes = nodes_of(study, {digest, *parents, *children}, user)
    if nodes[digest].kind == "digest" and not parents and not children:
        return None
    return Step(nodes[digest], _by_kind(nodes, parents), _by_kind(nodes, children))


def _by_kind(nodes: dict[str, Node], digests: Iterable[str]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in sorted((nodes[d] for d in digests), key=lambda n: (n.patient, n.name, n.digest)):
        found.setdefault(node.kind, []).append(node)
    return dict(sorted(found.items(), key=lambda item: list(KINDS).index(item[0])))


def parents_of_digests(study: Study, digests: Iterable[str]) -> dict[str, set[str]]:
    """What each digest was made of."""
    asked = list(digests)
    found: dict[str, set[str]] = {}
    rows = Derivation.objects.filter(study=study, child_digest__in=asked)
    for parent, child in rows.values_list("parent_digest", "child_digest"):
        found.setdefault(child, set()).add(parent)
    for parent, child in _own_keys(study, asked, upward=True):
        found.setdefault(child, set()).add(parent)
    return _with_runs(study, found, asked)


def children_of_digests(study: Study, digests: Iterable[str]) -> dict[str, set[str]]:
    """What each digest went into."""
    asked = list(digests)
    found: dict[str, set[str]] = {}
    rows = Derivation.objects.filter(study=study, parent_digest__in=asked)
    for parent, child in rows.values_list("parent_digest", "child_digest"):
        found.setdefault(parent, set()).add(child)
    for parent, child in _own_keys(study, asked, upward=False):
        found.setdefault(parent, set()).add(child)
    runs = ModelRun.objects.filter(study=study)
    for run, snapshot in runs.filter(snapshot__sha256__in=asked).values_list(
        "inputs_digest", "snapshot__sha256"
    ):
        found.setdefault(snapshot, set()).add(run)
    made = ModelVersion.objects.filter(study=study, run__inputs_digest__in=asked)
    for run, version in made.values_list("run__inputs_digest", "sha256"):
        found.setdefault(run, set()).add(version)
    direct = ModelVersion.objects.filter(study=study, run__snapshot__sha256__in=asked)
    for snapshot, version in direct.values_list("run__snapshot__sha256", "sha256"):
        found.get(snapshot, set()).discard(version)  # by way of its run
    return found


def _with_runs(study: Study, found: dict[str, set[str]], asked: list[str]) -> dict[str, set[str]]:
    """A version was made by its run, a run of its rows."""
    versions = ModelVersion.objects.filter(study=study, sha256__in=asked)
    for version, run, snapshot in versions.values_list(
        "sha256", "run__inputs_digest", "run__snapshot__sha256"
    ):
        parents = found.setdefault(version, set())
        parents.discard(snapshot)
        parents.add(run)
    runs = ModelRun.objects.filter(study=study, inputs_digest__in=asked)
    for run, snapshot in runs.values_list("inputs_digest", "snapshot__sha256"):
        found.setdefault(run, set()).add(snapshot)
    return found


def _own_keys(study: Study, digests: list[str], *, upward: bool) -> Iterable[tuple[str, str]]:
    """(parent, child) where a record's keys say it: uptake, regions, endpoints."""
    uptakes = Uptake.objects.filter(study=study)
    abundances = CellAbundance.objects.filter(study=study)
    if upward:
        abundances = abundances.filter(inputs_digest__in=digests)
        uptakes = uptakes.filter(inputs_digest__in=digests)
        masks = Roi.objects.filter(study=study, mask__sha256__in=digests)
        endpoints = EndpointValue.objects.filter(study=study, inputs_digest__in=digests)
    else:
        abundances = abundances.filter(column__matrix__file__sha256__in=digests)
        uptakes = uptakes.filter(roi__mask__sha256__in=digests)
        masks = Roi.objects.filter(study=study, batch__file__sha256__in=digests)
        endpoints = EndpointValue.objects.none()
    yield from uptakes.values_list("roi__mask__sha256", "inputs_digest")
    yield from abundances.values_list("column__matrix__file__sha256", "inputs_digest")
    yield from masks.values_list("batch__file__sha256", "mask__sha256")
    if not upward:
        endpoints = EndpointValue.objects.filter(
            study=study, patient_id__in=_patients_entered_by(study, digests)
        )
    yield from _endpoint_edges(study, endpoints, digests, upward=upward)


def _patients_entered_by(study: Study, digests: list[str]) -> set[int]:
    return {
        pk
        for model in _FACTS
        for pk in model.objects.filter(study=study, batch__file__sha256__in=digests).values_list(
            "patient_id", flat=True
        )
    }


def _endpoint_edges(
    study: Study, endpoints: Any, digests: list[str], *, upward: bool
) -> Iterable[tuple[str, str]]:
    """An endpoint was made of the files that entered its patient's facts."""
    wanted = list(endpoints.values_list("patient_id", "inputs_digest"))
    patients = {patient for patient, _ in wanted}
    files: dict[int, set[str]] = {}
    for model in _FACTS:
        rows = model.objects.filter(study=study, patient_id__in=patients, batch__isnull=False)
        for patient, sha256 in rows.values_list("patient_id", "batch__file__sha256").distinct():
            files.setdefault(patient, set()).add(sha256)
    for patient, digest in wanted:
        for sha256 in files.get(patient, ()):
            if upward or sha256 in digests:
                yield sha256, digest


def nodes_of(study: Study, digests: Iterable[str], user: Any) -> dict[str, Node]:
    """The record behind each digest; patients are named to those who may read their rows."""
    asked = set(digests)
    nodes = {digest: Node(digest) for digest in asked}
    names = _pseudonyms(study, user)
    for kind, model, by, patient in _RECORDS:
        for row in _rows(study, model, by, patient, asked):
            node = nodes[getattr(row, by)]
            node.kind = _kind_of(kind, row)
            node.patient = names.get(getattr(row, "patient_id", None) or 0, "") if patient else ""
            node.name = _name_of(kind, row)
            node.url = _url_of(study, kind, row)
    return nodes


def _rows(study: Study, model: Any, by: str, patient: str, asked: set[str]) -> Any:
    rows = model.objects.filter(study=study, **{f"{by}__in": asked})
    return rows.defer("content") if model is Report else rows


def _pseudonyms(study: Study, user: Any) -> dict[int, str]:
    visible = Patient.objects.visible_to(user).filter(study=study)
    return dict(visible.values_list("pk", "pseudonym"))


def _kind_of(kind: str, row: Any) -> str:
    return "upload" if kind == "file" and row.kind.startswith("upload:") else kind


def _name_of(kind: str, row: Any) -> str:
    if kind == "file":
        return row.kind.removeprefix("upload:").replace("_", " ")
    if kind == "dicom":
        return say("{modality} series", modality=row.get_modality_display())
    if kind == "roi_source":
        return say("region {name}", name=row.name)
    if kind == "features":
        return say("{modality} features", modality=row.get_modality_display())
    if kind == "phenotype":
        return say("{label} by {source}", label=say(row.label), source=row.source.upper())
    if kind == "endpoint":
        return marked("endpoint")
    if kind == "target":
        return say("{lesion} as target", lesion=row.lesion)
    return str(row) if kind in ("snapshot", "run", "version", "report") else KINDS[kind][0]


def _url_of(study: Study, kind: str, row: Any) -> str:
    pages = {"snapshot": "snapshot", "run": "run", "version": "version", "report": "report_version"}
    return reverse(f"modeling:{pages[kind]}", args=[study.uid, row.uid]) if kind in pages else ""


_CLOSURE = """
    WITH RECURSIVE line(parent, child) AS (
        SELECT parent_digest, child_digest FROM studies_derivation
        WHERE study_id = %(study)s AND {near} = ANY(%(digests)s)
        UNION
        SELECT d.parent_digest, d.child_digest FROM studies_derivation d
        JOIN line ON d.{near} = line.{far} WHERE d.study_id = %(study)s
    ) SELECT parent, child FROM line
"""


def closure(study: Study, digests: Iterable[str], *, upward: bool) -> set[tuple[str, str]]:
    """Every derivation (parent, child) above (or below) some digests, in one question."""
    near, far = ("child_digest", "parent") if upward else ("parent_digest", "child")
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSURE.format(near=near, far=far), {"study": study.pk, "digests": list(digests)}
        )
        return set(cursor.fetchall())


def chain_above(study: Study, digest: str) -> set[tuple[str, str]]:
    """All edges from a digest back to the raw files, own keys included."""
    edges = closure(study, [digest], upward=True)
    known = {digest} | {parent for parent, _ in edges}
    own = set(_own_keys(study, sorted(known), upward=True))
    more = {parent for parent, _ in own} - known
    return edges | own | (closure(study, more, upward=True) if more else set())


def reports_below(study: Study, digest: str) -> list[Node]:
    """Every model version and report that a digest went into, directly or not."""
    start = {digest} | {child for _, child in _own_keys(study, [digest], upward=False)}
    more = {child for _, child in _own_keys(study, sorted(start), upward=False)}
    below = {child for _, child in closure(study, start | more, upward=False)} | start | more
    found: list[Node] = []
    for kind, model in (("version", ModelVersion), ("report", Report)):
        rows = model.objects.filter(study=study, sha256__in=below).order_by("id")
        rows = rows.defer("content")
        found += [Node(r.sha256, kind, str(r), "", _url_of(study, kind, r)) for r in rows]
    return found
