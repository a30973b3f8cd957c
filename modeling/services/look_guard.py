"""Before a version is shown a validating cohort: it has seen nobody there under any name."""

from __future__ import annotations

import pandas as pd

from modeling.methods.leak_guard import (
    check_identical_rows,
    check_patients_apart,
    refuse_leaks,
)
from modeling.methods.leak_origins import check_identical_images
from modeling.models import DatasetSnapshot, ModelVersion, VersionKind
from modeling.selectors import (
    frozen_images,
    frozen_keys,
    image_digests,
    is_development,
    names_since,
)
from modeling.services.rad_score_guard import scans_dated_before
from modeling.services.snapshots import rows_by_todays_names
from modeling.services.version_applying import root_of
from modeling.services.version_life import ancestry_of
from studies.methods.problems import Problem
from studies.models import CohortUse


def look_refuse(version: ModelVersion, snapshot: DatasetSnapshot, rows: pd.DataFrame) -> None:
    """Raise everything that was found at once.

    Parameters
    ----------
    rows : DataFrame
        The frozen rows of the cohort.

    Raises
    ------
    DataProblem
        A patient whom the version, or one that it was made from, was fitted to; an image or
        features of such a patient under another name; a scan of after treatment began.
    """
    learned, here = _learned(version), sorted(set(rows["pseudonym"]))
    refuse_leaks(
        [
            *check_patients_apart(sorted(learned), {snapshot.question["cohort"]: here}),
            *_identical_images(version, here),
            *_identical_rows(version, rows),
            *scans_dated_before(snapshot, rows),
        ]
    )


def _learned(version: ModelVersion) -> set[str]:
    """Whom anything in the line of a version was fitted to, by the pseudonyms of today."""
    found: set[str] = set()
    for one in ancestry_of(version):
        keys = frozen_keys(one.fitting_snapshot)
        if one.kind != VersionKind.RECALIBRATED:
            keys = keys[keys["use"] == CohortUse.DEVELOPMENT]
        since = names_since(one.fitting_snapshot)
        found |= {since.get(name, name) for name in keys["pseudonym"]}
    return found


def _identical_images(version: ModelVersion, here: list[str]) -> list[Problem]:
    """Images of the fit as they were and as they are, of the cohort as they are."""
    root = root_of(version)
    keys = frozen_keys(root.fitting_snapshot)
    since = names_since(root.fitting_snapshot)
    fitted = keys.loc[keys["use"] == CohortUse.DEVELOPMENT, "pseudonym"]
    fitted = {since.get(name, name) for name in fitted}
    then = frozen_images(root.fitting_snapshot)
    before = {since.get(name, name): images for name, images in then.items()}
    now = image_digests(version.study)
    pairs = [(key, image) for key in sorted(fitted) for image in before.get(key, ())]
    pairs += [(key, image) for key in sorted(fitted | set(here)) for image in now.get(key, ())]
    return check_identical_images([key for key, _ in pairs], [image for _, image in pairs])


def _identical_rows(version: ModelVersion, rows: pd.DataFrame) -> list[Problem]:
    root = root_of(version)
    names, frozen = root.content["features"], rows_by_todays_names(root.fitting_snapshot)
    columns = ["pseudonym", *names]
    both = pd.concat([frozen.loc[is_development(frozen), columns], rows[columns]])
    return check_identical_rows(list(both["pseudonym"]), both[names].to_numpy(float))
