"""A run computed again from its frozen rows, every stored number compared, the proof kept.

Roles, sites and digests are those that were frozen; what has become of them since is counted and
told beside the verdict (``changed_since``).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import Any

from django.db import transaction

from modeling.methods.number_comparison import Comparison, compare_numbers
from modeling.methods.recipe import read_recipe
from modeling.methods.snapshot_table import read_snapshot_table
from modeling.models import ModelRun, ModelVersion, Reproduction, Verdict, VersionKind
from modeling.selectors import frozen_cohorts, predicted
from modeling.services.environment import code_commit, library_versions
from modeling.services.external_validation import validations_again
from modeling.services.prognosis_again import prognosis_again, snapshots_behind
from modeling.services.rad_score import Found, run_compute, run_prepare
from modeling.services.rad_score_state import RadScoreRun
from modeling.services.rad_score_writing import predictions_table
from modeling.services.since_frozen import changed_since
from modeling.services.version_applying import version_apply
from modeling.services.version_estimator import inputs_of
from modeling.services.version_manifest import digests_check, libraries_changed
from modeling.services.version_recalibrating import recalibration_again
from modeling.storage import canonical_json
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import marked
from studies.models import Job
from studies.models.stored import FIRST
from studies.services import file_read, inputs_digest

TOLERANCE = 1e-9


def version_reproduce(
    version: ModelVersion,
    tolerance: float = TOLERANCE,
    progress: Progress = no_progress,
    job: Job | None = None,
    workers: int | None = None,
) -> Reproduction:
    """Compute a version's run again and say equal, within the tolerance, or different and where.

    Raises
    ------
    DataProblem
        Bytes or numbers that are not those of their digest.
    """
    _check_untouched(version)
    began = time.monotonic()
    progress(0, 100, marked("Reading the frozen table"))
    if version.kind == VersionKind.NOMOGRAM:
        both, snapshots = prognosis_again(version), snapshots_behind(version)
    else:
        both = _rad_score_again(version, progress, workers)
        snapshots = [version.run.snapshot]
    if version.kind == VersionKind.RECALIBRATED:
        both = chain(both, _recalibrated_again(version))
        snapshots = [*snapshots, version.fitting_snapshot]
    parts = {
        name: compare_numbers(stored, _formats_as_in(stored, now), tolerance)
        for name, (stored, now) in both
    }
    since = changed_since(snapshots)
    return _write(version, parts, since, tolerance, time.monotonic() - began, job)


def _rad_score_again(
    version: ModelVersion, progress: Progress, workers: int | None
) -> Iterator[tuple[str, Any]]:
    run = version.run
    recipe = read_recipe(run.recipe)
    again = run_prepare(run.study, run.snapshot, recipe, run.seed, None, workers, again=True)
    found = run_compute(again, progress)
    yield from _both(run, run.versions.earliest("id"), again, found)


def _recalibrated_again(version: ModelVersion) -> Iterator[tuple[str, Any]]:
    yield from recalibration_again(version)
    looks = validations_again(version, lambda rows: version_apply(version, rows))
    yield from [("recalibrated_later_looks", looks)] if looks[0] else []


def read_tolerance(value: Any) -> float:
    """Largest difference of two numbers that still counts as near; forms send text."""
    try:
        tolerance = float(str(value))
    except ValueError:
        tolerance = math.nan
    if not 0 <= tolerance <= 1:
        raise refuse("tolerance", str(value), "a number from 0 to 1", "Give such a number.")
    return tolerance


def _check_untouched(version: ModelVersion) -> None:
    """What was tampered with is no ground to compare from."""
    wrong = digests_check(version)
    if wrong:
        raise DataProblem(
            [
                Problem(
                    str(version),
                    text,
                    "what was written by the run",
                    "Restore the database and the files from a backup.",
                )
                for text in wrong
            ]
        )


def _both(run: ModelRun, version: ModelVersion, again: RadScoreRun, found: Found) -> Any:
    """Per part: what is stored, and what came out now."""
    yield "comparison", (run.results, _as_stored(found.results))
    names = {cohort.pk: cohort.name for cohort in frozen_cohorts(run.snapshot).values()}
    stored = {
        f"{names[e.cohort_id]}, {e.target}, {e.basis}": e.metrics
        for e in version.evaluations.filter(snapshot=run.snapshot)
    }
    now = {f"{j.cohort}, {j.target}, {j.basis}": _as_stored(j.metrics) for j in found.judged}
    yield "evaluations", (stored, now)
    looks = validations_again(version, partial(_applied, found.fitted.pipeline, again.names))
    if looks[0]:
        yield "later_looks", looks
    yield "threshold", (version.threshold, float(found.fitted.threshold))
    if run.predictions is not None:
        before = read_snapshot_table(file_read(run.predictions)).to_dict("list")
        after = read_snapshot_table(predictions_table(again, found.fitted)).to_dict("list")
        yield "out_of_fold_predictions", (before, after)
    applied = dict(zip(again.elsewhere["pseudonym"], map(float, found.fitted.applied), strict=True))
    applied |= dict(zip(again.keys, map(float, found.fitted.out_of_fold), strict=True))
    included = run.snapshot.members.filter(included=True)  # others came to be judged later
    kept = predicted(version, run.snapshot, patient_id__in=included.values("patient_id"))
    yield "predictions", (kept, applied)


def _applied(pipeline: Any, features: list[str], rows: Any) -> Any:
    return pipeline.predict_proba(inputs_of(pipeline, features, rows))[:, 1]


def _formats_as_in(stored: Any, now: Any) -> Any:
    """``now`` without the first format's number where ``stored`` is from before formats."""
    if isinstance(stored, dict) and isinstance(now, dict):
        new = {"format"} - set(stored) if now.get("format") == FIRST else set()
        return {k: _formats_as_in(stored.get(k), v) for k, v in now.items() if k not in new}
    if isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        return [_formats_as_in(one, other) for one, other in zip(stored, now, strict=True)]
    return now


def _as_stored(content: Any) -> Any:
    """As the database gives it back: tuples are lists, keys are texts."""
    return json.loads(canonical_json(content))


@transaction.atomic
def _write(
    version: ModelVersion,
    parts: dict[str, Comparison],
    since: list[dict[str, Any]],
    tolerance: float,
    seconds: float,
    job: Job | None,
) -> Reproduction:
    run = version.run
    verdicts = {name: comparison.verdict for name, comparison in parts.items()}
    worst = next(v for v in ("different", "within_tolerance", "equal") if v in verdicts.values())
    places = [
        {"part": name, **asdict(difference)}
        for name, comparison in parts.items()
        for difference in comparison.differences
    ]
    versions = library_versions()
    return Reproduction.objects.create(
        study=run.study,
        run=run,
        verdict=Verdict(worst),
        tolerance=tolerance,
        compared=sum(c.compared for c in parts.values()),
        largest_difference=max(c.largest for c in parts.values()),
        parts={
            name: {
                "version": str(version.uid),
                "verdict": c.verdict,
                "compared": c.compared,
                "different": c.different,
                "beyond": c.beyond,
                "largest": c.largest,
            }
            for name, c in parts.items()
        },
        differences=places[:200],
        library_versions=versions,
        changed_libraries=libraries_changed(run.library_versions),
        changed_since=since,
        commit=code_commit(),
        seconds=round(seconds, 3),
        produced_by=job,
        inputs_digest=inputs_digest("reproduction", run.results_sha256, versions, code_commit()),
    )
