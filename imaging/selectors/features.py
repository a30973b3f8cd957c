"""What encoders are fitted on and what they gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from imaging.methods.extractor import is_of_today
from imaging.models import (
    ExtractorRole,
    ExtractorVersion,
    FeatureSet,
    Modality,
    PetCtPair,
    Roi,
    RoiChoice,
    Series,
)
from studies.models import Partition, Study

from .scans import choices_of, chosen_rois


@dataclass(frozen=True)
class RoiInput:
    """A patient's chosen region with the two series it is read from."""

    roi: Roi
    series: dict[str, Series]


def roi_inputs(study: Study) -> dict[int, RoiInput]:
    """By patient id, in the order of pseudonyms: region, PET and CT of the baseline scan."""
    chosen = chosen_rois(study)
    pairs = PetCtPair.objects.filter(study=study, patient_id__in=chosen)
    found: dict[int, RoiInput] = {}
    pairs = pairs.select_related("patient", "pet__volume__study", "ct__volume__study")
    for pair in pairs.order_by("patient__pseudonym"):
        roi = chosen[pair.patient_id]
        if roi.series_id in (pair.pet_id, pair.ct_id):
            series = {Modality.PT: pair.pet, Modality.CT: pair.ct}
            found[pair.patient_id] = RoiInput(roi, {str(key): row for key, row in series.items()})
    return found


def choices_complete(study: Study, versions: Iterable[ExtractorVersion]) -> QuerySet[RoiChoice]:
    """Regions that speak and have a vector by each of the versions."""
    choices = choices_of(study)
    for version in versions:
        made = FeatureSet.objects.filter(roi=OuterRef("roi"), extractor_version=version)
        choices = choices.filter(Exists(made))
    return choices


def extractor_newest(
    study: Study, modality: str, preset: str = "", name: str = "", control: bool = False
) -> ExtractorVersion | None:
    """The version of a preset or a name stated last; without either, of the primary ones.

    ``control``: the same network on regions whose voxels were shuffled.
    """
    versions = ExtractorVersion.objects.filter(study=study, modality=modality)
    if control:
        versions = versions.filter(role=ExtractorRole.CONTROL)
    elif name:
        versions = versions.filter(name=name).exclude(role=ExtractorRole.CONTROL)
    elif not preset:
        versions = versions.filter(role=ExtractorRole.PRIMARY)
    else:
        versions = versions.exclude(role=ExtractorRole.CONTROL)
    if preset:
        versions = versions.filter(preset=preset)
    return versions.select_related("weights__study", "study").order_by("-stated_at", "-id").first()


def members_digest(uids: Iterable[UUID]) -> str:
    """Digest of a set of patients."""
    return sha256("\n".join(sorted(str(uid) for uid in uids)).encode()).hexdigest()


def extractor_is_stale(version: ExtractorVersion) -> bool:
    """Whether it is of an earlier version of the method, or the development patients with a region
    are others than it was fitted on."""
    if not is_of_today(version.settings):
        return True
    if not version.fitted_on:
        return False  # fitted elsewhere, or never
    choices = choices_of(version.study).filter(patient__partition=Partition.DEVELOPMENT)
    now = members_digest(choices.values_list("patient__uid", flat=True))
    return now != version.members_digest


def feature_vectors(
    study: Study, versions: dict[str, ExtractorVersion] | None = None
) -> dict[int, dict[str, FeatureSet]]:
    """Feature sets of the chosen regions: by patient id, then modality.

    ``versions`` names the extractor of each modality; the newest of each by default.
    """
    newest = {m: extractor_newest(study, m) for m in Modality.values}
    used = [version for version in (versions or newest).values() if version]
    rois = {roi.pk: patient for patient, roi in chosen_rois(study).items()}
    sets = FeatureSet.objects.filter(study=study, roi_id__in=rois, extractor_version__in=used)
    found: dict[int, dict[str, FeatureSet]] = {}
    for row in sets.select_related("extractor_version"):
        found.setdefault(rois[row.roi_id], {})[row.modality] = row
    return found


def control_vectors(study: Study) -> dict[int, dict[str, FeatureSet]]:
    """The same of the control: the newest primary networks on voxels shuffled inside the region.

    Empty while a modality has no control of its newest primary version.
    """
    newest = {m: extractor_newest(study, m) for m in Modality.values}
    controls = {m: extractor_newest(study, m, control=True) for m in Modality.values}
    found: dict[str, ExtractorVersion] = {}
    for modality, version in newest.items():
        control = controls[modality]
        if version is None or control is None or control.weights_id != version.weights_id:
            return {}
        found[modality] = control
    return feature_vectors(study, found)
