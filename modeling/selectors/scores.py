"""The Rad-Score that speaks for each patient, and the version it is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When

from modeling.models import ModelVersion, Quantity, VersionEvent, VersionKind, VersionState
from modeling.selectors.versions import state_of
from studies.models import Study


def speaking_version(study: Study) -> ModelVersion | None:
    """The released Rad-Score, or the newest while none is released."""
    return speaking(study, VersionKind.RAD_SCORE).defer("content").first()


def speaking(study: Study, kind: str, **scope: Any) -> QuerySet[ModelVersion]:
    """Versions of a kind, the released one first, then from the newest to the oldest.

    Of nomograms those from the start of treatment come before those from a landmark.
    """
    moves = VersionEvent.objects.filter(version=OuterRef("pk")).order_by("-number")
    is_released = Q(state=VersionState.RELEASED)
    return (
        ModelVersion.objects.filter(study=study, kind=kind, **scope)
        .annotate(state=Subquery(moves.values("to_state")[:1]))
        .order_by(
            Case(When(is_released, then=0), default=1),
            Case(When(content__has_key="landmark_days", then=1), default=0),
            "-number",
        )
    )


def speaking_of(versions: Iterable[ModelVersion], states: dict[int, str]) -> ModelVersion | None:
    """Of Rad-Scores, the newest first, the one that is released, or the newest."""
    ordered = list(versions)
    released = (v for v in ordered if states.get(v.pk) == VersionState.RELEASED)
    return next(released, next(iter(ordered), None))


def rad_score_of(study: Study) -> dict[int, float]:
    """By patient id; of those it was fitted to the out-of-fold score, never the apparent one."""
    version = speaking_version(study)
    if version is None:
        return {}
    rows = version.predictions.filter(quantity=Quantity.PROBABILITY, horizon_months=None)
    return dict(rows.values_list("patient_id", "value"))


def rad_score_said(study: Study) -> str:
    """``Rad-Score 3, released; out of fold in training``."""
    version = speaking_version(study)
    return f"{version}, {state_of(version)}; out of fold in training" if version else ""
