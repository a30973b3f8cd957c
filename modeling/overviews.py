"""What the pages of runs, versions and snapshots show."""

from __future__ import annotations

from collections import Counter
from typing import Any

from modeling.figures.classifier_comparison import ClassifierAuc, draw_classifier_comparison
from modeling.figures.estimates import Estimate, draw_estimates
from modeling.methods.scanner_plan import group_said
from modeling.models import (
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    Reproduction,
    SnapshotMember,
    VersionEvent,
    VersionState,
)
from modeling.selectors import (
    look_numbers,
    maker_of,
    order_only,
    proofs_of,
    releasers_of,
    state_of,
    states_of,
)
from modeling.services.prognosis_endpoints import ENDPOINTS
from modeling.since_words import said_of_proof
from studies.figures.figure import Figure
from studies.methods.wording import marked, say
from studies.models import CohortRole, Derivation, Job, JobState, Study
from studies.templatetags.studies_ui import person

KINDS = (
    "modeling.rad_score_run",
    "modeling.prognosis_run",
    "modeling.report_build",
    "modeling.reproduce",
    "modeling.rad_score_examine",
    "modeling.version_validate",
    "modeling.version_recalibrate",
)
ROLES = list(CohortRole.values)
OPEN = (JobState.QUEUED, JobState.RUNNING)
SHARES = (
    "accuracy", "sensitivity", "specificity",
    "positive_predictive_value", "negative_predictive_value",
)  # fmt: skip
TARGETS = {
    "rna": marked("hot by RNA"),
    "ihc": marked("hot by IHC"),
    "response": marked("responder"),
    **{name: one.sentence for name, one in ENDPOINTS.items()},
}
BASES = {
    "out_of_fold": marked("out of fold"),
    "applied": marked("applied"),
    "apparent": marked("apparent (its own patients)"),
    "optimism_corrected": marked("optimism-corrected"),
}


def jobs_under_way(study: Study) -> list[Job]:
    return list(Job.objects.filter(study=study, kind__in=KINDS, state__in=OPEN))


def classifier_rows(run: ModelRun) -> list[dict[str, Any]]:
    """The comparison, best AUC first."""
    rows = run.results.get("classifiers", [])
    return sorted(rows, key=lambda row: (-row["auc"]["estimate"], row["name"]))


def classifier_figure(run: ModelRun) -> Figure | None:
    rows = classifier_rows(run)
    if not rows:
        return None
    cohort = next(iter(run.snapshot.members.filter(cohort__use="development")), None)
    name = cohort.cohort.name if cohort else marked("training")
    drawn = [
        ClassifierAuc(
            row["title"], say("{cohort}, out of fold", cohort=say(name)), row["auc"]["estimate"],
            row["auc"]["lower"], row["auc"]["upper"], row["n"],
        )
        for row in rows
    ]  # fmt: skip
    caption = say(
        "AUC for hot by RNA, DeLong 95 % CI, n = {n}; the same folds for all.", n=rows[0]["n"]
    )
    return draw_classifier_comparison(drawn, caption=caption)


def run_figure(run: ModelRun, key: str) -> Figure | None:
    drawn = (classifier_figure(run), scanners_figure(run))
    return next((figure for figure in drawn if figure and figure.key == key), None)


def scanners_figure(run: ModelRun) -> Figure | None:
    """How far each scanner stands from training, before and after harmonising."""
    found = run.results.get("harmonise")
    if not found or not found["shifts"]:
        return None
    drawn = [
        Estimate(
            _scanner_label(row), say(words), row[when]["median"], row[when]["lower"],
            row[when]["upper"], row["n"],
        )
        for row in found["shifts"]
        for when, words in (("before", marked("before")), ("after", marked("after")))
    ]  # fmt: skip
    return draw_estimates(
        drawn,
        say("Scanners before and after harmonising"),
        say(
            "Distance of a scanner's mean from training, feature by feature: median and quartiles "
            "over features, in SD within scanners. Training out of fold; elsewhere by the frozen "
            "fit. Of n patients without any shift the median is about 0.67/√n; cohorts elsewhere "
            "may differ by their patients, too."
        ),
        say("SD from the mean of training"),
        "scanners_harmonised",
        0.0,
        whiskers=marked("quartiles"),
    )


def _scanner_label(row: dict[str, Any]) -> str:
    """The cohort first: a long name of a scanner is cut at its end."""
    pattern = marked("{cohort}, {modality} (n {n}): {group}")
    if not row["known"]:
        pattern = marked("{cohort}, {modality}, unseen (n {n}): {group}")
    cohort = say(row["cohort"].replace("_", " "))
    group = group_said(row["group"])
    return say(pattern, modality=row["modality"], group=group, cohort=cohort, n=row["n"])


