"""Cells of a slide counted: regions drawn, a threshold stated, densities taken from the count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray
from shapely.geometry import shape

from imaging.methods.cell_counting import (
    METHOD_VERSION,
    Cells,
    CountingRule,
    Tile,
    count_in_tile,
    plan_tiles,
    suggest_threshold,
)
from imaging.methods.slide_regions import Region, read_regions
from imaging.methods.tissue import find_tissue
from imaging.methods.whole_slide import WholeSlide
from imaging.models import CellCount, CellCountingRule, CellDensity, SlideRegion
from imaging.models import WholeSlide as SlideRecord
from imaging.selectors.whole_slides import (
    current_regions,
    current_rule,
    density_of_count,
    stain_histogram,
)
from imaging.services.slides import specimens_choose
from imaging.services.whole_slides import unusable
from imaging.slide_storage import cells_bytes, slide_open
from studies.access import require
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import say
from studies.models import ENDED, Job, Study
from studies.services import derivations_record, file_store, inputs_digest

KIND = "imaging.slide_count"
SCALES = (1, 2, 4)
TILE = 2048
OVERVIEW = 1024
LITTLE_TISSUE = 0.8


@transaction.atomic
def regions_state(
    slide: SlideRecord, user: Any, geojson: Any, source: str = "drawn", comment: str = ""
) -> list[SlideRegion]:
    """Write regions drawn on a slide; the newest of each name speaks, the same again is no change.

    Raises
    ------
    DataProblem
        As ``read_regions``; an invasive margin on a biopsy.
    """
    require(user, slide.study, "enter")
    found, notices = read_regions(geojson, slide.width, slide.height, "regions")
    names = [region.name for region in found]
    if slide.specimen.procedure == "biopsy" and "invasive_margin" in names:
        raise refuse(
            "regions",
            say("an invasive margin on a biopsy"),
            "the tumour centre alone",
            "Correct the class, or the specimen's procedure: a biopsy has no margin.",
        )
    known = {row.region: row for row in current_regions(slide)}
    said = " ".join(notice.text for notice in notices)
    rows = []
    for region in found:
        geometry = region.as_geojson()
        digest = inputs_digest(region.name, geometry)
        if region.name in known and known[region.name].digest == digest:
            rows.append(known[region.name])
            continue
        rows.append(
            SlideRegion.objects.create(
                patient=slide.patient,
                slide=slide,
                region=region.name,
                geometry=geometry,
                area_mm2=region.area_mm2(slide.um_per_pixel),
                source=source,
                drawn_by=user,
                digest=digest,
                comment=f"{comment} {said}".strip()[:400],
            )
        )
    return rows


def threshold_suggested(study: Study, marker: str, staining_batch: str) -> float | None:
    """Otsu's threshold over the tissue of a marker's batch; nothing before a slide is there."""
    histogram, edges = stain_histogram(study, marker, staining_batch)
    if histogram is None:
        return None
    try:
        return suggest_threshold(histogram, edges)
    except DataProblem:
        return None


@transaction.atomic
def counting_rule_state(
    study: Study,
    user: Any,
    marker: str,
    staining_batch: str,
    threshold: float,
    reason: str = "",
) -> CellCountingRule:
    """The threshold of a marker and staining batch; a change is the next number with a reason.

    Raises
    ------
    DataProblem
        A threshold that means nothing, a change without a reason.
    """
    require(user, study, "enter")
    rule = CountingRule(float(threshold)).as_dict()
    digest = inputs_digest(rule)
    last = current_rule(study, marker, staining_batch)
    if last and last.digest == digest:
        return last
    if last and not reason.strip():
        raise refuse(
            "reason",
            say(
                "none, for a change from {threshold:g} to {threshold_2:g}",
                threshold=last.threshold,
                threshold_2=threshold,
            ),
            "why the threshold changes",
            "Say why: counts by the earlier threshold stay beside.",
            column="reason",
        )
    return CellCountingRule.objects.create(
        study=study,
        marker=marker,
        staining_batch=staining_batch,
        number=last.number + 1 if last else 1,
        threshold=threshold,
        suggested=threshold_suggested(study, marker, staining_batch),
        rule=rule,
        reason=reason.strip(),
        stated_by=user,
        digest=digest,
    )


@transaction.atomic
def slide_count_start(slide: SlideRecord, user: Any, scale: int = 1) -> Job:
    """Queue the count of a slide; the same count under way is returned instead.

    Raises
    ------
    DataProblem
        No region drawn, no threshold stated, an unknown scale.
    """
    require(user, slide.study, "enter")
    rule = current_rule(slide.study, slide.marker, slide.staining_batch)
    if scale not in SCALES:
        raise refuse("scale", scale, "1, 2 or 4", "Choose a scale.", column="scale")
    if refused := unusable(slide.patient):
        raise refuse(str(slide), refused, "a patient whose tissue may be used", "Record consent.")
    if rule is None:
        raise refuse(
            str(slide),
            say("no threshold"),
            "one for its marker and batch",
            "State the threshold first.",
        )
    if not current_regions(slide):
        raise refuse(
            str(slide), say("no regions"), "tumour centre or margin", "Draw a region first."
        )
    params = {"rule": str(rule.uid), "scale": scale}
    table = SlideRecord._meta.db_table
    running = Job.objects.filter(
        study=slide.study, kind=KIND, subject_table=table, subject_id=slide.pk
    )
    for job in running.exclude(state__in=ENDED):
        if job.params == params:
            return job
    return enqueue(KIND, slide.study, user, subject=slide, params=params)


def slide_count(
    slide: SlideRecord,
    params: dict[str, Any],
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Count positive cells of every current region of a slide, tile by tile.

    Parameters
    ----------
    params : dict
        ``rule`` (uid of the threshold's record) and ``scale`` (1, 2 or 4).
    """
    rule = CellCountingRule.objects.get(study=slide.study, uid=params["rule"])
    scale, regions = int(params["scale"]), current_regions(slide)
    digests = {
        row.pk: inputs_digest(slide.file.sha256, row.digest, rule.digest, scale, METHOD_VERSION)
        for row in regions
    }
    done = CellCount.objects.filter(region__in=regions, inputs_digest__in=digests.values())
    if missing := [row for row in regions if row.pk not in {c.region_id for c in done}]:
        shapes = [Region(row.region, shape(row.geometry)) for row in missing]
        with slide_open(slide.study.uid, slide.file.sha256, str(slide)) as opened:
            tissue, zoom = _tissue(opened, slide.um_per_pixel)
            shares = [_share_of_tissue(region, tissue, zoom) for region in shapes]
            cells = _count(opened, slide, shapes, (tissue, zoom), rule, scale, progress)
        with transaction.atomic():
            for row, region, share in zip(missing, shapes, shares, strict=True):
                _write(slide, row, rule, scale, _within(cells, region), share, digests[row.pk], job)
    rows = CellCount.objects.filter(region__in=regions, inputs_digest__in=digests.values())
    return {
        "slide": str(slide.uid),
        "scale": scale,
        "counts": {row.region.region: row.as_dict() for row in rows.select_related("region")},
    }


