"""People: who may do what; invite and end, for administrators."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studies import access, scopes, services
from studies.filters import MemberFilter
from studies.forms import InviteForm, MembershipForm, SiteForm, refuse_in
from studies.languages import sentences
from studies.listings import people_listing
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.methods.wording import say
from studies.models import Membership, Study

from .doors import study_page

MEANINGS = (
    ("aggregates", say("See counts, summaries, results and reports.")),
    ("rows", say("See single patients by pseudonym, at the membership's site or at all sites.")),
    ("identifiers", say("See calendar dates; without it, days from the start of treatment.")),
    ("download", say("Take rows out as files.")),
    ("enter", say("Upload and enter data, save and complete forms (needs identifiers, too).")),
    ("verify", say("Verify complete forms and open them again; close anybody's query.")),
    ("run", say("Start analyses; they read every site, so it needs a membership at all sites.")),
    ("comment", say("Ask and answer questions about data and results.")),
    (
        "manage",
        say(
            "Invite and change people, edit the dictionary, lock forms, read the whole history; "
            "needs a membership at all sites."
        ),
    ),
)


@study_page()
def people(request: HttpRequest, study: Study) -> HttpResponse:
    may_manage = "manage" in access.rights_of(request.user, study)
    invites = request.method == "POST" and "search" not in request.POST
    if invites:
        access.require(request.user, study, "manage")
    sent = request.POST if invites else None
    form = InviteForm(sent, study=study) if may_manage else None
    if form and form.is_valid() and _invite(request, study, form):
        return redirect("studies:people", study.uid)
    context = {
        "form": form,
        "sites": scopes.site_rows(study),
        "site_form": SiteForm() if may_manage else None,
        "may_manage": may_manage,
        "meanings": MEANINGS,
        "link": request.session.pop("invitation", None),
    }
    rows = Membership.objects.filter(study=study).select_related("user", "site")
    narrowed = MemberFilter(request.GET, rows, study=study, user=request.user)
    return list_response(
        request, study, people_listing(may_manage), narrowed.qs, "studies/people.html", context,
        narrowed=narrowed,
    )  # fmt: skip


@require_POST
@study_page("manage")
def site_new(request: HttpRequest, study: Study) -> HttpResponse:
    form = SiteForm(request.POST)
    try:
        made = services.site_add(study, request.user, form.data.get("name", "")[:200])
        messages.success(request, _("{name} takes part.").format(name=made.site.name))
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect("studies:people", study.uid)


@require_POST
@study_page("manage")
def membership_end(request: HttpRequest, study: Study, membership_uid: UUID) -> HttpResponse:
    member = get_object_or_404(Membership, study=study, uid=membership_uid)
    try:
        services.membership_end(member, request.user)
        messages.success(request, _("The membership has ended."))
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
    return redirect("studies:people", study.uid)


@study_page("manage")
def membership(request: HttpRequest, study: Study, membership_uid: UUID) -> HttpResponse:
    """One person's part: change it, or make a link for a new password."""
    rows = Membership.objects.select_related("user", "site")
    member = get_object_or_404(rows, study=study, uid=membership_uid)
    if request.method == "POST" and "link" in request.POST:
        return _password_link(request, study, member)
    initial = {name: getattr(member, name) for name in ("role", "site", "rights", "ends_on")}
    sent = request.POST if request.method == "POST" else None
    form = MembershipForm(sent, initial=initial, study=study)
    if form.is_valid() and _change(request, member, form):
        return redirect("studies:people", study.uid)
    context = {"study": study, "member": member, "form": form, "meanings": MEANINGS}
    context["sees"] = scopes.seen_by(member.user, study)
    return render(request, "studies/membership.html", context)


def _change(request: HttpRequest, member: Membership, form: MembershipForm) -> bool:
    try:
        services.membership_change(member, request.user, **form.cleaned_data)
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return False
    messages.success(request, _("The membership is changed."))
    return True


def _password_link(request: HttpRequest, study: Study, member: Membership) -> HttpResponse:
    try:
        path = services.password_link(member, request.user)
    except DataProblem as refusal:
        messages.error(request, sentences(refusal))
        return redirect("studies:membership", study.uid, member.uid)
    url = request.build_absolute_uri(reverse("studies:welcome", args=path.split("/")))
    request.session["invitation"] = {"email": member.user.email, "url": url, "again": True}
    return redirect("studies:people", study.uid)


def _invite(request: HttpRequest, study: Study, form: InviteForm) -> bool:
    given = form.cleaned_data
    try:
        __, path = services.person_invite(study, request.user, **given)
    except DataProblem as refusal:
        refuse_in(form, refusal)
        return False
    if path:
        url = request.build_absolute_uri(reverse("studies:welcome", args=path.split("/")))
        request.session["invitation"] = {"email": given["email"], "url": url}
    else:
        messages.success(
            request,
            _("{email} has an account and sees the study now.").format(email=given["email"]),
        )
    return True
