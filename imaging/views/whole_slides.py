"""Scanned slides: hand one in, look at it, draw regions, state the threshold, count."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from imaging import services, slides_overview
from imaging.filters import SlideFilter
from imaging.forms import CountForm, RegionsForm, SlideForm, ThresholdForm
from imaging.listings import WHOLE_SLIDES
from imaging.models import CellCount, WholeSlide
from imaging.selectors.whole_slides import counts_of, current_regions, current_rule
from studies import access
from studies.forms import refuse_in
from studies.languages import sentences
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.services import batch_job
from studies.views.doors import study_page

KEPT = "private, max-age=86400, immutable"


@study_page("rows")
def slide_list(request: HttpRequest, study: Study) -> HttpResponse:
    rows = access.visible(WholeSlide.objects.all(), request.user, study)
    narrowed = SlideFilter(request.GET, rows, study=study, user=request.user)
    found = narrowed.qs.select_related("patient", "specimen").defer("stain_histogram")
    name = "imaging/whole_slides.html"
    return list_response(request, study, WHOLE_SLIDES, found, name, narrowed=narrowed)


@study_page("enter")
def slide_add(request: HttpRequest, study: Study) -> HttpResponse:
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = SlideForm(*sent)
    if form.is_valid():
        file = form.cleaned_data.pop("file")
        try:
            batch = services.slide_receive(
                study, request.user, file, file.name, **form.cleaned_data
            )
        except DataProblem as refusal:
            refuse_in(form, refusal)
        else:
            job = batch_job(batch)
            if job and not job.has_ended:
                return redirect("studies:job", study.uid, job.uid)
            return redirect("studies:batch", study.uid, batch.uid)
    return render(request, "imaging/slide_add.html", {"study": study, "form": form})


@study_page("rows")
def slide_page(request: HttpRequest, study: Study, slide_uid: UUID) -> HttpResponse:
    return _page(request, study, _slide(request, study, slide_uid))


@study_page("rows", part_of="slide")
def slide_tile(
    request: HttpRequest, study: Study, slide_uid: UUID, level: int, column: int, row: int
) -> HttpResponse:
    slide = _slide(request, study, slide_uid)
    try:
        tile = slides_overview.tile_jpeg(slide, level, column, row)
    except IndexError as error:
        raise Http404(str(error)) from error
    return HttpResponse(tile, content_type="image/jpeg", headers={"Cache-Control": KEPT})


@study_page("rows", part_of="count_tile")
def count_tile(
    request: HttpRequest, study: Study, count_uid: UUID, level: int, column: int, row: int
) -> HttpResponse:
    """Where the cells of a count lie, to lay over the slide."""
    count = _count(request, study, count_uid)
    try:
        tile = slides_overview.cells_png(count, level, column, row)
    except IndexError as error:
        raise Http404(str(error)) from error
    return HttpResponse(tile, content_type="image/png", headers={"Cache-Control": KEPT})


@require_POST
@study_page("enter")
def slide_regions(request: HttpRequest, study: Study, slide_uid: UUID) -> HttpResponse:
    slide = _slide(request, study, slide_uid)
    form = RegionsForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        source = "imported" if given["file"] else "drawn"
        text = given["file"].read() if given["file"] else given["geojson"]
        try:
            services.regions_state(slide, request.user, text, source, given["comment"])
        except DataProblem as refusal:
            refuse_in(form, refusal)
    if form.errors:
        return _page(request, study, slide, regions_form=form)
    messages.success(request, _("The regions are kept."))
    return redirect("imaging:slide", study.uid, slide.uid)


@require_POST
@study_page("enter")
def slide_threshold(request: HttpRequest, study: Study, slide_uid: UUID) -> HttpResponse:
    slide = _slide(request, study, slide_uid)
    form = ThresholdForm(request.POST)
    if form.is_valid():
        try:
            services.counting_rule_state(
                study, request.user, slide.marker, slide.staining_batch, **form.cleaned_data
            )
        except DataProblem as refusal:
            refuse_in(form, refusal)
    if form.errors:
        return _page(request, study, slide, threshold_form=form)
    messages.success(request, _("The threshold is stated for all slides of its marker and batch."))
    return redirect("imaging:slide", study.uid, slide.uid)


@require_POST
@study_page("enter")
def slide_count(request: HttpRequest, study: Study, slide_uid: UUID) -> HttpResponse:
    slide = _slide(request, study, slide_uid)
    form = CountForm(request.POST)
    if form.is_valid():
        try:
            job = services.slide_count_start(slide, request.user, form.cleaned_data["scale"])
            return redirect("studies:job", study.uid, job.uid)
        except DataProblem as refusal:
            messages.error(request, sentences(refusal))
    return redirect("imaging:slide", study.uid, slide.uid)


@require_POST
@study_page("enter")
def count_adopt(request: HttpRequest, study: Study, count_uid: UUID) -> HttpResponse:
    count = _count(request, study, count_uid)
    try:
        density = services.count_adopt(count, request.user)
        messages.success(
            request,
            _("{per_mm2:,.0f} cells/mm² now speak for this region.").format(
                per_mm2=density.per_mm2
            ),
        )
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect("imaging:slide", study.uid, count.slide.uid)


def _slide(request: HttpRequest, study: Study, slide_uid: UUID) -> WholeSlide:
    rows = access.visible(WholeSlide.objects.all(), request.user, study)
    return get_object_or_404(rows.select_related("patient", "specimen", "file"), uid=slide_uid)


def _count(request: HttpRequest, study: Study, count_uid: UUID) -> CellCount:
    rows = access.visible(CellCount.objects.all(), request.user, study)
    related = ("slide__file", "slide__specimen", "region", "rule", "cells", "patient")
    return get_object_or_404(rows.select_related(*related), uid=count_uid)


def _page(request: HttpRequest, study: Study, slide: WholeSlide, **forms: Any) -> HttpResponse:
    rule = current_rule(study, slide.marker, slide.staining_batch)
    suggested = services.threshold_suggested(study, slide.marker, slide.staining_batch)
    start = {"threshold": rule.threshold if rule else suggested}
    context: dict[str, Any] = {
        "study": study, "slide": slide, "rule": rule, "suggested": suggested,
        "regions": current_regions(slide), "counts": counts_of(slide),
        "may_enter": "enter" in access.rights_of(request.user, study),
        "regions_form": RegionsForm(), "threshold_form": ThresholdForm(initial=start),
        "count_form": CountForm(), "drawn": slides_overview.regions_drawn(slide),
    }  # fmt: skip
    return render(request, "imaging/slide.html", context | forms)
