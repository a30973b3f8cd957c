"""Figures of pages: drawn by a job, kept for everybody who sees the same rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils import translation

from studies import registry
from studies.access import require, require_every_row, takes_rows
from studies.figures.explored import is_explorable
from studies.figures.figure import Figure
from studies.figures.journal import natural_size
from studies.figures.render import render_svg
from studies.jobs import Progress, enqueue, no_progress
from studies.languages import language_now
from studies.methods.problems import refuse
from studies.methods.wording import english, from_stored, say, to_stored
from studies.models import Drawing, Job, JobState, Study
from studies.patient_figures import drawing_without_rows, figure_without_rows, holds_patients
from studies.registry import PageInputs

from .files import inputs_digest

KIND = "studies.page_draw"
KEPT = 6  # of one page and the same sites: somebody may have an earlier one open, in two languages
ROUNDS = 3
BESIDE = ("size", "explorable")  # kept beside a figure, for pages that show it
GAVE_UP = (JobState.FAILED, JobState.ERRORED, JobState.CANCELLED)


@dataclass(frozen=True)
class Drawn:
    """What a page has to show: its drawing, or the job that makes it; neither: nothing to draw."""

    page: str = ""
    subject: str = ""
    drawing: Drawing | None = None
    job: Job | None = None
    figures: list[Figure] = field(default_factory=list)
    sizes: dict[str, list[float]] = field(default_factory=dict)  # so that a page leaves room
    explorable: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)  # figures whose numbers may leave

    @property
    def busy(self) -> bool:
        return self.job is not None and self.job.state not in GAVE_UP

    @property
    def said(self) -> dict[str, Any]:
        return from_stored(self.drawing.said) if self.drawing else {}


def drawing_of(study: Study, user: Any, page: str, subject: str = "") -> Drawn:
    """The drawing of what ``user`` sees of a page now, in the current language.

    A job is started where there is none.
    """
    inputs = registry.drawn_page(page).read(study, user, subject)
    if inputs is None:
        return Drawn(page, subject)
    found = _kept(study, user, page, subject, _digest(page, inputs))
    if found:
        figures = [_figure(figure, {}) for figure in found.figures]
        readable = {f.key for f in figures if figure_readable(user, study, found, f, "")[0] is f}
        explorable = readable & {one["key"] for one in found.figures if one.get("explorable")}
        sizes = {figure["key"]: figure["size"] for figure in found.figures if "size" in figure}
        taken = {f.key for f in figures if _may_leave(user, study, found, f)}
        return Drawn(page, subject, found, None, figures, sizes, explorable, taken)
    return Drawn(page, subject, job=page_draw_start(study, user, page, subject))


def drawing_standing(study: Study, user: Any, page: str, subject: str = "") -> Drawn | None:
    """As ``drawing_of`` without starting anything: None where there is nothing to draw."""
    inputs = registry.drawn_page(page).read(study, user, subject)
    if inputs is None:
        return None
    digest = _digest(page, inputs)
    found = _kept(study, user, page, subject, digest)
    return Drawn(page, subject, found, None if found else _job(study, page, subject, digest))


def figure_of(drawings: QuerySet[Drawing], uid: UUID, key: str) -> tuple[Figure, str] | None:
    """A figure with its specification and its SVG; nothing when it is not among the drawings."""
    rows = drawings.filter(uid=uid)
    found: Any = rows.values_list(
        F("figures"), KeyTransform(key, "specs"), KeyTextTransform(key, "pictures")
    ).first()
    if found is None or found[1] is None:
        return None
    content = next(figure for figure in found[0] if figure["key"] == key)
    return _figure(content, found[1]), found[2]


def figure_readable(
    user: Any, study: Study, drawing: Drawing, figure: Figure, picture: str
) -> tuple[Figure, str]:
    """Of a figure what ``user`` reads: rows that name no site only who may take every row.

    Whoever sees a drawing reads the rows of the sites that it shows; one of no site is of all.
    """
    if drawing.site_ids or takes_rows(user, study):
        return figure, picture
    if not holds_patients(figure.key, figure.columns, figure.rows):
        return figure, picture
    return figure_without_rows(figure), drawing_without_rows(figure.key, picture)


def figure_take(user: Any, study: Study, drawing: Drawing, figure: Figure) -> None:
    """Raise PermissionDenied unless the figure's numbers may leave with ``user``."""
    require(user, study, "download", of_groups=True)
    if not _may_leave(user, study, drawing, figure):
        require_every_row(user, study)


def _may_leave(user: Any, study: Study, drawing: Drawing, figure: Figure) -> bool:
    return takes_rows(user, study, drawing.site_ids or None) or not holds_patients(
        figure.key, figure.columns, figure.rows
    )


