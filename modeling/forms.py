"""The shape of what people enter about models."""

from __future__ import annotations

from typing import Any

from django import forms

from modeling.models import MOVES, ModelVersion
from modeling.selectors import state_of


class VersionMoveForm(forms.Form):
    """Another state and the reason for it."""

    to_state = forms.ChoiceField(label="New state")
    reason = forms.CharField(
        max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), label="Reason",
        help_text="Stays in the history for good.",
    )  # fmt: skip

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any):
        super().__init__(*args, **kwargs)
        now = state_of(version)
        choices = [(str(b), str(b)) for a, b in MOVES if a == now]
        if now == "retired":
            choices = [(value, f"{word} again (rollback)") for value, word in choices]
        self.fields["to_state"].choices = choices  # type: ignore[attr-defined]
