"""Model versions: which is meant, how it stands, who made it, and how often it was looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Reproduction,
    SavedQuestion,
    VersionEvent,
    VersionKind,
    VersionState,
)
from studies.methods.problems import refuse
from studies.methods.wording import marked
from studies.models import Cohort, CohortUse, Membership, Study

RELEASES = ("run", "manage")  # either right, at all sites


def version_to_reproduce(study: Study, uid: str = "", run_uid: str = "") -> ModelVersion:
    """The version of that uid, the first of a run, or the newest Rad-Score.

    Raises
    ------
    DataProblem
        There is none.
    """
    if not run_uid:
        return version_named(study, uid, "" if uid else VersionKind.RAD_SCORE)
    runs = ModelRun.objects.filter(study=study, uid=run_uid) if _is_uuid(run_uid) else []
    versions = ModelVersion.objects.filter(run__in=runs).order_by("id")
    first = versions.select_related("run", "fitting_snapshot", "file", "study").first()
    if first is None:
        raise refuse("run", run_uid, "the uid of a run", "Name a run of this study.")
    return first


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def version_named(study: Study, uid: str = "", kind: str = "") -> ModelVersion:
    """The version of that uid, or the newest of its kind.

    Raises
    ------
    DataProblem
        There is none.
    """
    versions = ModelVersion.objects.filter(study=study).select_related(
        "run__produced_by", "fitting_snapshot", "file", "study", "produced_by"
    )
    if kind:
        versions = versions.filter(kind=kind)
    if uid:
        versions = versions.filter(uid=uid) if _is_uuid(uid) else versions.none()
    version = versions.order_by("-id").first()
    if version is None:
        raise refuse(
            "version",
            uid or "no version in the study",
            "the uid of a model version",
            "Run the models first, or name another version.",
            column="version",
        )
    return version


def state_of(version: ModelVersion) -> str:
    """Where the last event left a version; a draft before any."""
    last = version.events.order_by("-number").values_list("to_state", flat=True).first()
    return last or VersionState.DRAFT.value


def states_of(study: Study) -> dict[int, str]:
    """State by version id, of those that ever moved."""
    events = VersionEvent.objects.filter(study=study).order_by("number")
    return dict(events.values_list("version_id", "to_state"))


def scope_of(version: ModelVersion) -> tuple[str, str, str, int]:
    """What a version is for: kind, endpoint, the cohort it was recalibrated to, its landmark."""
    site = (version.content.get("recalibration") or {}).get("cohort", "")
    return version.kind, version.endpoint, site, int(version.content.get("landmark_days") or 0)


def active_version(
    study: Study, kind: str, endpoint: str = "", recalibrated_to: str = "", landmark_days: int = 0
) -> ModelVersion | None:
    """The released version of a purpose, when there is one."""
    released = [pk for pk, state in states_of(study).items() if state == VersionState.RELEASED]
    versions = ModelVersion.objects.filter(pk__in=released, kind=kind, endpoint=endpoint)
    wanted = (kind, endpoint, recalibrated_to, landmark_days)
    return next((v for v in versions.order_by("-id") if scope_of(v) == wanted), None)


def proofs_of(version: ModelVersion) -> QuerySet[Reproduction]:
    """That its numbers came out again: of a recalibrated version only what computed it, too."""
    proofs = version.run.reproductions.all()
    if version.kind == VersionKind.RECALIBRATED:
        return proofs.filter(parts__recalibration__version=str(version.uid))
    return proofs


def maker_of(version: ModelVersion) -> int | None:
    """Who ran a version, by the job that made it."""
    job = version.produced_by or version.run.produced_by
    return None if job is None else job.acting_user_id


def releasers_of(version: ModelVersion) -> list[Any]:
    """Who may release a version today: whoever may run or manage at all sites, but its maker."""
    held = Membership.objects.current().filter(
        study=version.study, site=None, rights__overlap=list(RELEASES)
    )
    people = get_user_model().objects.filter(is_active=True, pk__in=held.values("user"))
    return list(people.exclude(pk=maker_of(version)).order_by("pk"))


def looks_at(cohort: Cohort) -> list[list[Evaluation]]:
    """Every look at a validating cohort, the first one first: what one version was shown there.

    A look is a version judged on a frozen table; its targets belong together. Evaluations cannot
    be deleted, so that no look is forgotten.
    """
    rows = Evaluation.objects.filter(cohort=cohort, basis=Basis.APPLIED)
    found: dict[tuple[int, int], list[Evaluation]] = {}
    for row in rows.select_related("version", "snapshot", "cohort").order_by("id"):
        found.setdefault((row.version_id, row.snapshot_id), []).append(row)
    return list(found.values())


def look_numbers(study: Study) -> dict[int, int]:
    """Per evaluation in a validating cohort the number of the look it belongs to."""
    rows = Evaluation.objects.filter(
        study=study, basis=Basis.APPLIED, cohort__use=CohortUse.VALIDATION
    ).order_by("id")
    seen: dict[int, dict[tuple[int, int], int]] = {}
    numbers: dict[int, int] = {}
    for pk, cohort, version, snapshot in rows.values_list(
        "pk", "cohort_id", "version_id", "snapshot_id"
    ):
        looks = seen.setdefault(cohort, {})
        numbers[pk] = looks.setdefault((version, snapshot), len(looks) + 1)
    return numbers


def snapshot_named(study: Study, uid: str, purpose: str = "rad_score") -> DatasetSnapshot:
    """The snapshot of that uid that a Rad-Score (or, by its purpose, a prognosis) can be fitted to.

    Raises
    ------
    DataProblem
        There is none.
    """
    rows = tables_of(study, purpose)
    found = rows.filter(uid=uid).first() if _is_uuid(uid) else None
    if found is None:
        expected = _SNAPSHOT_OF[purpose]
        raise refuse("snapshot", uid, expected, "Freeze one first.", column="snapshot")
    return found


_SNAPSHOT_OF = {
    "rad_score": marked("the uid of a Rad-Score's frozen table"),
    "prognosis": marked("the uid of a prognosis's frozen table"),
}


def tables_of(study: Study, purpose: str) -> QuerySet[DatasetSnapshot]:
    """Frozen tables of questions of one purpose, the newest first."""
    rows = DatasetSnapshot.objects.filter(study=study, question__purpose=purpose)
    return rows.select_related("table", "study")


def newest_table(study: Study, purpose: str, endpoint: str) -> DatasetSnapshot | None:
    """The newest frozen table of an endpoint whose rows are all there."""
    rows = tables_of(study, purpose).filter(question__endpoint=endpoint)
    return rows.filter(not_reproducible_since=None).first()


def question_named(study: Study, uid: str = "", purpose: str = "") -> SavedQuestion | None:
    """The saved question of that uid; none for none. With ``purpose``, one of that purpose.

    Raises
    ------
    DataProblem
        There is none of that uid, or it is of another purpose.
    """
    if not uid:
        return None
    rows = SavedQuestion.objects.filter(study=study, uid=uid) if _is_uuid(uid) else []
    found = next(iter(rows), None)
    if found is None:
        raise refuse("question", uid, "the uid of a saved question", "Save the question first.")
    if purpose and found.document.get("purpose", RAD_SCORE) != purpose:
        of_other, expected = _QUESTION_OF[purpose]
        raise refuse(str(found), of_other, expected, "Choose another question.", column="question")
    return found


RAD_SCORE = "rad_score"
_QUESTION_OF = {
    "rad_score": (
        marked("a question of a prognosis"), marked("a question of the Rad-Score")
    ),
    "prognosis": (
        marked("a question of the Rad-Score"), marked("a question of a prognosis")
    ),
}  # fmt: skip
