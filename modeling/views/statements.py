"""The study's own statements, for the report."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from modeling.forms import StatementsForm
from modeling.models import StatementKey
from modeling.services.statements import statements_of, statements_write
from studies import access
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def statements(request: HttpRequest, study: Study) -> HttpResponse:
    """Read by everybody, worded by who may manage or run."""
    known = statements_of(study)
    may_write = bool({"manage", "run"} & access.rights_of(request.user, study))
    form = StatementsForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        changed = statements_write(study, request.user, form.cleaned_data)
        said = ngettext(
            "{n} statement worded anew. The next report holds them.",
            "{n} statements worded anew. The next report holds them.",
            changed,
        )
        messages.success(request, said.format(n=changed))
        return redirect("modeling:statements", study.uid)
    context = {"study": study, "form": form, "may_write": may_write, "known": known,
               "labels": StatementKey.choices}  # fmt: skip
    return render(request, "modeling/statements.html", context)
