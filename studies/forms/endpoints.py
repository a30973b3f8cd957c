"""The rule of an endpoint as a form: one field per part, and the reason."""

from __future__ import annotations

from typing import Any

from django import forms

from studies.methods.endpoint_rules import KINDS, Rule, RulePart, read_rule

from .cohorts import reason_field


class EndpointRuleForm(forms.Form):
    def __init__(self, *args: Any, name: str, rule: Rule, **kwargs: Any):
        super().__init__(*args, **kwargs)
        now = read_rule(name, rule)
        self.parts = KINDS[name].parts
        for part in self.parts:
            self.fields[part.name] = _field(part, now[part.name])
        self.fields["reason"] = reason_field()
        self.fields["reason"].label = "Why it changes"

    def rule(self) -> dict[str, Any]:
        return {part.name: self.cleaned_data[part.name] for part in self.parts}


def _field(part: RulePart, now: Any) -> forms.Field:
    said: dict[str, Any] = {"label": part.label, "help_text": part.help, "initial": now}
    if part.choices:
        return forms.ChoiceField(choices=part.choices, widget=forms.RadioSelect, **said)
    return forms.IntegerField(min_value=part.minimum, max_value=part.maximum, **said)
