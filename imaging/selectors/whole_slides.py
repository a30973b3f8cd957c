"""Slides with what speaks for them: the newest region of each name, the newest threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.models import CellCount, CellCountingRule, CellDensity, SlideRegion, WholeSlide
from studies.consents import GENOMICS, usable
from studies.models import Study

HISTOGRAM_TOP = 2.0


def current_regions(slide: WholeSlide) -> list[SlideRegion]:
    rows = SlideRegion.objects.filter(slide=slide)
    return list(rows.order_by("region", "-id").distinct("region"))


def current_rule(study: Study, marker: str, staining_batch: str) -> CellCountingRule | None:
    rules = CellCountingRule.objects.filter(
        study=study, marker=marker, staining_batch=staining_batch
    )
    return rules.order_by("-number").first()


def counts_of(slide: WholeSlide) -> list[CellCount]:
    """Counts of the current regions, the newest first; ``speaks`` marks what was adopted."""
    rows = CellCount.objects.filter(slide=slide, region__in=current_regions(slide))
    found = list(rows.select_related("region", "rule", "cells").order_by("region__region", "-id"))
    newest = CellDensity.objects.filter(specimen=slide.specimen, marker=slide.marker)
    speaking = newest.order_by("region", "-id").distinct("region")
    adopted = set(speaking.values_list("count_id", flat=True))
    for row in found:
        row.speaks = row.pk in adopted  # type: ignore[attr-defined]
    return found


def density_of_count(count: CellCount) -> CellDensity | None:
    return CellDensity.objects.filter(count=count).first()


def stain_histogram(
    study: Study, marker: str, staining_batch: str
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64]]:
    """Pixels per DAB density over all slides of a marker's batch, and the bins' edges."""
    slides = WholeSlide.objects.filter(study=study, marker=marker, staining_batch=staining_batch)
    rows = usable(slides, study, GENOMICS).values_list("stain_histogram", flat=True)
    found = [np.asarray(row, np.int64) for row in rows]
    kept = [row for row in found if len(row)]
    if not kept:
        return None, np.empty(0)
    return np.sum(kept, axis=0), np.linspace(0.0, HISTOGRAM_TOP, len(kept[0]) + 1)
