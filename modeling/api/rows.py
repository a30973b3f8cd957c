"""Results without rows of patients, for those who may not take them (decision 0006)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from modeling.selectors.patient_rows import without_patients
from studies.api.records import LeftOutSerializer, left_out


class WithoutRows(serializers.ModelSerializer):
    """``rows_in`` says at which paths of a field patients stand one by one.

    A digest beside the field is that of all of it.
    """

    rows_in: Mapping[str, Sequence[str]] = {}
    left_out = serializers.SerializerMethodField()

    @extend_schema_field(LeftOutSerializer(allow_null=True))
    def get_left_out(self, row: Any) -> None:
        """What is null here for you, and whom to ask."""

    def to_representation(self, row: Any) -> dict[str, Any]:
        shown = super().to_representation(row)
        view = self.context["view"]
        if view.takes_rows:
            return shown
        gone = []
        for field, paths in self.rows_in.items():
            shown[field], found = without_patients(shown[field], paths)
            gone += [f"{field}.{path}" for path in found]
        return shown | {"left_out": left_out(view, gone)}