@transaction.atomic
def count_adopt(count: CellCount, user: Any) -> CellDensity:
    """Let a count speak for its specimen, marker and region; uploads of a later day still may.

    Raises
    ------
    DataProblem
        No tissue in the region.
    """
    require(user, count.study, "enter")
    if count.per_mm2 is None:
        raise refuse(
            "count", say("no tissue in the region"), "tissue", "Draw the region on tissue."
        )
    known = density_of_count(count)
    if known:
        return known
    density = CellDensity.objects.create(
        patient=count.patient,
        specimen=count.slide.specimen,
        count=count,
        marker=count.slide.marker,
        region=count.region.region,
        per_mm2=count.per_mm2,
        as_entered=say("{n_cells} cells", n_cells=count.n_cells),
        unit="count and area",
        working=count.working[:120],
    )
    specimens_choose(count.study, [count.slide.specimen])
    return density


def _tissue(slide: WholeSlide, um_per_pixel: float) -> tuple[NDArray[np.bool_], float]:
    picture, zoom = slide.overview(OVERVIEW)
    return find_tissue(picture, um_per_pixel * zoom), zoom


def _share_of_tissue(region: Region, tissue: NDArray[np.bool_], zoom: float) -> float:
    drawn = region.raster(tissue.shape[1], tissue.shape[0], zoom)
    return float(tissue[drawn].mean()) if drawn.any() else 1.0


