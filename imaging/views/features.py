"""Extractor versions, how far their features reach, and what one of them learned."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from imaging.features_missing import features_missing
from imaging.figures.losses import losses_figure
from imaging.models import ExtractorVersion
from imaging.stages import extractor_versions, features_stage
from studies import access
from studies.figures.render import render_inline_svg
from studies.models import Study
from studies.services import file_read
from studies.views.doors import study_page
from studies.views.pictures import explored_answer


@study_page("aggregates")
def feature_page(request: HttpRequest, study: Study) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    return render(request, "imaging/features.html", {
        "study": study,
        "versions": extractor_versions(study),
        "missing": features_missing(study, request.user) if "rows" in rights else None,
        "may_run": "run" in rights,
        "state": features_stage(study, request.user),
    })  # fmt: skip


@study_page("aggregates")
def extractor_page(request: HttpRequest, study: Study, extractor_uid: UUID) -> HttpResponse:
    version = get_object_or_404(
        ExtractorVersion.objects.select_related("weights"), study=study, uid=extractor_uid
    )
    rights = access.rights_of(request.user, study)
    figure = losses_figure(version)
    return render(request, "imaging/extractor.html", {
        "study": study, "version": version, "figure": figure,
        "svg": mark_safe(render_inline_svg(figure)) if figure else "",  # drawn here, from numbers
        "shows_patients": "rows" in rights and access.sees_all_sites(request.user, study),
    })  # fmt: skip


@study_page("aggregates")
def extractor_losses(request: HttpRequest, study: Study, extractor_uid: UUID) -> HttpResponse:
    """The losses, to be explored."""
    version = get_object_or_404(ExtractorVersion, study=study, uid=extractor_uid)
    return explored_answer(losses_figure(version))


@study_page("rows")
def extractor_picture(request: HttpRequest, study: Study, extractor_uid: UUID) -> HttpResponse:
    """Cubes of patients of any site, as they were given back: for readers of every site's rows."""
    version = get_object_or_404(ExtractorVersion, study=study, uid=extractor_uid)
    if version.picture is None or not access.sees_all_sites(request.user, study):
        raise Http404(_("No such picture."))
    return HttpResponse(file_read(version.picture), content_type="image/png")
