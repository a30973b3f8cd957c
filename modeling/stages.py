"""How the models stand, for the study's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from modeling.models import Basis, Evaluation, ModelVersion, Report, VersionKind
from modeling.overviews import TARGETS
from modeling.selectors import speaking
from modeling.services.prognosis_endpoints import ENDPOINTS
from modeling.services.prognosis_question import PURPOSE
from modeling.services.prognosis_rows import rows_are_current
from modeling.services.snapshots import still_given
from studies.access import sees_all_sites
from studies.languages import job_message, spoken
from studies.methods.wording import listed, say
from studies.models import Job, JobState, Study
from studies.registry import StageState
from studies.value_words import word_of

OPEN = (JobState.QUEUED, JobState.RUNNING)
BAD = (JobState.FAILED, JobState.ERRORED)


def rad_score_stage(study: Study, user: Any) -> StageState:
    """The Rad-Score that speaks: its AUC by cohort, and whether it would come out the same."""
    url = reverse("modeling:runs", args=[study.uid])
    if waiting := _waiting(study, "modeling.rad_score_run", _("Rad-Score under way"), url):
        return waiting
    version = _speaking(study, VersionKind.RAD_SCORE)
    if version is None:
        return _none(study, "modeling.rad_score_run", _("No Rad-Score yet"), url)
    judged = version.evaluations.filter(
        target__in=["rna", "ihc", "response"], snapshot=version.fitting_snapshot
    )
    judged = judged.exclude(basis=Basis.APPARENT).select_related("cohort").order_by("id")
    detail = _("AUC: {cohorts}").format(cohorts=spoken(listed(say(_auc(one)) for one in judged)))
    headline = _("Rad-Score {number}, {method}").format(
        number=version.number, method=word_of(version.method)
    )
    url = reverse("modeling:run", args=[study.uid, version.run.uid])
    if not sees_all_sites(user, study):
        return StageState("ready", headline, f"{detail}. {_unasked()}", url)
    if not still_given([version.fitting_snapshot]):
        changed = _("{detail}; what it was made of has changed").format(detail=detail)
        return StageState("stale", headline, changed, url)
    return StageState("ready", headline, detail, url)


def prognosis_stage(study: Study, user: Any) -> StageState:
    """The nomogram of each endpoint that speaks, and whether it would come out the same."""
    url = reverse("modeling:runs", args=[study.uid])
    if waiting := _waiting(study, "modeling.prognosis_run", _("Nomograms under way"), url):
        return waiting
    rad_score = _speaking(study, VersionKind.RAD_SCORE)
    found = {
        one.short: version
        for endpoint, one in ENDPOINTS.items()
        if (version := _nomogram(study, endpoint, rad_score))
    }
    if not found:
        return _none(study, "modeling.prognosis_run", _("No nomogram yet"), url)
    headline = spoken(
        listed(
            say("{endpoint}: nomogram {number}", endpoint=say(name), number=v.number)
            for name, v in found.items()
        )
    )
    behind = [name for name, v in found.items() if rad_score not in v.parents.all()]
    if behind:
        names = spoken(listed(map(say, behind)))
        detail = _("{names} made with another Rad-Score").format(names=names)
        return StageState("stale", headline, detail, url)
    if rad_score and sees_all_sites(user, study):
        changed = [name for name, v in found.items() if not _rows_stand(v, rad_score)]
        if changed:
            detail = _("{names}: the patients' rows have changed since").format(
                names=spoken(listed(map(say, changed)))
            )
            return StageState("stale", headline, detail, url)
    if len(found) < len(ENDPOINTS):
        return StageState("partial", headline, _("The other endpoint is to be run."), url)
    return StageState("ready", headline, "" if sees_all_sites(user, study) else _unasked(), url)


def _unasked() -> str:
    """Rows of other sites are not read for somebody who may not see them."""
    return _("Those who see every site are told whether records have changed since.")


def _rows_stand(version: ModelVersion, rad_score: ModelVersion) -> bool:
    """Whether records give the rows that a nomogram's run was made of."""
    table = version.run.snapshot
    if table.question.get("purpose") == PURPOSE:
        return bool(still_given([table]))
    return rows_are_current(version, rad_score)


def report_stage(study: Study, user: Any) -> StageState:
    """The newest report, and whether other models speak now."""
    url = reverse("modeling:report", args=[study.uid])
    if waiting := _waiting(study, "modeling.report_build", _("Report under way"), url):
        return waiting
    read = Report.objects.filter(study=study).values("number", "sha256", "content__sources")
    report = read.first()
    if report is None:
        return _none(study, "modeling.report_build", _("No report yet"), url)
    headline = _("Report {number}").format(number=report["number"])
    told = {source["version_uid"] for source in report["content__sources"]}
    rad_score = _speaking(study, VersionKind.RAD_SCORE)
    speak = [rad_score, *(_nomogram(study, name, rad_score) for name in ENDPOINTS)]
    if any(version and str(version.uid) not in told for version in speak):
        return StageState("stale", headline, _("other models than the report's"), url)
    return StageState(
        "ready", headline, _("digest {digest}").format(digest=report["sha256"][:12]), url
    )


def _auc(evaluation: Evaluation) -> str:
    return _("{cohort} {auc:.2f} ({target})").format(
        cohort=word_of(evaluation.cohort.name),
        auc=evaluation.metrics["auc"]["estimate"],
        target=spoken(TARGETS[evaluation.target]),
    )


def _nomogram(study: Study, endpoint: str, rad_score: ModelVersion | None) -> ModelVersion | None:
    """Of those made with the Rad-Score that speaks, else of any."""
    kind = VersionKind.NOMOGRAM
    with_it = _speaking(study, kind, endpoint=endpoint, parents=rad_score) if rad_score else None
    return with_it or _speaking(study, kind, endpoint=endpoint)


def _speaking(study: Study, kind: str, **scope: Any) -> ModelVersion | None:
    return (
        speaking(study, kind, **scope)
        .select_related("run__snapshot__table", "run__snapshot__study", "fitting_snapshot")
        .first()
    )


def _waiting(study: Study, kind: str, headline: str, url: str) -> StageState | None:
    job = Job.objects.filter(study=study, kind=kind, state__in=OPEN).first()
    if job is None:
        return None
    return StageState("running", headline, f"{job.share:.0%} · {job_message(job)}", url)


def _none(study: Study, kind: str, headline: str, url: str) -> StageState:
    newest = Job.objects.filter(study=study, kind=kind).order_by("-id").first()
    if newest is not None and newest.state in BAD:
        return StageState(
            "failed",
            headline,
            _("The last run ended with a problem."),
            reverse("studies:job", args=[study.uid, newest.uid]),
        )
    return StageState("empty", headline, "", url)
