"""Reads that join the records of genomics into tables, a row per patient."""

from __future__ import annotations

from typing import Any

import pandas as pd
from django.db.models import Q, QuerySet

from genomics.methods.abundance import METHOD_VERSION as ABUNDANCE_VERSION
from genomics.methods.identifiers import Signature
from genomics.methods.phenotype import METHOD_VERSION
from genomics.methods.signature import read_signature
from genomics.models import (
    BorderlineRule,
    CellAbundance,
    ExpressionMatrix,
    Phenotype,
    PhenotypeFit,
    PhenotypeSource,
    SequencingBatch,
    SignatureVersion,
)
from studies import registry
from studies.consents import GENOMICS, usable
from studies.models import CohortUse, SpecimenChoice, Study
from studies.selectors import members_table
from studies.services import inputs_digest, of_method

CLUSTERED = "bindea24"  # the signature that makes the phenotype
BESIDE = "mcpcounter10"  # shown beside, never clustered
STROMAL_SETS = ("Fibroblasts", "Endothelial cells")
MARKERS = "paper_markers"  # the genes of the stains, beside the densities
RNA = "rna"  # purpose of the chosen specimen


def signature_content(version: SignatureVersion) -> Signature:
    return read_signature(version.content, str(version))


def matrices_in_force(study: Study) -> QuerySet[ExpressionMatrix]:
    """Of each upload the matrix as corrected last, or as it came; the newest upload first."""
    newest = (
        ExpressionMatrix.objects.filter(study=study, correction__lifted_at__isnull=True)
        .order_by("batch_id", "-id")
        .distinct("batch_id")
        .values("pk")
    )
    return ExpressionMatrix.objects.filter(pk__in=newest).order_by("-batch_id")


def abundance_table(
    study: Study, signature: str = CLUSTERED, method: str = "ssgsea", only: int | None = None
) -> pd.DataFrame:
    """Raw abundances by patient id; ``specimen_id`` and ``digest`` first, then the cell types.

    The chosen specimen speaks for the patient, its newest matrix for the specimen; excluded and
    withdrawn patients are left out. ``only`` reads one patient.
    """
    rows = _speaking(study, signature, method, only)
    found = {
        row.patient_id: {
            "specimen_id": row.specimen_id,
            "digest": row.inputs_digest,
            **row.scores,
        }
        for row in rows
    }
    table = pd.DataFrame.from_dict(found, orient="index").rename_axis("patient_id")
    return table if found else table.reindex(columns=["specimen_id", "digest"])


def _speaking(
    study: Study, signature: str, method: str, only: int | None = None
) -> QuerySet[CellAbundance]:
    """Of each patient, or of one, the newest abundances of the chosen specimen."""
    rows = _chosen_abundances(study).filter(signature__name=signature, method=method)
    if only is not None:
        rows = rows.filter(patient_id=only)
    return rows.order_by("patient_id", "-id").distinct("patient_id")


def _chosen_abundances(study: Study) -> QuerySet[CellAbundance]:
    """Of chosen specimens, by matrices whose correction stands, of patients that may be used."""
    choices = SpecimenChoice.objects.filter(study=study, purpose=RNA)
    rows = CellAbundance.objects.filter(
        study=study,
        specimen_id__in=choices.values("specimen_id"),
        column__matrix__correction__lifted_at__isnull=True,
    )
    return usable(rows.exclude(scores={}), study, GENOMICS)


def abundance_digests(
    study: Study, *signatures: tuple[str, str]
) -> dict[int, dict[tuple[str, str], str]]:
    """What ``abundance_table`` would read of each (signature, method), by patient id."""
    wanted = Q(pk__in=[])
    for name, method in signatures:
        wanted |= Q(signature__name=name, method=method)
    key = ("patient_id", "signature__name", "method")
    rows = _chosen_abundances(study).filter(wanted).order_by(*key, "-id").distinct(*key)
    found: dict[int, dict[tuple[str, str], str]] = {}
    for patient, name, method, digest in rows.values_list(*key, "inputs_digest"):
        found.setdefault(patient, {})[name, method] = digest
    return found


def abundance_digest(matrix: str, signature: str, method: str, ties: str, label: str) -> str:
    """Of a stored matrix, a signature, the method with its version, and a column's label."""
    said = of_method("abundance", ABUNDANCE_VERSION)
    return inputs_digest(*said, matrix, signature, method, ties, label)


def abundances_are_outdated(study: Study, signature: str = CLUSTERED) -> bool:
    """Whether abundances that speak come from an earlier version of their method."""
    if ABUNDANCE_VERSION == 1:
        return False  # there was none earlier
    rows = _speaking(study, signature, "ssgsea").values_list(
        "inputs_digest", "column__matrix__file__sha256", "signature__digest", "method", "ties",
        "column__label",
    )  # fmt: skip
    return any(digest != abundance_digest(*parts) for digest, *parts in rows)


