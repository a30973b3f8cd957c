"""Specimens and whose they are, typed or handed in as a table."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from genomics import services, specimens_page
from genomics.forms import MOST_LINES, specimen_forms
from studies import access
from studies.methods.problems import DataProblem
from studies.models import Study
from studies.paging import page_by_key
from studies.services import batch_job
from studies.views.doors import study_page


@study_page("rows")
def specimens(request: HttpRequest, study: Study) -> HttpResponse:
    """What is known of specimens; with the right to enter, a form for more."""
    may_enter = "enter" in access.rights_of(request.user, study)
    if request.method == "POST":
        if not may_enter:
            raise PermissionDenied(_("This needs the right 'enter' in the study."))
        forms = specimen_forms(request.POST)
        if forms.is_valid():
            try:
                lines = [said for _, said in forms.lines()]
                batch = services.specimens_type(study, request.user, lines)
            except DataProblem as refusal:
                forms.refuse(refusal)
            else:
                job = batch_job(batch)
                ended = job is None or job.has_ended
                where, uid = ("batch", batch.uid) if ended else ("job", job.uid)
                return redirect(f"studies:{where}", study.uid, uid)
    else:
        waiting = specimens_page.columns_waiting(request.user, study)[:MOST_LINES]
        forms = specimen_forms(initial=[{"specimen": label} for label in waiting])
    cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = page_by_key(specimens_page.specimens_shown(request.user, study), "label", **cursor)
    context = {"study": study, "page": page, "may_enter": may_enter}
    if may_enter:
        names = specimens_page.pseudonyms(request.user, study)
        context |= {"forms": forms, "pseudonyms": names}
    return render(request, "genomics/specimens.html", context)
