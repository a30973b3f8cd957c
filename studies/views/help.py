"""Help inside the product: the pages of docs/ and the glossary."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from studies import help as help_pages


@login_required
def help_list(request: HttpRequest) -> HttpResponse:
    return render(request, "studies/help.html", {"pages": help_pages.pages().values()})


@login_required
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    page = help_pages.pages().get(slug)
    if page is None:
        raise Http404(_("No such page of help."))
    terms = {term.anchor: term for term in help_pages.glossary().values()}
    context = {"page": page, "pages": help_pages.pages().values()}
    context["terms"] = sorted(terms.values(), key=lambda term: term.word.lower())
    return render(request, "studies/help_page.html", context)
