"""Where frozen rows come from: whose image, and whom the fits outside the folds have seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from genomics.models import BatchCorrection, CellAbundance, Phenotype, PhenotypeFit
from imaging.models import (
    ExtractorVersion,
    FeatureSet,
    Immunoscore,
    ImmunoscoreRule,
    Reading,
    RoiChoice,
    Series,
)
from modeling.methods.leak_origins import FrozenFit
from modeling.models import DatasetSnapshot
from studies.methods.dates import ClinicalDate
from studies.models import CohortMember, CohortUse, Derivation, Patient, Study, Treatment

from .frozen import frozen_uses
from .inputs import parents_of


def image_digests(study: Study, names: Mapping[int, str] | None = None) -> dict[str, set[str]]:
    """By pseudonym the digests of the voxels that the chosen regions were drawn on.

    ``names`` are pseudonyms by patient id where rows have others than those of today.
    """
    chosen = RoiChoice.objects.filter(study=study)
    found: dict[str, set[str]] = {}
    for patient, name, digest in chosen.values_list(
        "patient_id", "patient__pseudonym", "roi__series__volume__sha256"
    ):
        found.setdefault((names or {}).get(patient, name), set()).add(digest)
    return found


def frozen_fits(snapshot: DatasetSnapshot, as_frozen: bool = False) -> list[FrozenFit]:
    """What was fitted outside the folds behind a snapshot, and to whom, by the lineage.

    Owners and uses are those of today, or (``as_frozen``) those of the day it was frozen.
    """
    study, digests = snapshot.study, parents_of(snapshot)
    sets = FeatureSet.objects.filter(study=study, inputs_digest__in=digests)
    extractors = ExtractorVersion.objects.filter(pk__in=sets.values("extractor_version"))
    labels = Phenotype.objects.filter(study=study, inputs_digest__in=digests, fit__isnull=False)
    fits = PhenotypeFit.objects.filter(pk__in=labels.values("fit")).defer("fit")
    named = {
        row.weights.sha256: f"{row.modality} encoder"
        for row in extractors.select_related("weights")
    }
    named |= {row.digest: f"centroids of {row}" for row in fits}
    behind = _parents(study, named)
    corrections = _corrections(study, {digest for row in fits for digest in behind[row.digest]})
    named |= {row.file.sha256: str(row) for row in corrections}
    behind |= _parents(study, [row.file.sha256 for row in corrections])
    seen = {digest for parents in behind.values() for digest in parents}
    uses = frozen_uses(snapshot) if as_frozen else uses_today(study)
    known = _uses_of_digests(study, seen, uses, snapshot.frozen_at if as_frozen else timezone.now())
    return [
        FrozenFit(name, {k: u for d in sorted(behind[digest]) for k, u in known.get(d, {}).items()})
        for digest, name in sorted(named.items())
    ]


def _parents(study: Study, digests: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {digest: set() for digest in digests}
    rows = Derivation.objects.filter(study=study, child_digest__in=found)
    for parent, child in rows.values_list("parent_digest", "child_digest"):
        found[child].add(parent)
    return found


def _corrections(study: Study, abundances: set[str]) -> list[BatchCorrection]:
    """ComBat behind abundances: fitted to people, like the centroids."""
    rows = CellAbundance.objects.filter(study=study, inputs_digest__in=abundances)
    made = rows.filter(column__matrix__correction__isnull=False)
    corrections = BatchCorrection.objects.filter(pk__in=made.values("column__matrix__correction"))
    return list(corrections.select_related("file").order_by("pk"))


def cuts_behind(snapshot: DatasetSnapshot) -> list[ImmunoscoreRule]:
    """Rules of the slides whose cuts made labels of a snapshot."""
    study = snapshot.study
    behind = Derivation.objects.filter(study=study, child_digest__in=parents_of(snapshot))
    digests = behind.values("parent_digest")
    scores = Immunoscore.objects.filter(study=study, inputs_digest__in=digests)
    return list(ImmunoscoreRule.objects.filter(pk__in=scores.values("rule")).order_by("pk"))


def score_rules_behind(
    snapshot: DatasetSnapshot, scores: Mapping[int, float]
) -> list[ImmunoscoreRule]:
    """Rules of the slides that a prognosis's table got its Immunoscores by, last stated first.

    Its lineage names the rule. Of a table from before lineage did, those rules of its time that
    give every one of its ``scores`` (by patient id).
    """
    rules = ImmunoscoreRule.objects.filter(study=snapshot.study, reading=Reading.IMMUNOSCORE)
    rules = rules.order_by("-stated_at", "-pk")
    recorded = list(rules.filter(digest__in=parents_of(snapshot)))
    if recorded:
        return recorded
    return [one for one in rules.filter(created_at__lte=snapshot.frozen_at) if _gives(one, scores)]


def _gives(rule: ImmunoscoreRule, scores: Mapping[int, float]) -> bool:
    """Whether a rule gave each of these patients the score that is told."""
    rows = Immunoscore.objects.filter(rule=rule, patient__in=scores, score__isnull=False)
    given = set(rows.values_list("patient_id", "score"))
    return {(patient, int(score)) for patient, score in scores.items()} <= given


def uses_today(study: Study) -> dict[int, str]:
    """Use by patient id, where a cohort binds."""
    members = CohortMember.objects.filter(study=study).exclude(use=CohortUse.DESCRIPTIVE)
    return dict(members.values_list("patient_id", "use"))


def _uses_of_digests(
    study: Study, digests: set[str], uses: dict[int, str], until: datetime
) -> dict[str, dict[str, str]]:
    """By digest of an image or abundance its patient's pseudonym and use."""
    found: dict[str, dict[str, str]] = {}
    images = Series.objects.filter(study=study, volume__sha256__in=digests)
    abundances = CellAbundance.objects.filter(study=study, inputs_digest__in=digests)
    # the same image may have come again since, under another patient
    for rows, field in ((images, "volume__sha256"), (abundances, "inputs_digest")):
        for digest, patient, name in rows.filter(created_at__lte=until).values_list(
            field, "patient_id", "patient__pseudonym"
        ):
            found.setdefault(digest, {})[name] = uses.get(patient, "none")
    return found


def label_notices(snapshot: DatasetSnapshot) -> list[tuple[str, list[dict[str, str]]]]:
    """What was noted when the labels of a snapshot came about: clusters, and cuts of slides."""
    digests = parents_of(snapshot)
    study = snapshot.study
    fits = Phenotype.objects.filter(study=study, inputs_digest__in=digests, fit__isnull=False)
    found: list[Any] = list(PhenotypeFit.objects.filter(pk__in=fits.values("fit")).order_by("pk"))
    behind = Derivation.objects.filter(study=study, child_digest__in=digests)
    scores = Immunoscore.objects.filter(
        study=study, inputs_digest__in=behind.values("parent_digest")
    )
    rules = ImmunoscoreRule.objects.filter(pk__in=scores.values("rule"))
    return [(str(row), row.notices) for row in [*found, *rules.order_by("pk")]]


def patient_dates(patient: Patient) -> tuple[date | None, date | None]:
    """Day of the scan that speaks for a patient, and the last day on which the index treatment can
    have begun as it is dated."""
    scans = RoiChoice.objects.filter(patient=patient)
    starts = Treatment.objects.filter(patient=patient, is_index=True)
    scanned = scans.values_list("roi__series__dicom_study__scanned_on", flat=True).first()
    start = starts.values_list("date", "precision").first()
    return scanned, ClinicalDate(*start).latest if start else None
