"""The lists of modeling: runs, versions, frozen tables, reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext

from modeling.services.prognosis_endpoints import landmark_of
from studies.languages import spoken
from studies.listings import NOTHING, link, moment
from studies.lists import Column, Empty, Listing
from studies.methods.wording import say as _
from studies.models import Study
from studies.templatetags.studies_ui import elapsed, short_hash, sourced, state, words


def _run(run: Any, study: Study) -> SafeString:
    return link("modeling:run", study, run.uid, spoken(run.get_kind_display()))


def _recipe(run: Any, study: Study) -> str:
    return recipe_title(run.recipe) or NOTHING


def recipe_title(recipe: Mapping[str, Any]) -> str:
    """Its name, and that scanners are harmonised: what a preset alone does not do."""
    name = words(recipe.get("name")) if recipe.get("name") else _asked_endpoint(recipe)
    return spoken(_("{name}, harmonised", name=name)) if recipe.get("harmonise") else name


def _versions(run: Any, study: Study) -> SafeString | str:
    found = ((link("modeling:version", study, v.uid, spoken(v)),) for v in run.versions.all())
    return format_html_join(", ", "{}", found) or NOTHING


def _digest(value: str) -> SafeString:
    return format_html("<code>{}</code>", short_hash(value))


RUNS = Listing(
    page="modeling:runs",
    title=_("Runs"),
    columns=(
        Column("run", _("Run"), _run, "kind"),
        Column("recipe", _("Recipe"), _recipe),
        Column("seed", _("Seed"), lambda r, study: r.seed, "seed", numeric=True),
        Column("versions", _("Versions"), _versions),
        Column(
            "snapshot",
            _("Frozen table"),
            lambda r, study: link("modeling:snapshot", study, r.snapshot.uid, spoken(r.snapshot)),
            "snapshot__number",
        ),
        Column("done", _("Done (UTC)"), lambda r, study: moment(r.created_at), "created_at"),
        Column("time", _("Time"), lambda r, study: elapsed(r.seconds), "seconds", numeric=True),
        Column("numbers", _("Numbers"), lambda r, study: _digest(r.results_sha256)),
        Column("commit", _("Code"), lambda r, study: short_hash(r.commit) or NOTHING, shown=False),
    ),
    empty=Empty(
        _("No runs yet"),
        _("A Rad-Score needs features of PET and CT and a phenotype in the training cohort."),
        "studies:overview",
        _("To the steps"),
    ),
)


def _headline(version: Any) -> SafeString | str:
    """One number that is not apparent, with its interval; where it stands, on pointing."""
    found = version.headline
    if found is None or found["value"] is None:
        return NOTHING
    said = sourced(
        f"{found['measure']} {found['value']:.3f}",
        f"{spoken(version)}, {words(found['cohort'])}, {words(found['basis'])}",
        found["n"],
    )
    if found["lower"] is None:
        return said
    return format_html("{} ({}–{})", said, f"{found['lower']:.3f}",
                       f"{found['upper']:.3f}")  # fmt: skip


VERSIONS = Listing(
    page="modeling:versions",
    title=_("Model versions"),
    columns=(
        Column(
            "version",
            _("Version"),
            lambda v, study: link("modeling:version", study, v.uid, spoken(v)),
            "number",
        ),
        Column("kind", _("Kind"), lambda v, study: spoken(v.get_kind_display()), "kind"),
        Column("state", _("State"), lambda v, study: state(v.now)),
        Column(
            "endpoint", _("Endpoint"), lambda v, study: spoken(v.predicts) or NOTHING, "endpoint"
        ),
        Column("method", _("Method"), lambda v, study: words(v.method), "method"),
        Column("headline", _("Headline"), lambda v, study: _headline(v), numeric=True),
        Column(
            "table",
            _("Fitted on"),
            lambda v, study: link(
                "modeling:snapshot", study, v.fitting_snapshot.uid, spoken(v.fitting_snapshot)
            ),
            "fitting_snapshot__number",
        ),
        Column("made", _("Made (UTC)"), lambda v, study: moment(v.created_at), "created_at"),
        Column("digest", _("Digest"), lambda v, study: _digest(v.sha256)),
    ),
    empty=Empty(
        _("No version yet"),
        _("A run makes one when it has judged its models."),
        "modeling:runs",
        _("To the runs"),
    ),
)


def _asked_endpoint(asked: Mapping[str, Any]) -> str:
    """Of a question or a recipe, with its landmark."""
    endpoint, days = words(asked.get("endpoint")), landmark_of(asked)
    if not days:
        return endpoint
    return spoken(_("{endpoint} from day {days} on", endpoint=endpoint, days=days))


def _question(snapshot: Any, study: Study) -> str:
    asked = snapshot.question
    parts = (words(asked.get("purpose")), _asked_endpoint(asked), asked.get("saved"))
    return ", ".join(str(part) for part in parts if part) or NOTHING


def _kept(snapshot: Any, study: Study) -> Any:
    if snapshot.not_reproducible_since is None:
        return gettext("yes")
    return gettext("not since {day}").format(day=moment(snapshot.not_reproducible_since))


SNAPSHOTS = Listing(
    page="modeling:snapshots",
    title=_("Frozen tables"),
    columns=(
        Column(
            "table",
            _("Frozen table"),
            lambda s, study: link("modeling:snapshot", study, s.uid, spoken(s)),
            "number",
        ),
        Column("question", _("Question"), _question),
        Column("frozen", _("Frozen (UTC)"), lambda s, study: moment(s.frozen_at), "frozen_at"),
        Column("columns", _("Columns"), lambda s, study: len(s.columns), numeric=True),
        Column("kept", _("Reproducible"), _kept, "not_reproducible_since"),
        Column("digest", _("Digest"), lambda s, study: _digest(s.sha256)),
    ),
    empty=Empty(
        _("No frozen table yet"),
        _("Every run freezes its rows first; a table can be frozen alone, too."),
        "studies:overview",
        _("To the steps"),
    ),
)

REPORTS = Listing(
    page="modeling:reports",
    title=_("Reports"),
    columns=(
        Column(
            "report",
            _("Report"),
            lambda r, study: link("modeling:report_version", study, r.uid, capfirst(spoken(r))),
            "number",
        ),
        Column("built", _("Built (UTC)"), lambda r, study: moment(r.created_at), "created_at"),
        Column("digest", _("Digest"), lambda r, study: _digest(r.sha256)),
    ),
    empty=Empty(
        _("No report yet"),
        _("It can be built once there is a Rad-Score; nomograms are added when they are there."),
        "studies:overview",
        _("To the steps"),
    ),
)
