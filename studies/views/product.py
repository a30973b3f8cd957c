"""What belongs to no study: how pages look, what they are made of, what browsers report."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from studies.colours import DARK, LIGHT, MEANING, contrast
from studies.context import THEME_COOKIE, THEMES
from studies.figures.example import draw_example
from studies.figures.render import render_inline_svg
from studies.filter_chips import Chip
from studies.forms import PatternForm
from studies.paging import Page
from studies.policy import keep_report
from studies.templatetags.studies_ui import ICONS, STATES

from .pictures import explored_answer

YEAR_SECONDS = 365 * 24 * 3600
EXAMPLES = {
    "icons": list(ICONS),
    "states": list(STATES),
    "chips": [Chip("Site: North", "?"), Chip("Status: enrolled", "?")],
    "page": Page([1, 2], None, UUID(int=0), "2 of 306"),
    "notices": [{"text": "Two patients lack a date of birth; age was entered.", "code": "age"}],
    "problems": [
        {
            "row": 12,
            "column": "cea",
            "where": "cea",
            "found": "12,5",
            "expected": "a number with a point",
            "remedy": "Write 12.5.",
        }
    ],
}


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system says; remembered in this browser."""
    chosen, back = request.POST.get("theme", ""), request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    answer = redirect(back if safe else "/")
    if chosen and chosen in dict(THEMES):
        secure = request.is_secure()
        answer.set_cookie(
            THEME_COOKIE, chosen, YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax"
        )
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer


@csrf_exempt
@require_POST
def policy_report(request: HttpRequest) -> HttpResponse:
    """A browser says what it refused to load; what is counted names nobody."""
    if not keep_report(request.body):
        return HttpResponseBadRequest("This is no report of a policy.")
    return HttpResponse(status=204)


@login_required
def patterns_figure(request: HttpRequest) -> HttpResponse:
    return explored_answer(draw_example())


@login_required
def patterns(request: HttpRequest) -> HttpResponse:
    """Every part that pages are made of."""
    colours = [
        (name, light, DARK[name], contrast(light, LIGHT["sheet"])) for name, light in LIGHT.items()
    ]
    example = PatternForm({"name": "", "number": "3.5"})
    figure = draw_example()
    drawn = {"figure": figure, "svg": mark_safe(render_inline_svg(figure))}  # from numbers
    context = {"colours": colours, "meaning": MEANING, "form": example, **drawn, **EXAMPLES}
    return render(request, "studies/patterns.html", context)
