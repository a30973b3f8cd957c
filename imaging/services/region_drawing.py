"""A reader draws a region on a PET in the browser: seen first, then kept with how it was drawn."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from imaging.methods.drawn_region import DrawnRegion, Mask
from imaging.methods.quality_control import check_region
from imaging.methods.region_recipe import BRUSH, apply_recipe
from imaging.methods.uptake import Uptake as Measured
from imaging.methods.uptake import estimate_uptake
from imaging.methods.volume import Grid, Volume
from imaging.models import Modality, PetCtPair, Roi, RoiMethod, Series
from imaging.storage import read_grid, read_volume, volume_bytes
from studies.access import require
from studies.consents import IMAGING, refusals
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Lesion, LesionKind, Patient
from studies.services import (
    derivation_record,
    file_open,
    file_read,
    file_store,
    file_use,
    inputs_digest,
)

from .scan_writing import uptake_write
from .targets import target_choose

RECIPE_VERSION = "drawn/1"


@dataclass(frozen=True)
class Drawn:
    """A region that nobody has kept yet, and its numbers."""

    suv: Volume
    region: DrawnRegion
    uptake: Measured

    def as_dict(self) -> dict[str, Any]:
        """Numbers with units in their names; the mask as packed NIfTI in base64."""
        values = asdict(self.uptake)
        mtv, tlg = values.pop("mtv_ml"), values.pop("tlg")
        said = [*self.region.notices, *self.uptake.notices]
        return {
            **{name: value for name, value in values.items() if name != "notices"},
            **{f"mtv_{key}_ml": value for key, value in mtv.items()},
            **{f"tlg_{key}": value for key, value in tlg.items()},
            "level": self.region.level,
            "voxels": int(self.region.mask.array.sum()),
            "notices": [notice.as_dict() for notice in said],
            "mask": base64.b64encode(volume_bytes(self.region.mask)).decode(),
        }


def region_preview(pet: Series, recipe: dict[str, Any]) -> Drawn:
    """The region of a recipe and what it takes up; nothing is kept.

    Raises
    ------
    DataProblem
        A series that is no PET, or a recipe that gives no region with uptake.
    """
    if pet.modality != Modality.PT:
        raise refuse("series", say("a CT"), "a PET", "Draw on the PET of the pair.")
    suv = read_volume(file_read(pet.stored))
    region = apply_recipe(suv, recipe, _start(pet, recipe))
    return Drawn(suv, region, estimate_uptake(suv, region.mask, "region"))


def _start(pet: Series, recipe: dict[str, Any]) -> Mask | None:
    """The region that a brush goes on with."""
    if recipe.get("method") != BRUSH or not recipe.get("start"):
        return None
    try:
        roi = Roi.objects.filter(series=pet, uid=recipe["start"]).first()
    except (ValueError, TypeError, ValidationError):
        roi = None
    if roi is None:
        raise refuse(
            "start", str(recipe["start"]), "a region of this PET", "Choose one.", column="start"
        )
    return read_volume(file_read(roi.mask)).array


@transaction.atomic
def region_keep(
    pet: Series,
    user: Any,
    recipe: dict[str, Any],
    name: str,
    lesion: int | None = None,
    supersedes: Roi | None = None,
    comment: str = "",
) -> Roi:
    """Keep a region: who drew it, with what, which it supersedes, and its uptake.

    Without ``lesion`` it is the superseded region's, or a new one. The target lesion is chosen
    anew, by its rule.

    Raises
    ------
    DataProblem
        What ``region_preview`` refuses, no name, no such lesion, a region superseded already, or a
        patient whose scans may not be used.
    PermissionDenied
        The user lacks the right ``enter``.
    """
    require(user, pet.study, "enter")
    _check(pet, name, supersedes)
    drawn = region_preview(pet, recipe)
    mask = drawn.region.mask
    source = inputs_digest(RECIPE_VERSION, recipe, pet.stored.sha256)
    if same := Roi.objects.filter(series=pet, name=name, source_digest=source).first():
        return same
    stored = file_store(pet.study, volume_bytes(mask), "mask", "region.nii.gz")
    checks = check_region(mask, drawn.suv, _ct_grid(pet), name)
    notices = (*drawn.region.notices, *drawn.uptake.notices)
    roi = Roi.objects.create(
        patient=pet.patient, series=pet, mask=stored, name=name[:120], drawn_by=user,
        reader=user.get_username()[:120], tool=f"Isotherm {settings.VERSION}",
        method=RoiMethod.MANUAL if recipe["method"] == BRUSH else RoiMethod.SEMI_AUTOMATIC,
        recipe={**recipe, "version": RECIPE_VERSION, "level": drawn.region.level},
        comment=comment.strip(), supersedes=supersedes, source_digest=source,
        lesion=_lesion(pet.patient, lesion, supersedes), voxels=int(mask.array.sum()),
        volume_ml=drawn.uptake.volume_ml, notices=[notice.as_dict() for notice in notices],
        quality=[check.as_dict() for check in checks],
        inputs_digest=inputs_digest("roi/1", source, pet.content_digest),
    )  # fmt: skip
    file_use(stored, roi)
    derivation_record(pet.study, [pet.stored.sha256], stored.sha256)
    uptake_write(drawn.uptake, roi, pet)
    target_choose(pet.patient)
    return roi


def _check(pet: Series, name: str, supersedes: Roi | None) -> None:
    rows = Patient.objects.filter(pk=pet.patient_id)
    if why := refusals(pet.study, IMAGING, rows).get(pet.patient_id):
        raise refuse(
            pet.patient.pseudonym, why, "a patient whose scans may be used", "Record the consent."
        )
    if pet.replaced_at is not None:
        raise refuse("series", say("a replaced PET"), "the PET in force", "Open the newer one.")
    if not name.strip():
        raise refuse("name", say("nothing"), "a name", "Name the region.", column="name")
    if supersedes and (supersedes.series_id != pet.pk or supersedes.superseded_by.exists()):
        raise refuse(
            "supersedes",
            supersedes.name,
            "a region of this PET that is in force",
            "Choose another, or none.",
            column="supersedes",
        )


def _ct_grid(pet: Series) -> Grid | None:
    """The grid of the CT beside the PET."""
    pair = PetCtPair.objects.filter(pet=pet).select_related("ct__volume__study").first()
    if pair is None:
        return None
    with file_open(pair.ct.stored) as packed:
        return read_grid(packed)


def _lesion(patient: Patient, number: int | None, supersedes: Roi | None) -> Lesion:
    lesions = Lesion.objects.filter(patient=patient)
    if number is None and supersedes is not None:
        return supersedes.lesion
    if number is None:
        newest = lesions.order_by("-number").first()
        return Lesion.objects.create(
            patient=patient, number=newest.number + 1 if newest else 1, kind=LesionKind.UNKNOWN
        )
    if found := lesions.filter(number=number).first():
        return found
    known = ", ".join(str(n) for n in lesions.values_list("number", flat=True)) or say("none")
    raise refuse(
        "lesion",
        number,
        say("one of {known}", known=known),
        "Choose one, or a new one.",
        column="lesion",
    )
