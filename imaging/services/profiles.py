"""How a laboratory's exports are read, remembered, and an export handed in by it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from imaging.methods.density_profile import (
    DensityProfile,
    check_profile,
    suggest_profile,
)
from imaging.methods.density_table import read_lines
from imaging.models import LaboratoryProfile
from studies.access import require
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import ImportBatch, Study
from studies.services import batch_receive

MOST_WORDS = 40


def export_suggest(data: bytes, name: str) -> tuple[list[str], list[str], DensityProfile]:
    """Columns of an export, the words of its region column, and a first reading of them."""
    header, rows = read_lines(data, name)
    profile = suggest_profile(header, rows)
    if len(profile.regions) > MOST_WORDS:
        column = profile.columns["region"]
        found = say("{n} different words in {column}", n=len(profile.regions), column=column)
        raise refuse(
            name,
            found,
            say("at most {most_words}", most_words=MOST_WORDS),
            "Export annotations, not single cells.",
        )
    return header, list(profile.regions), profile


@transaction.atomic
def profile_state(
    study: Study, user: Any, name: str, stored: dict[str, Any], header: list[str]
) -> LaboratoryProfile:
    """Remember how a laboratory's exports are read; a change is the next number.

    Raises
    ------
    DataProblem
        A profile that does not say enough to give a density.
    """
    require(user, study, "enter")
    profile = DensityProfile.from_dict(stored)
    check_profile(profile, header, name)
    last = LaboratoryProfile.objects.filter(study=study, name=name).order_by("-number").first()
    if last and last.profile == profile.as_dict():
        return last
    return LaboratoryProfile.objects.create(
        study=study,
        name=name,
        number=last.number + 1 if last else 1,
        profile=profile.as_dict(),
        stated_by=user,
    )


def export_receive(
    profile: LaboratoryProfile, user: Any, data: bytes, filename: str
) -> ImportBatch:
    """Hand an export in at the densities' door, to be read by the laboratory's profile."""
    options = {"profile": str(profile.uid)}
    return batch_receive(profile.study, user, "cell_densities", data, filename, options)


def profile_of_batch(batch: ImportBatch) -> DensityProfile | None:
    """The profile that a file was handed in with."""
    uid = batch.options.get("profile")
    if not uid:
        return None
    row = LaboratoryProfile.objects.filter(study=batch.study, uid=uid).first()
    if row is None:
        raise refuse(
            batch.filename,
            say("profile {uid}", uid=uid),
            "a profile of this study",
            "Choose the laboratory.",
        )
    return DensityProfile.from_dict(row.profile)
