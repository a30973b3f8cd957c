"""A question about a value, and a word in its thread."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from studies.models import Patient, QueryState
from studies.services import people_who_see

STEPS = {
    QueryState.OPEN: [("answered", _("Answer")), ("open", _("Ask again")), ("closed", _("Close"))],
    QueryState.ANSWERED: [("closed", _("Close")), ("open", _("Ask again")), ("answered", _("Add"))],
    QueryState.CLOSED: [("open", _("Open again"))],
}


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, user: Any) -> str:
        return user.get_full_name() or user.email or user.username


class QueryForm(forms.Form):
    text = forms.CharField(
        label=_("Question"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    assignee = PersonChoice(
        queryset=get_user_model()._default_manager.none(),
        required=False,
        label=_("Asked of"),
        empty_label=_("Anybody at the site"),
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any):
        super().__init__(*args, **kwargs)
        members = people_who_see(patient.study, patient.site_id).values("user_id")
        users = get_user_model()._default_manager.filter(pk__in=members)
        self.fields["assignee"].queryset = users.order_by("email")


class QueryMessageForm(QueryForm):
    state = forms.ChoiceField(choices=QueryState.choices, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("Your words")
