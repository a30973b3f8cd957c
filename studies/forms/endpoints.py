"""The rule of an endpoint as a form: one field per part, and the reason; a new one has a name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from studies.languages import said_choices, spoken
from studies.methods.endpoint_kinds import EndpointKind, Rule, RulePart, read_rule

from .cohorts import DayField, reason_field


class EndpointRuleForm(forms.Form):
    def __init__(self, *args: Any, kind: EndpointKind, rule: Rule | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        now = kind.default if rule is None else read_rule(kind.name, rule)
        self.parts = kind.parts
        for part in self.parts:
            self.fields[part.name] = _field(part, now[part.name])
        self.fields["reason"] = reason_field()
        self.fields["reason"].label = _("Why it changes")

    def rule(self) -> dict[str, Any]:
        return {part.name: self.cleaned_data[part.name] for part in self.parts}


class EndpointNewForm(EndpointRuleForm):
    title = forms.CharField(max_length=80, label=_("Title"), help_text=_("As pages spell it."))
    name = forms.SlugField(
        max_length=40,
        label=_("Name"),
        help_text=_("As files and the API spell it: small letters, digits and _. It stays."),
    )
    field_order = ("title", "name")

    def __init__(self, *args: Any, kind: EndpointKind, **kwargs: Any):
        super().__init__(*args, kind=kind, **kwargs)
        self.order_fields(self.field_order)
        self.fields["reason"].label = _("Why it is needed")

    def named(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("name", "title")}


class EndpointRetireForm(forms.Form):
    """What takes an endpoint of the study's own out of what is offered."""

    since = DayField(label=_("Retired from"))
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Why it is retired")


class EndpointOfferForm(forms.Form):
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Why it is offered again")


def _field(part: RulePart, now: Any) -> forms.Field:
    said: dict[str, Any] = {
        "label": spoken(part.label),
        "help_text": spoken(part.help),
        "initial": now,
    }
    if part.choices:
        return forms.ChoiceField(
            choices=said_choices(part.choices), widget=forms.RadioSelect, **said
        )
    return forms.IntegerField(min_value=part.minimum, max_value=part.maximum, **said)
