"""The lists of imaging: scans."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studies.listings import NOTHING, day, link, patient_link
from studies.lists import Column, Empty, Listing
from studies.models import Study
from studies.templatetags.studies_ui import state, words


def _pet(row: Any, study: Study) -> SafeString:
    shown = link("imaging:viewer", study, row.pet.uid, gettext("view"))
    return format_html(
        '<span class="nowrap">{} {}</span>', link("imaging:scan", study, row.pet.uid, "PET"), shown
    )


def _ct(row: Any, study: Study) -> Any:
    return link("imaging:scan", study, row.pair.ct.uid, "CT") if row.pair else gettext("none")


def _timing(row: Any, study: Study) -> Any:
    if row.pair is None:
        return NOTHING
    return mark_safe(render_to_string("imaging/_timing.html", {"pair": row.pair}).strip())


def _target(name: str, digits: int) -> Any:
    def cell(row: Any, study: Study) -> str:
        return NOTHING if row.target is None else f"{getattr(row.target, name):.{digits}f}"

    return cell


SCANS = Listing(
    page="imaging:scans",
    title=_("Scans"),
    columns=(
        Column(
            "patient",
            _("Patient"),
            lambda r, study: patient_link(r.pet, study),
            "patient__pseudonym",
        ),
        Column("pet", "PET", _pet),
        Column("ct", "CT", _ct),
        Column("state", _("State"), lambda r, study: state(r.pet.state), "state"),
        Column(
            "quality", _("Quality"), lambda r, study: state(r.quality) if r.quality else NOTHING
        ),
        Column("timing", _("Timing"), _timing),
        Column(
            "scanner",
            _("Scanner"),
            lambda r, study: f"{r.pet.manufacturer} {r.pet.model}",
            "manufacturer",
        ),
        Column(
            "reconstruction",
            _("Reconstruction"),
            lambda r, study: r.pet.reconstruction or NOTHING,
            "reconstruction",
            shown=False,
        ),
        Column("regions", _("Regions"), lambda r, study: r.regions, numeric=True),
        Column("suv_max", _("SUVmax"), _target("suv_max", 2), numeric=True),
        Column("mtv", _("MTV, mL"), _target("mtv_41_percent_ml", 1), numeric=True),
        Column("tlg", _("TLG, g"), _target("tlg_41_percent", 0), numeric=True),
        Column(
            "since",
            _("Taken in"),
            lambda r, study: format_html('<span class="nowrap">{}</span>', day(r.pet.created_at)),
            "id",  # series come in by order of time, and the key is indexed
        ),
    ),
    empty=Empty(
        _("No scans yet"),
        _(
            "Upload zips of DICOM files: PET, CT and the lesions as RTSTRUCT or SEG. "
            "Each patient's PatientID is the pseudonym."
        ),
        "studies:uploads",
        _("Upload scans"),
    ),
    sort="-since",
    search=("patient__pseudonym__startswith",),
    search_word=_("Pseudonym begins with"),
    names_patients=True,
)


def _slide(row: Any, study: Study) -> SafeString:
    return link("imaging:slide", study, row.uid, f"{row.specimen.label} {row.marker}")


WHOLE_SLIDES = Listing(
    page="imaging:whole_slides",
    title=_("Scanned slides"),
    columns=(
        Column("slide", _("Slide"), _slide, "specimen__label"),
        Column("patient", _("Patient"), patient_link, "patient__pseudonym"),
        Column("marker", _("Marker"), lambda r, study: r.marker, "marker"),
        Column(
            "batch",
            _("Staining batch"),
            lambda r, study: r.staining_batch or NOTHING,
            "staining_batch",
        ),
        Column(
            "tissue",
            _("Tissue, mm²"),
            lambda r, study: f"{r.tissue_mm2:.1f}",
            "tissue_mm2",
            numeric=True,
        ),
        Column("scanner", _("Scanner"), lambda r, study: words(r.vendor), "vendor"),
        Column("since", _("Taken in"), lambda r, study: day(r.created_at), "created_at"),
    ),
    empty=Empty(
        _("No scanned slide yet"),
        _(
            "A slide of a specimen, as SVS, NDPI, MRXS, TIFF or OME-TIFF, is looked at by zoom and "
            "counted by a stated threshold."
        ),
        "studies:uploads",
        _("Upload a slide"),
    ),
    newest_first=False,
    search=("patient__pseudonym__startswith", "specimen__label__startswith"),
    search_word=_("Pseudonym or label begins with"),
    names_patients=True,
)
