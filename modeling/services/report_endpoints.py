"""The survival times a report tells: those of every study, then its own that have a nomogram."""

from __future__ import annotations

from collections.abc import Iterable

from modeling.models import ModelVersion, VersionKind
from modeling.services.prognosis_endpoints import ENDPOINTS, PrognosisEndpoint, endpoint_named
from studies.models import Study


def endpoint_names(study: Study) -> list[str]:
    """Of which a nomogram may be told: in the paper's order, the study's own behind."""
    rows = ModelVersion.objects.filter(study=study, kind=VersionKind.NOMOGRAM)
    own = rows.exclude(endpoint__in=ENDPOINTS).values_list("endpoint", flat=True)
    return [*ENDPOINTS, *sorted(set(own))]


def endpoints_told(study: Study, nomograms: Iterable[ModelVersion]) -> dict[str, PrognosisEndpoint]:
    """By name, in that order."""
    own = sorted({version.endpoint for version in nomograms} - set(ENDPOINTS))
    return {name: endpoint_named(study, name) for name in (*ENDPOINTS, *own)}