def versions_read(study: Study, signature: str = CLUSTERED) -> set[int]:
    """Versions of the signature behind the newest abundances of each specimen that speaks."""
    choices = SpecimenChoice.objects.filter(study=study, purpose=RNA)
    rows = (
        CellAbundance.objects.filter(
            study=study, signature__name=signature, method="ssgsea",
            specimen_id__in=choices.values("specimen_id"),
            column__matrix__correction__lifted_at__isnull=True,
        )
        .order_by("patient_id", "-id")
        .distinct("patient_id")
        .values_list("signature__version", flat=True)
    )  # fmt: skip
    return set(rows)


def batch_of_specimens(study: Study) -> dict[int, str]:
    """The sequencing batch of each specimen that has one; the newest table speaks."""
    rows = SequencingBatch.objects.filter(study=study).order_by("id")
    return dict(rows.values_list("specimen_id", "name"))


def scores_of(table: pd.DataFrame) -> pd.DataFrame:
    """The cell types alone."""
    return table.drop(columns=["specimen_id", "digest"], errors="ignore").astype(float)


def training_ids(study: Study) -> set[int]:
    """Patients of cohorts whose use is development."""
    members = members_table(study)
    return set(members.loc[members["use"] == CohortUse.DEVELOPMENT, "patient_id"])


def fit_current(study: Study) -> PhenotypeFit | None:
    """The frozen fit that was stated last."""
    return _fits(study).first()


def fit_exists(study: Study) -> bool:
    return _fits(study).exists()


def fit_in_force(study: Study) -> PhenotypeFit | None:
    """The fit that was stated last, without its numbers, which are large."""
    return _fits(study).defer("fit").first()


def _fits(study: Study) -> QuerySet[PhenotypeFit]:
    return PhenotypeFit.objects.filter(study=study).order_by("-stated_at", "-id")


def fit_inputs(
    study: Study, signature: str, k: int, seed: int, rule: str = BorderlineRule.KEEP
) -> str:
    """Digest of all that a fit reads: signature, k, seed, rule, abundances of training."""
    table = abundance_table(study)
    training = table[table.index.isin(training_ids(study))]
    own = () if rule == BorderlineRule.KEEP else (rule,)
    own += of_method("phenotype", METHOD_VERSION)
    return inputs_digest(signature, k, seed, sorted(training["digest"]), *own)


def fit_is_stale(fit: PhenotypeFit) -> bool:
    """Whether a fit of today would read something else; asked by those who see all sites."""
    return fit.inputs_digest != fit_inputs(
        fit.study, fit.signature.digest, fit.k, fit.seed, fit.borderline_rule
    )


def phenotype_table(
    study: Study,
    source: str = PhenotypeSource.RNA,
    as_found: bool = False,
    fit: PhenotypeFit | None = None,
) -> pd.DataFrame:
    """Labels by patient id: label, margin, stability, borderline, in_training, core, rule, digest.

    ``rna`` labels are those of ``fit``, or of the fit stated last; of ``ihc`` labels the one
    stated last speaks.
    Where the fit's rule leaves borderline patients out of training, those who took part in it are
    labelled ``borderline``, which is no target, unless the labels are wanted ``as_found``.
    """
    columns = ["patient_id", "label", "margin", "stability", "borderline", "in_training", "core"]
    columns += ["rule", "inputs_digest"]
    rows = usable(Phenotype.objects.filter(study=study, source=source), study, GENOMICS)
    if source == PhenotypeSource.RNA:
        stated = fit.pk if fit else _fits(study).values_list("pk", flat=True).first()
        rows = rows.filter(fit_id=stated)
    newest = (
        rows.order_by("patient_id", "-stated_at", "-id")
        .distinct("patient_id")
        .values_list(*columns)
    )
    table = pd.DataFrame(list(newest), columns=columns).set_index("patient_id")
    table = table.rename(columns={"inputs_digest": "digest"}).astype({"borderline": "boolean"})
    ruling = None if as_found or source != PhenotypeSource.RNA else fit or fit_current(study)
    if ruling is not None and ruling.borderline_rule == BorderlineRule.LEAVE_OUT_OF_TRAINING:
        undecided = table["borderline"].fillna(False) & table["in_training"].astype(bool)
        table.loc[undecided.astype(bool), "label"] = "borderline"
    return table


def slides_are_stale(study: Study) -> bool:
    """Whether labels by slides rest on scores that are no longer the ones in force."""
    labels = phenotype_table(study, PhenotypeSource.IHC)
    if labels.empty:
        return False
    stated = set(labels["rule"].str.rpartition("; ")[2])
    return stated != set(registry.facts("immunoscore_rule", study).values())


def phenotype_facts(source: str) -> Any:
    """A registry reader: the label by patient id."""

    def read(study: Study) -> dict[int, str]:
        return phenotype_table(study, source)["label"].to_dict()

    return read