def _count(
    slide: WholeSlide,
    record: SlideRecord,
    regions: list[Region],
    tissue: tuple[NDArray[np.bool_], float],
    rule: CellCountingRule,
    scale: int,
    progress: Progress,
) -> Cells:
    """Cells of every tile that holds tissue of a region, in pixels of the full slide."""
    extent = (slide.size[0] // scale, slide.size[1] // scale)
    tiles = list(_tiles(extent, scale, regions, *tissue))
    settings = CountingRule.from_dict(rule.rule)
    found = []
    for number, tile in enumerate(tiles):
        progress(number, len(tiles), say("tile {number} of {n}", number=number + 1, n=len(tiles)))

        def read(x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
            return slide.read(x, y, width, height, scale)

        found.append(count_in_tile(read, tile, extent, record.um_per_pixel * scale, settings))
    cells = Cells.together(found)
    centre = scale // 2
    return Cells(cells.x * scale + centre, cells.y * scale + centre, cells.density)


def _tiles(
    extent: tuple[int, int],
    scale: int,
    regions: list[Region],
    tissue: NDArray[np.bool_],
    zoom: float,
) -> Iterator[Tile]:
    wanted = np.zeros_like(tissue)
    for region in regions:
        wanted |= region.raster(tissue.shape[1], tissue.shape[0], zoom)
    wanted &= tissue
    for tile in plan_tiles(*extent, TILE):
        ratio = scale / zoom
        top, left = int(tile.y * ratio), int(tile.x * ratio)
        bottom = int((tile.y + tile.height) * ratio) + 1
        right = int((tile.x + tile.width) * ratio) + 1
        if wanted[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1].any():
            yield tile


def _within(cells: Cells, region: Region) -> Cells:
    inside = region.contains(cells.x, cells.y)
    return Cells(cells.x[inside], cells.y[inside], cells.density[inside])


def _write(
    slide: SlideRecord,
    region: SlideRegion,
    rule: CellCountingRule,
    scale: int,
    cells: Cells,
    share: float,
    digest: str,
    job: Job | None,
) -> CellCount:
    tissue_mm2 = region.area_mm2 * share
    count = CellCount.objects.create(
        patient=slide.patient,
        slide=slide,
        region=region,
        rule=rule,
        scale=scale,
        n_cells=len(cells),
        tissue_mm2=tissue_mm2,
        per_mm2=len(cells) / tissue_mm2 if tissue_mm2 > 0 else None,
        notices=[notice.as_dict() for notice in _notices(share, scale)],
        produced_by=job,
        inputs_digest=digest,
    )
    count.cells = file_store(slide.study, cells_bytes(cells), "cells", f"{slide}", used_by=count)
    count.save(update_fields=["cells"])
    parents = (slide.file.sha256, region.digest, rule.digest)
    derivations_record(slide.study, [(parent, digest) for parent in parents], job)
    return count


def _notices(share: float, scale: int) -> list[Notice]:
    notices = []
    if share < LITTLE_TISSUE:
        text = say(
            "Tissue covers {share:.0%} of the region; cells are told per mm² of tissue.",
            share=share,
        )
        notices.append(Notice("region_partly_empty", text))
    if scale > 1:
        text = say(
            "Counted at 1/{scale} of the resolution: compare with a count at full resolution.",
            scale=scale,
        )
        notices.append(Notice("count_at_scale", text))
    return notices
