"""The viewer of a PET/CT, the bytes it shows, and the form that draws regions on it."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from imaging import services
from imaging.forms import DrawForm
from imaging.models import Modality, Series
from imaging.selectors.targets import target_of
from imaging.selectors.viewing import scene_of, scene_series
from imaging.serving import mask_response, volume_response
from studies import access
from studies.forms import refuse_in
from studies.methods.problems import DataProblem
from studies.methods.wording import marked
from studies.models import Study
from studies.views.doors import study_page

# What NiiVue needs beside the house's policy: fonts as data, pictures from memory.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)

NUMBERS = [
    (marked("SUVmax"), "suv_max", 2), (marked("SUVpeak"), "suv_peak", 2),
    (marked("SUVmean"), "suv_mean", 2),
    (marked("Volume, mL"), "volume_ml", 1), (marked("MTV 41 %, mL"), "mtv_41_percent_ml", 1),
    (marked("MTV 2.5, mL"), "mtv_suv_2_5_ml", 1), (marked("MTV 4.0, mL"), "mtv_suv_4_0_ml", 1),
    (marked("TLG 41 %, g"), "tlg_41_percent", 0), (marked("Lower SUV"), "level", 2),
]  # fmt: skip


@study_page("rows")
def viewer(request: HttpRequest, study: Study, series_uid: UUID) -> HttpResponse:
    """PET over CT with the regions; the form below draws one, with or without a mouse."""
    series = _series(request, study, series_uid)
    pet, ct = scene_series(series)
    may_draw = pet is not None and "enter" in access.rights_of(request.user, study)
    form = DrawForm(request.POST or None, pet=pet) if may_draw else None
    shown: dict[str, Any] = {}
    if form is not None and pet is not None and form.is_valid():
        try:
            if "keep" in request.POST:
                return _keep(request, study, pet, form)
            shown = _preview(pet, form)
        except DataProblem as refusal:
            refuse_in(form, refusal)
    response = render(request, "imaging/viewer.html", {
        "study": study, "series": series, "pet": pet, "ct": ct, "form": form, "drawn": shown,
        "may_draw": may_draw, "scene": scene_of(study, pet, ct), "numbers": NUMBERS,
        "target": target_of(series.patient), "patient": series.patient,
    })  # fmt: skip
    response["Content-Security-Policy"] = POLICY
    return response


def _keep(request: HttpRequest, study: Study, pet: Series, form: DrawForm) -> HttpResponse:
    given = form.cleaned_data
    roi = services.region_keep(
        pet, request.user, form.recipe(), given["name"], given["lesion"],
        given["supersedes"], given["comment"],
    )  # fmt: skip
    messages.success(request, _("{name} is kept, with its uptake.").format(name=roi.name))
    return redirect(reverse("imaging:viewer", args=[study.uid, pet.uid]) + f"#roi-{roi.uid}")


def _preview(pet: Series, form: DrawForm) -> dict[str, Any]:
    drawn = services.region_preview(pet, form.recipe())
    picture = services.mask_picture(drawn.suv, drawn.region.mask)
    shown = drawn.as_dict()
    shown["picture"] = base64.b64encode(picture).decode()
    return shown


@study_page("rows")
def volume(request: HttpRequest, study: Study, series_uid: UUID) -> HttpResponseBase:
    """A PET in SUV or a CT in HU as packed NIfTI."""
    return volume_response(request, study, series_uid)


@study_page("rows")
def mask(request: HttpRequest, study: Study, roi_uid: UUID) -> HttpResponseBase:
    """A region as packed NIfTI on the grid of its series."""
    return mask_response(request, study, roi_uid)


@study_page("rows", part_of="projection")
def projection(request: HttpRequest, study: Study, series_uid: UUID, degrees: int) -> HttpResponse:
    """The PET's maximum intensity projection from one side."""
    series = _series(request, study, series_uid)
    if series.modality != Modality.PT or degrees >= 360:
        raise Http404(_("No such projection."))
    response = HttpResponse(services.projection_picture(series, degrees), content_type="image/png")
    response["Cache-Control"] = "private, max-age=86400"
    return response


def _series(request: HttpRequest, study: Study, series_uid: UUID) -> Series:
    visible = access.visible(Series.objects.all(), request.user, study)
    return get_object_or_404(visible.select_related("patient", "volume__study"), uid=series_uid)
