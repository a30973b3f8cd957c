"""The lineage as a graph to walk: from a model back to raw files, from a file on to reports.

Each step asks a fixed number of questions, however many patients there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import BigIntegerField, F, TextField, Value
from django.db.models.functions import Cast
from django.urls import reverse

from genomics.models import CellAbundance, Phenotype, PhenotypeFit, SignatureVersion
from imaging.models import (
    FeatureSet,
    Immunoscore,
    ImmunoscoreRule,
    Modality,
    Roi,
    Series,
    TargetDecision,
    Uptake,
)
from modeling.lineage_edges import (
    digests_below,
    edges_at,
    endpoint_edges_above,
    endpoint_edges_below,
)
from modeling.models import DatasetSnapshot, ModelRun, ModelVersion, Report
from studies.methods.wording import marked, say
from studies.models import EndpointValue, Patient, StoredFile, Study

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
# kind, records, the digest they go by, the field that names their patient, what else names them
_RECORDS: tuple[tuple[str, Any, str, str, Sequence[str]], ...] = (
    ("file", StoredFile, "sha256", "", ["kind"]),
    ("dicom", Series, "content_digest", "patient_id", ["modality"]),
    ("roi_source", Roi, "source_digest", "patient_id", ["name"]),
    ("uptake", Uptake, "inputs_digest", "patient_id", []),
    ("target", TargetDecision, "digest", "patient_id", ["lesion__number"]),
    ("features", FeatureSet, "inputs_digest", "patient_id", ["extractor_version__modality"]),
    ("abundance", CellAbundance, "inputs_digest", "patient_id", []),
    ("signature", SignatureVersion, "digest", "", []),
    ("phenotype_fit", PhenotypeFit, "digest", "", []),
    ("immunoscore_rule", ImmunoscoreRule, "digest", "", []),
    ("immunoscore", Immunoscore, "inputs_digest", "patient_id", []),
    ("phenotype", Phenotype, "inputs_digest", "patient_id", ["label", "source"]),
    ("endpoint", EndpointValue, "inputs_digest", "patient_id", []),
    ("snapshot", DatasetSnapshot, "sha256", "", []),
    ("run", ModelRun, "inputs_digest", "", []),
    ("version", ModelVersion, "sha256", "", []),
    ("report", Report, "sha256", "", []),
)
_ORDER = {kind: place for place, (kind, *_) in enumerate(_RECORDS)}
# kinds with a page, whose record itself gives the name: the digest it goes by, and the page
_PAGES: dict[str, tuple[Any, str, str]] = {
    "snapshot": (DatasetSnapshot, "sha256", "modeling:snapshot"),
    "run": (ModelRun, "inputs_digest", "modeling:run"),
    "version": (ModelVersion, "sha256", "modeling:version"),
    "report": (Report, "sha256", "modeling:report_version"),
}
REACHED = ("version", "report")


@dataclass(frozen=True)
class Record:
    """What is behind a digest: its kind, key, whose it is, and up to two words to name it by."""

    digest: str
    kind: str
    pk: int
    patient: int | None
    first: str
    second: str

    def settled(self) -> Record:
        """A file that somebody uploaded is of a kind of its own."""
        uploaded = self.kind == "file" and self.first.startswith("upload:")
        return replace(self, kind="upload") if uploaded else self


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
    """A node with its neighbours on both sides, by kind, and every model and report it reached."""

    node: Node
    made_of: dict[str, list[Node]] = field(default_factory=dict)
    went_into: dict[str, list[Node]] = field(default_factory=dict)
    reports: list[Node] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "node": self.node.as_dict(),
            "made_of": [n.as_dict() for nodes in self.made_of.values() for n in nodes],
            "went_into": [n.as_dict() for nodes in self.went_into.values() for n in nodes],
            "reports": [node.as_dict() for node in self.reports],
        }


def lineage_step(study: Study, digest: str, user: Any) -> Step | None:
    """A digest of the study, what it was made of and went into; nothing when it is unknown."""
    edges = edges_at(study, digest)
    found = _records(study, {digest, *_ends(edges)})
    if more := _endpoint_edges(study, digest, found):
        edges |= more
        found |= _records(study, _ends(more) - {digest})
    if digest not in found and not edges:
        return None
    parents = {parent for parent, child in edges if child == digest}
    children = {child for parent, child in edges if parent == digest}
    below = digests_below(study, digest, children)
    nodes = {d: Node(d) for d in (digest, *parents, *children)}
    _name(study, nodes, found, user)
    reached = _name_pages(study, nodes, found, below)
    return Step(nodes[digest], _by_kind(nodes, parents), _by_kind(nodes, children), reached)


def _ends(edges: Iterable[tuple[str, str]]) -> set[str]:
    return {end for edge in edges for end in edge}


def _endpoint_edges(study: Study, digest: str, found: dict[str, Record]) -> set[tuple[str, str]]:
    kind = found[digest].kind if digest in found else ""
    if kind == "endpoint":
        return endpoint_edges_above(study, [digest])
    return endpoint_edges_below(study, digest) if kind == "upload" else set()


def _by_kind(nodes: dict[str, Node], digests: Iterable[str]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in sorted((nodes[d] for d in digests), key=lambda n: (n.patient, n.name, n.digest)):
        found.setdefault(node.kind, []).append(node)
    return dict(sorted(found.items(), key=lambda item: list(KINDS).index(item[0])))


def _records(study: Study, digests: Iterable[str]) -> dict[str, Record]:
    """The record behind each digest, in one question over all tables that have one."""
    asked = list(digests)
    parts = []
    for kind, model, by, patient, words in _RECORDS:
        rows = model.objects.filter(study=study, **{f"{by}__in": asked}).order_by()
        owner = F(patient) if patient else Cast(Value(None), BigIntegerField())
        told = [*(Cast(word, TextField()) for word in words), Value(""), Value("")]
        first, second = told[:2]
        parts.append(rows.values_list(by, Value(kind), "pk", owner, first, second))
    found = (Record(*row) for row in parts[0].union(*parts[1:], all=True))
    ordered = sorted(found, key=lambda record: (_ORDER[record.kind], record.pk))
    return {record.digest: record.settled() for record in ordered}


def _name(study: Study, nodes: dict[str, Node], found: dict[str, Record], user: Any) -> None:
    """Kind and words of every node; patients are named to those who may read their rows."""
    patients = {record.patient for record in found.values() if record.patient}
    visible = Patient.objects.visible_to(user).filter(study=study, pk__in=patients)
    names = dict(visible.values_list("pk", "pseudonym"))
    for digest in nodes.keys() & found.keys():
        record, node = found[digest], nodes[digest]
        node.kind, node.name = record.kind, _name_of(record)
        node.patient = names.get(record.patient or 0, "")


def _name_of(record: Record) -> str:
    first, second = record.first, record.second
    if record.kind in ("file", "upload"):
        return first.removeprefix("upload:").replace("_", " ")
    if record.kind == "dicom":
        return say("{modality} series", modality=Modality(first).label)
    if record.kind == "roi_source":
        return say("region {name}", name=first)
    if record.kind == "features":
        return say("{modality} features", modality=Modality(first).label)
    if record.kind == "phenotype":
        return say("{label} by {source}", label=say(first), source=second.upper())
    if record.kind == "target" and first:
        return say("{lesion} as target", lesion=f"lesion {first}")
    return marked("endpoint") if record.kind == "endpoint" else KINDS[record.kind][0]


def _name_pages(
    study: Study, nodes: dict[str, Node], found: dict[str, Record], below: set[str]
) -> list[Node]:
    """Name and address of nodes with a page; the models and reports further on come back."""
    reached: list[Node] = []
    for kind, (model, by, page) in _PAGES.items():
        wanted = {digest for digest in nodes if digest in found and found[digest].kind == kind}
        asked = wanted | below if kind in REACHED else wanted
        rows = model.objects.filter(study=study, **{f"{by}__in": asked}).order_by("id")
        for row in rows.defer("content") if kind == "report" else rows:
            url = reverse(page, args=[study.uid, row.uid])
            node = Node(getattr(row, by), kind, str(row), "", url)
            if node.digest in wanted:
                nodes[node.digest].name, nodes[node.digest].url = node.name, node.url
            if kind in REACHED and node.digest in below:
                reached.append(node)
    return reached
