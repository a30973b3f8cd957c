"""A step of any wizard: what it shows and what it takes; what was typed stays, come what may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from modeling.wizard_steps import Draft, Wizard
from studies.languages import sentence
from studies.methods.problems import DataProblem
from studies.models import Study

Show = Callable[[HttpRequest, Study, Draft], dict[str, Any]]
Take = Callable[[HttpRequest, Study, Draft], HttpResponse]


@dataclass(frozen=True)
class Pages:
    """Per step what is shown and what a sent form does; ``template`` takes the step's key."""

    wizard: Wizard
    template: str
    shown: Mapping[str, Show]
    taken: Mapping[str, Take]
    with_defaults: Callable[[Study, Draft], Draft]


def step_known(pages: Pages, step: str) -> None:
    if step not in pages.shown:
        raise Http404(_("No such step."))


def step_take(
    request: HttpRequest, study: Study, pages: Pages, step: str, draft: Draft
) -> HttpResponse:
    """What was sent; a refusal is told on the same step."""
    try:
        return pages.taken[step](request, study, draft)
    except DataProblem as refusal:
        for problem in refusal.problems:
            messages.error(request, sentence(problem))
        return redirect(pages.wizard.url(study, step))


def step_show(
    request: HttpRequest, study: Study, pages: Pages, step: str, draft: Draft
) -> HttpResponse:
    shown = pages.with_defaults(study, draft)
    context = {
        "study": study,
        "draft": shown,
        "step": step,
        "wizard_title": pages.wizard.title,
        "steps": pages.wizard.shown(study, step, draft),
        **pages.shown[step](request, study, shown),
    }
    return render(request, pages.template.format(step=step), context)
