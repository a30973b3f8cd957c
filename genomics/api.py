"""Records of genomics under /api/v1/studies/<uid>/."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from genomics.models import (
    AnnotationVersion,
    BatchCorrection,
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    Phenotype,
    PhenotypeFit,
    SequencingBatch,
    SignatureVersion,
)
from genomics.overviews import matrices_seen, notices_read
from studies.api import PatientScopedSerializer, StudyScopedViewSet


class SignatureSerializer(serializers.ModelSerializer):
    class Meta:
        model = SignatureVersion
        fields = ("uid", "name", "version", "digest", "n_cell_types", "n_pairs", "content")


class SignatureViewSet(StudyScopedViewSet):
    serializer_class = SignatureSerializer
    queryset = SignatureVersion.objects.all()
    filterset_fields = ("name",)


class ExpressionMatrixSerializer(serializers.ModelSerializer):
    notices = serializers.SerializerMethodField()
    batch = serializers.UUIDField(source="batch.uid", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    correction = serializers.IntegerField(source="correction.number", read_only=True, default=None)

    class Meta:
        model = ExpressionMatrix
        fields = ("uid", "batch", "sha256", "scale", "n_genes", "n_specimens", "coverage",
                  "quality", "correction", "notices", "inputs_digest", "created_at")  # fmt: skip

    def get_notices(self, matrix: ExpressionMatrix) -> list[dict[str, Any]]:
        """As the upload's: those that name specimens only to who reads all of it."""
        return notices_read(self.context["request"].user, matrix)


class ExpressionMatrixViewSet(StudyScopedViewSet):
    serializer_class = ExpressionMatrixSerializer
    queryset = ExpressionMatrix.objects.select_related("batch", "file", "correction", "study")

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        seen = matrices_seen(self.request.user, self.study)
        return self.queryset.filter(pk__in=seen.values("pk"))


class ExpressionColumnSerializer(PatientScopedSerializer):
    matrix = serializers.UUIDField(source="matrix.uid", read_only=True)
    specimen = serializers.CharField(source="specimen.label", read_only=True)

    class Meta:
        model = ExpressionColumn
        fields = ("uid", "patient", "specimen", "matrix", "position", "label", "quality")


class ExpressionColumnViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = ExpressionColumnSerializer
    queryset = ExpressionColumn.objects.select_related("patient", "specimen", "matrix")
    filterset_fields = ("matrix__uid",)


class CellAbundanceSerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)
    signature = serializers.CharField(source="signature.name", read_only=True)
    signature_version = serializers.IntegerField(source="signature.version", read_only=True)

    class Meta:
        model = CellAbundance
        fields = ("uid", "patient", "specimen", "signature", "signature_version", "method",
                  "ties", "scores", "inputs_digest")  # fmt: skip


class CellAbundanceViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = CellAbundanceSerializer
    queryset = CellAbundance.objects.select_related("patient", "specimen", "signature")
    filterset_fields = ("signature__name", "ties")


class PhenotypeFitSerializer(serializers.ModelSerializer):
    signature = serializers.CharField(source="signature.name", read_only=True)
    signature_version = serializers.IntegerField(source="signature.version", read_only=True)

    class Meta:
        model = PhenotypeFit
        fields = ("uid", "number", "signature", "signature_version", "method", "ties", "k",
                  "seed", "n_training", "borderline_rule", "fit", "digest",
                  "inputs_digest", "notices", "created_at")  # fmt: skip


class PhenotypeFitViewSet(StudyScopedViewSet):
    serializer_class = PhenotypeFitSerializer
    queryset = PhenotypeFit.objects.select_related("signature")


class PhenotypeSerializer(PatientScopedSerializer):
    fit = serializers.IntegerField(source="fit.number", read_only=True, default=None)

    class Meta:
        model = Phenotype
        fields = ("uid", "patient", "source", "label", "fit", "rule", "in_training", "margin",
                  "stability", "borderline", "core", "distance", "unusual",
                  "inputs_digest")  # fmt: skip


class PhenotypeViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = PhenotypeSerializer
    queryset = Phenotype.objects.select_related("patient", "fit").defer("fit__fit")
    filterset_fields = ("source", "label", "borderline", "in_training")


class AnnotationSerializer(serializers.ModelSerializer):
    batch = serializers.UUIDField(source="batch.uid", read_only=True)

    class Meta:
        model = AnnotationVersion
        fields = ("uid", "name", "version", "digest", "n_genes", "n_transcripts", "batch")


class AnnotationViewSet(StudyScopedViewSet):
    serializer_class = AnnotationSerializer
    queryset = AnnotationVersion.objects.select_related("batch")
    filterset_fields = ("name",)


class SequencingBatchSerializer(PatientScopedSerializer):
    specimen = serializers.CharField(source="specimen.label", read_only=True)

    class Meta:
        model = SequencingBatch
        fields = ("uid", "patient", "specimen", "name", "created_at")


class SequencingBatchViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = SequencingBatchSerializer
    queryset = SequencingBatch.objects.select_related("patient", "specimen")
    filterset_fields = ("name",)


class BatchCorrectionSerializer(serializers.ModelSerializer):
    sha256 = serializers.CharField(source="file.sha256", read_only=True)

    class Meta:
        model = BatchCorrection
        fields = ("uid", "number", "batches", "unseen", "n_training", "n_genes", "sha256",
                  "notices", "lifted_at", "inputs_digest", "created_at")  # fmt: skip


class BatchCorrectionViewSet(StudyScopedViewSet):
    serializer_class = BatchCorrectionSerializer
    queryset = BatchCorrection.objects.select_related("file")


ROUTES = [
    ("signatures", SignatureViewSet, "signature"),
    ("expression-matrices", ExpressionMatrixViewSet, "expression-matrix"),
    ("expression-columns", ExpressionColumnViewSet, "expression-column"),
    ("cell-abundances", CellAbundanceViewSet, "cell-abundance"),
    ("phenotype-fits", PhenotypeFitViewSet, "phenotype-fit"),
    ("phenotypes", PhenotypeViewSet, "phenotype"),
    ("gene-annotations", AnnotationViewSet, "gene-annotation"),
    ("sequencing-batches", SequencingBatchViewSet, "sequencing-batch"),
    ("batch-corrections", BatchCorrectionViewSet, "batch-correction"),
]
