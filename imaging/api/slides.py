"""Densities, rules and Immunoscores."""

from __future__ import annotations

from rest_framework import serializers

from imaging.models import CellDensity, Immunoscore, ImmunoscoreRule
from studies.api import PatientScopedSerializer, StudyScopedViewSet


class CellDensitySerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)
    batch = serializers.UUIDField(source="batch.uid", read_only=True)

    class Meta:
        model = CellDensity
        fields = ("uid", "patient", "specimen", "marker", "region", "per_mm2", "as_entered",
                  "unit", "working", "batch", "source_row")  # fmt: skip


class CellDensityViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = CellDensitySerializer
    queryset = CellDensity.objects.select_related("patient", "specimen", "batch")
    filterset_fields = ("marker", "region")


class ImmunoscoreRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = ImmunoscoreRule
        fields = ("uid", "number", "kind", "parameter", "cuts", "n_reference", "shares_high",
                  "notices", "digest", "inputs_digest", "created_at")  # fmt: skip


class ImmunoscoreRuleViewSet(StudyScopedViewSet):
    serializer_class = ImmunoscoreRuleSerializer
    queryset = ImmunoscoreRule.objects.all()


class ImmunoscoreSerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)
    rule = serializers.IntegerField(source="rule.number", read_only=True)

    class Meta:
        model = Immunoscore
        fields = ("uid", "patient", "specimen", "rule", "score", "high", "reason", "consensus",
                  "mean_percentile", "cd3_percentile", "cd8_percentile", "cd3_high", "cd8_high",
                  "inputs_digest")  # fmt: skip


class ImmunoscoreViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = ImmunoscoreSerializer
    queryset = Immunoscore.objects.select_related("patient", "specimen", "rule")
    filterset_fields = ("score", "high", "rule__number")


ROUTES = [
    ("cell-densities", CellDensityViewSet, "cell-density"),
    ("immunoscore-rules", ImmunoscoreRuleViewSet, "immunoscore-rule"),
    ("immunoscores", ImmunoscoreViewSet, "immunoscore"),
]