def _figure(kept: dict[str, Any], spec: dict[str, Any]) -> Figure:
    content = {name: part for name, part in kept.items() if name not in BESIDE}
    return Figure.from_dict(content | {"spec": spec})


def _job(study: Study, page: str, subject: str, digest: str) -> Job | None:
    params = _params(page, subject, digest)
    return Job.objects.filter(study=study, kind=KIND, params=params).order_by("-id").first()


def _params(page: str, subject: str, digest: str) -> dict[str, Any]:
    return {"page": page, "subject": subject, "inputs": digest, "language": language_now()}


def _kept(study: Study, user: Any, page: str, subject: str, digest: str) -> Drawing | None:
    rows = Drawing.objects.visible_to(user).filter(
        study=study, page=page, subject=subject, inputs_digest=digest
    )
    return rows.defer("specs", "pictures").first()


def _digest(page: str, inputs: PageInputs) -> str:
    shown = [[patient, site] for patient, site in sorted(inputs.patients.items())]
    spec = registry.drawn_page(page)
    return inputs_digest(page, spec.version, language_now(), shown, *inputs.parts)


@transaction.atomic
def page_draw_start(
    study: Study, user: Any, page: str, subject: str = "", again: bool = False
) -> Job | None:
    """Queue the drawing of what ``user`` sees of a page; nothing when it is there already.

    One that failed is queued again only when somebody asks (``again``).
    """
    inputs = registry.drawn_page(page).read(study, user, subject)
    if inputs is None or _kept(study, user, page, subject, digest := _digest(page, inputs)):
        return None
    job = _job(study, page, subject, digest)
    gone = job is None or job.state == JobState.DONE or (again and job.has_ended)
    params = _params(page, subject, digest)
    return enqueue(KIND, study, user, params=params) if gone else job


def page_draw(
    study: Study,
    user: Any,
    params: dict[str, Any],
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Draw the figures of a page from what ``user`` sees now and keep them, in their language."""
    name, subject = str(params["page"]), str(params.get("subject", ""))
    with translation.override(str(params.get("language", "en"))):
        return _draw(study, user, name, subject, progress, job)


def _draw(
    study: Study, user: Any, name: str, subject: str, progress: Progress, job: Job | None
) -> dict[str, Any]:
    page = registry.drawn_page(name)
    inputs = page.read(study, user, subject)
    for _ in range(ROUNDS):
        if inputs is None:
            return {"figures": 0}
        digest = _digest(name, inputs)
        if found := _kept(study, user, name, subject, digest):
            return {"figures": len(found.figures)}
        progress(0, 1, "reading")
        figures, said = page.draw(study, user, subject)
        drawn = figures, said, _pictures(figures, progress)
        after = page.read(study, user, subject)
        if after is not None and _digest(name, after) == digest:
            _keep(study, name, subject, inputs, digest, drawn, job)
            return {"figures": len(figures)}
        inputs = after  # something changed meanwhile: the drawing is of neither state
    raise refuse(
        name,
        say("rows that change while they are drawn"),
        "rows that stand still",
        "Draw the page again when imports and steps have ended.",
    )


def _pictures(figures: list[Figure], progress: Progress) -> dict[str, str]:
    pictures = {}
    for number, figure in enumerate(figures):
        progress(number, len(figures), english(figure.title))
        pictures[figure.key] = render_svg(figure)
    return pictures


@transaction.atomic
def _keep(
    study: Study,
    page: str,
    subject: str,
    inputs: PageInputs,
    digest: str,
    drawn: tuple[list[Figure], dict[str, Any], dict[str, str]],
    job: Job | None,
) -> None:
    figures, said, pictures = drawn
    sites = sorted(set(inputs.patients.values()))
    Drawing.objects.bulk_create(
        [
            Drawing(
                study=study, page=page, subject=subject, site_ids=sites, inputs_digest=digest,
                figures=[_without_spec(figure, pictures[figure.key]) for figure in figures],
                specs={figure.key: figure.spec for figure in figures},
                pictures=pictures, said=to_stored(said), produced_by=job,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    same = Drawing.objects.filter(study=study, page=page, subject=subject, site_ids=sites)
    kept = same.order_by("-id").values_list("pk", flat=True)[:KEPT]
    same.exclude(pk__in=list(kept)).delete()


def _without_spec(figure: Figure, picture: str) -> dict[str, Any]:
    content = {key: value for key, value in figure.as_dict().items() if key != "spec"}
    return content | {"size": natural_size(picture), "explorable": is_explorable(figure.spec)}


def patients_shown(visible: Any, wanted: Iterable[int]) -> dict[int, int]:
    """Patient id to site id of the visible among ``wanted``."""
    return dict(visible.filter(pk__in=list(wanted)).order_by("pk").values_list("pk", "site_id"))