def evaluation_rows(version: ModelVersion) -> list[dict[str, Any]]:
    """Rad-Score evaluations as table rows, the apparent one last."""
    found = version.evaluations.select_related("cohort", "snapshot").order_by("id")
    looks = look_numbers(version.study)
    rows = [_evaluation(e, looks) for e in found if "accuracy" in e.metrics]
    return sorted(rows, key=_place)


def _place(row: dict[str, Any]) -> tuple[bool, int]:
    """Training first, then from near to far; the apparent numbers last."""
    evaluation = row["evaluation"]
    return evaluation.basis == "apparent", ROLES.index(evaluation.cohort.role)


def _evaluation(evaluation: Evaluation, looks: dict[int, int]) -> dict[str, Any]:
    metrics = evaluation.metrics
    return {
        "evaluation": evaluation,
        "look": looks.get(evaluation.pk),
        "target": TARGETS.get(evaluation.target, evaluation.target),
        "basis": BASES[evaluation.basis],
        "metrics": metrics,
        "order_only": order_only(evaluation.target),
        "shares": [metrics[name] for name in SHARES],
    }


def ablation_rows(run: ModelRun) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """One row per ablation, one column per cohort and target."""
    rows = run.results.get("ablations", [])
    heads = [
        (cell["cohort"], TARGETS[cell["target"]]) for cell in (rows[0]["cohorts"] if rows else [])
    ]
    return heads, rows


def membership_counts(snapshot: DatasetSnapshot) -> list[dict[str, Any]]:
    """Per cohort: in, out, and out by reason; only what the user's rows reach is counted."""
    members = SnapshotMember.objects.filter(snapshot=snapshot).select_related("cohort")
    cohorts: dict[str, list[SnapshotMember]] = {}
    for member in sorted(members, key=lambda m: ROLES.index(m.cohort.role)):
        cohorts.setdefault(member.cohort.name, []).append(member)
    return [
        {
            "cohort": name,
            "targets": [TARGETS.get(t, t) for t in _listed(snapshot.targets.get(name))],
            "included": sum(member.included for member in rows),
            "left_out": sum(not member.included for member in rows),
            "reasons": Counter(m.reason for m in rows if not m.included).most_common(),
        }
        for name, rows in cohorts.items()
    ]


def _listed(targets: Any) -> list[str]:
    return [targets] if isinstance(targets, str) else list(targets or [])


def left_out_of(snapshot: DatasetSnapshot, user: Any) -> list[SnapshotMember]:
    rows = SnapshotMember.objects.visible_to(user).filter(snapshot=snapshot, included=False)
    return list(
        rows.select_related("patient", "cohort").order_by("cohort_id", "patient__pseudonym")
    )


def lineage_of(version: ModelVersion) -> dict[str, Any]:
    """Where a version comes from and what was made with it, by digest."""
    inputs = Derivation.objects.filter(
        study=version.study, child_digest=version.fitting_snapshot.sha256
    )
    return {
        "parents": list(version.parents.all()),
        "children": list(version.children.all()),
        "snapshot": version.fitting_snapshot,
        "inputs": inputs.count(),
        "run": version.run,
    }


def life_of(version: ModelVersion, user: Any) -> dict[str, Any]:
    """State, history, proofs of reproduction, and whether ``user`` may release it."""
    maker, others = maker_of(version), releasers_of(version)
    return {
        "state": state_of(version),
        "events": list(version.events.select_related("acted_by").order_by("number")),
        "proofs": _proofs(version),
        "is_maker": maker == user.pk,
        "maker_known": maker is not None,
        "may_release": maker is not None and any(one.pk == user.pk for one in others),
        "others": [person(one) for one in others if one.pk != user.pk and maker is not None],
    }


def _proofs(version: ModelVersion) -> list[Reproduction]:
    proofs = list(proofs_of(version).select_related("run").order_by("-id"))
    for proof in proofs:
        proof.said_since = said_of_proof(proof)  # type: ignore[attr-defined]
    return proofs


def active_versions(study: Study) -> list[VersionEvent]:
    """The release of every version that is released now."""
    released = [pk for pk, state in states_of(study).items() if state == VersionState.RELEASED]
    events = VersionEvent.objects.filter(version_id__in=released, to_state=VersionState.RELEASED)
    rows = events.select_related("version", "acted_by").order_by("version_id", "-number")
    return list(rows.distinct("version_id"))


def timeline_of(study: Study) -> list[dict[str, Any]]:
    """Every event of the study with the versions active after it, the newest first."""
    events = VersionEvent.objects.filter(study=study).select_related("version", "acted_by")
    active: dict[int, ModelVersion] = {}
    rows = []
    for event in events.order_by("id"):
        active.pop(event.version_id, None)
        if event.to_state == VersionState.RELEASED:
            active[event.version_id] = event.version
        rows.append({"event": event, "active": list(active.values())})
    return rows[::-1]
