"""What the pages of eligibility, attrition, completeness and Table 1 show, over the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import eligibility, services, standing, table_one
from studies.methods.eligibility import read_criteria
from studies.methods.problems import DataProblem, Problem, refuse
from studies.models import Cohort, Completeness, EligibilityOverride, EligibilityVersion, Patient

from .cohorts import patients_named
from .records import CohortSerializer, PatientScopedSerializer, StudyScopedViewSet

COHORT = OpenApiParameter("cohort", str, description="uid of a cohort")


class FindingSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    verdict = serializers.CharField()
    reason = serializers.CharField()
    overridden = serializers.CharField()


class EligibilitySerializer(serializers.Serializer):
    """A patient against the study's criteria as they are now."""

    uid = serializers.UUIDField()
    patient = serializers.CharField()
    overall = serializers.CharField()
    findings = FindingSerializer(many=True)


class OverrideRequestSerializer(serializers.Serializer):
    patient = serializers.CharField()
    criterion = serializers.CharField()
    granted = serializers.BooleanField(default=True)
    reason = serializers.CharField()


class EligibilityViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Who meets the criteria and why not; POST overrides a criterion of a patient."""

    right = "rows"
    serializer_class = EligibilitySerializer
    queryset = Patient.objects.select_related("site")
    filterset_fields = ("pseudonym", "status", "cohort_memberships__cohort__uid")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = eligibility.evaluated(self.study, page or [])
        return self.get_paginated_response([_shown(row) for row in rows])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        (row,) = eligibility.evaluated(self.study, [self.get_object()])
        return Response(_shown(row))

    @extend_schema(request=OverrideRequestSerializer, responses={201: EligibilitySerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = OverrideRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        (patient,) = patients_named(request.user, self.study, [given.pop("patient")])
        services.eligibility_override(patient, request.user, **given)
        (row,) = eligibility.evaluated(self.study, [patient])
        return Response(_shown(row), status=status.HTTP_201_CREATED)


def _shown(row: eligibility.Evaluated) -> dict[str, Any]:
    findings = [asdict(finding) for finding in row.findings]
    return {
        "uid": str(row.patient.uid),
        "patient": row.patient.pseudonym,
        "overall": row.overall,
        "findings": findings,
    }


class OverrideSerializer(PatientScopedSerializer):
    class Meta:
        model = EligibilityOverride
        fields = ("uid", "patient", "criterion", "granted", "reason", "created_at")


class OverrideViewSet(StudyScopedViewSet):
    """Decisions of persons about one criterion of one patient, the newest first."""

    right = "rows"
    serializer_class = OverrideSerializer
    queryset = EligibilityOverride.objects.select_related("patient")


class CriteriaSerializer(serializers.ModelSerializer):
    class Meta:
        model = EligibilityVersion
        fields = ("uid", "number", "criteria", "note", "created_at")
        read_only_fields = ("uid", "number", "created_at")


class CriteriaViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """The study's criteria, version by version; none: those of the published study."""

    serializer_class = CriteriaSerializer
    queryset = EligibilityVersion.objects.all()

    def perform_create(self, serializer: Any) -> None:
        given = serializer.validated_data
        try:
            criteria = read_criteria(given["criteria"])
        except (TypeError, ValueError, AttributeError) as error:
            raise refuse("criteria", str(error), "a list of criteria as `current` shows them",
                         "Correct the list.", column="criteria") from error  # fmt: skip
        serializer.instance = services.eligibility_change(
            self.study, self.request.user, criteria, given.get("note", "")
        )

    @extend_schema(responses={200: CriteriaSerializer})
    @action(detail=False, methods=["get"])
    def current(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version = eligibility.version_of(self.study)
        criteria = [criterion.as_dict() for criterion in eligibility.criteria_of(self.study)]
        return Response({"number": version.number if version else 0, "criteria": criteria})


class CompletenessSerializer(PatientScopedSerializer):
    site = serializers.CharField(source="site.name", read_only=True)

    class Meta:
        model = Completeness
        fields = ("uid", "patient", "site", "present")


class CompletenessViewSet(StudyScopedViewSet):
    """Keys of what is there, a row per patient."""

    right = "rows"
    serializer_class = CompletenessSerializer
    queryset = Completeness.objects.select_related("patient", "site")
    filterset_fields = ("patient__pseudonym", "patient__cohort_memberships__cohort__uid")


class CohortTableViewSet(StudyScopedViewSet):
    """Attrition and Table 1; ``cohort`` (uid, Table 1: several) chooses."""

    queryset = Cohort.objects.all()
    serializer_class = CohortSerializer

    @extend_schema(parameters=[COHORT], responses={200: dict})
    @action(detail=False, methods=["get"])
    def attrition(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        cohorts = self._asked(request)
        if len(cohorts) > 1:
            raise refuse("cohort", ", ".join(map(str, cohorts)), "one cohort, or none for all",
                         "Ask for one after the other.", column="cohort")  # fmt: skip
        return self._standing(standing.ATTRITION, cohorts)

    @extend_schema(parameters=[COHORT], responses={200: dict})
    @action(detail=False, methods=["get"], url_path="table-1")
    def table_one(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        chosen = self._asked(request) or table_one.default_cohorts(self.study)
        return self._standing(standing.TABLE_ONE, chosen)

    def _standing(self, what: str, cohorts: Sequence[Cohort]) -> Response:
        """The count with ``counted_at``; of a large study the newest that a job made."""
        counted = standing.standing(self.request.user, self.study, what, cohorts)
        if counted.found is None:
            remedy = "Start the step studies.count with these params: " + repr(counted.params)
            expected = "a count of a large study" if counted.by_job else "patients who may be used"
            raise refuse(what, "nothing", expected, remedy if counted.by_job else "Choose others.")
        return Response({**asdict(counted.found), "counted_at": counted.at or timezone.now()})

    def _asked(self, request: Request) -> list[Cohort]:
        """The cohorts that are named; one that is not of the study is refused, not left out."""
        uids = list(dict.fromkeys(request.query_params.getlist("cohort")))
        known = {str(cohort.uid): cohort for cohort in Cohort.objects.filter(study=self.study)}
        wrong = [uid for uid in uids if uid not in known]
        if wrong:
            raise DataProblem(
                Problem("cohort", uid, "the uid of a cohort of this study", "Correct it.",
                        column="cohort")
                for uid in wrong
            )  # fmt: skip
        return [known[uid] for uid in uids]


ROUTES = [
    ("eligibility", EligibilityViewSet, "eligibility"),
    ("eligibility-overrides", OverrideViewSet, "eligibility-override"),
    ("criteria", CriteriaViewSet, "criteria"),
    ("completeness", CompletenessViewSet, "completeness"),
    ("cohort-tables", CohortTableViewSet, "cohort-table"),
]
