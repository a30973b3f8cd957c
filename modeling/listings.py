"""The lists of modeling: runs, versions, frozen tables, reports."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from studies.listings import NOTHING, link, moment
from studies.lists import Column, Empty, Listing
from studies.models import Study
from studies.templatetags.studies_ui import elapsed, short_hash, state, words


def _run(run: Any, study: Study) -> SafeString:
    return link("modeling:run", study, run.uid, run.get_kind_display())


def _recipe(run: Any, study: Study) -> str:
    return words(run.recipe.get("name") or run.recipe.get("endpoint")) or NOTHING


def _versions(run: Any, study: Study) -> SafeString | str:
    found = ((link("modeling:version", study, v.uid, v),) for v in run.versions.all())
    return format_html_join(", ", "{}", found) or NOTHING


def _digest(value: str) -> SafeString:
    return format_html("<code>{}</code>", short_hash(value))


RUNS = Listing(
    page="modeling:runs",
    title="Runs",
    columns=(
        Column("run", "Run", _run, "kind"),
        Column("recipe", "Recipe", _recipe),
        Column("seed", "Seed", lambda r, study: r.seed, "seed", numeric=True),
        Column("versions", "Versions", _versions),
        Column(
            "snapshot",
            "Frozen table",
            lambda r, study: link("modeling:snapshot", study, r.snapshot.uid, r.snapshot),
            "snapshot__number",
        ),
        Column("done", "Done (UTC)", lambda r, study: moment(r.created_at), "created_at"),
        Column("time", "Time", lambda r, study: elapsed(r.seconds), "seconds", numeric=True),
        Column("numbers", "Numbers", lambda r, study: _digest(r.results_sha256)),
        Column("commit", "Code", lambda r, study: short_hash(r.commit) or NOTHING, shown=False),
    ),
    empty=Empty(
        "No runs yet",
        "A Rad-Score needs features of PET and CT and a phenotype in the training cohort.",
        "studies:overview",
        "To the steps",
    ),
)

VERSIONS = Listing(
    page="modeling:versions",
    title="Model versions",
    columns=(
        Column(
            "version",
            "Version",
            lambda v, study: link("modeling:version", study, v.uid, v),
            "number",
        ),
        Column("kind", "Kind", lambda v, study: v.get_kind_display(), "kind"),
        Column("state", "State", lambda v, study: state(v.now)),
        Column("endpoint", "Endpoint", lambda v, study: words(v.endpoint) or NOTHING, "endpoint"),
        Column("method", "Method", lambda v, study: words(v.method), "method"),
        Column(
            "table",
            "Fitted on",
            lambda v, study: link(
                "modeling:snapshot", study, v.fitting_snapshot.uid, v.fitting_snapshot
            ),
            "fitting_snapshot__number",
        ),
        Column("made", "Made (UTC)", lambda v, study: moment(v.created_at), "created_at"),
        Column("digest", "Digest", lambda v, study: _digest(v.sha256)),
    ),
    empty=Empty(
        "No version yet",
        "A run makes one when it has judged its models.",
        "modeling:runs",
        "To the runs",
    ),
)


def _question(snapshot: Any, study: Study) -> str:
    asked = snapshot.question
    parts = (words(asked.get("purpose")), words(asked.get("endpoint")), asked.get("saved"))
    return ", ".join(str(part) for part in parts if part) or NOTHING


def _kept(snapshot: Any, study: Study) -> Any:
    if snapshot.not_reproducible_since is None:
        return "yes"
    return f"not since {moment(snapshot.not_reproducible_since)}"


SNAPSHOTS = Listing(
    page="modeling:snapshots",
    title="Frozen tables",
    columns=(
        Column(
            "table",
            "Frozen table",
            lambda s, study: link("modeling:snapshot", study, s.uid, s),
            "number",
        ),
        Column("question", "Question", _question),
        Column("frozen", "Frozen (UTC)", lambda s, study: moment(s.frozen_at), "frozen_at"),
        Column("columns", "Columns", lambda s, study: len(s.columns), numeric=True),
        Column("kept", "Reproducible", _kept, "not_reproducible_since"),
        Column("digest", "Digest", lambda s, study: _digest(s.sha256)),
    ),
    empty=Empty(
        "No frozen table yet",
        "Every run freezes its rows first; a table can be frozen alone, too.",
        "studies:overview",
        "To the steps",
    ),
)

REPORTS = Listing(
    page="modeling:reports",
    title="Reports",
    columns=(
        Column(
            "report",
            "Report",
            lambda r, study: link("modeling:report_version", study, r.uid, f"Report {r.number}"),
            "number",
        ),
        Column("built", "Built (UTC)", lambda r, study: moment(r.created_at), "created_at"),
        Column("digest", "Digest", lambda r, study: _digest(r.sha256)),
    ),
    empty=Empty(
        "No report yet",
        "It can be built once there is a Rad-Score; nomograms are added when they are there.",
        "studies:overview",
        "To the steps",
    ),
)
