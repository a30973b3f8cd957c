"""/api/v1/: the records of the thread, imports and runs, with the same rights as the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import registry, services
from studies.access import (
    memberships_of,
    reads_names,
    rights_of,
    sees_all_sites,
    study_for,
    takes_rows,
    visible,
    why_without_rows,
)
from studies.kept_stages import stage_states
from studies.languages import spoken
from studies.models import (
    Cohort,
    FormEntry,
    Job,
    Patient,
    Specimen,
    Study,
    Variable,
    VariableType,
)
from studies.services import read_record

from .known_names import KnownNames


class StudySerializer(serializers.ModelSerializer):
    my_rights = serializers.SerializerMethodField()
    stages = serializers.SerializerMethodField()

    class Meta:
        model = Study
        fields = ("uid", "name", "description", "is_simulated", "my_rights", "stages")

    def get_my_rights(self, study: Study) -> list[str]:
        return sorted(rights_of(self.context["request"].user, study))

    def get_stages(self, study: Study) -> list[dict[str, str]]:
        if self.context["view"].action != "retrieve":
            return []
        user = self.context["request"].user
        return [
            {
                "key": stage.key,
                "title": spoken(stage.title),
                "state": state.state,
                "headline": state.headline,
                "url": state.url,
            }
            for stage, state in stage_states(user, study)
        ]


class StudyViewSet(KnownNames, viewsets.ReadOnlyModelViewSet):
    """Studies of which you are a member."""

    serializer_class = StudySerializer
    lookup_field = "uid"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.refuse_unknown_names(request)

    def get_queryset(self) -> QuerySet:
        return Study.objects.visible_to(self.request.user)


@extend_schema(parameters=[OpenApiParameter("study_uid", str, OpenApiParameter.PATH)])
class StudyScopedViewSet(KnownNames, viewsets.ReadOnlyModelViewSet):
    """Records of one study that the user may see; ``right`` is what reading them needs.

    A name that the action does not take, in the query or the body, is refused.
    """

    right = "aggregates"
    lookup_field = "uid"
    queryset: QuerySet

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.study = study_for(request.user, kwargs["study_uid"], self.right)
        self.rights = rights_of(request.user, self.study)
        self.takes_rows = takes_rows(request.user, self.study)
        self.refuse_unknown_names(request)

    def why_without_rows(self) -> str:
        """Asked for once, however many records say it."""
        if not hasattr(self, "_why"):
            self._why = why_without_rows(self.study)
        return self._why

    def counted_at(self) -> list[str] | None:
        """The sites whose patients a count is of; nothing: of every site."""
        if sees_all_sites(self.request.user, self.study):
            return None
        held = memberships_of(self.request.user, self.study)
        return sorted({member.site.name for member in held if member.site})

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Who was answered with rows of patients is kept."""
        answered = super().finalize_response(request, response, *args, **kwargs)
        reads = self.right == "rows" and request.method == "GET" and response.status_code == 200
        if reads and hasattr(self, "study"):
            _keep(self, request, response, str(kwargs.get("uid", "")))
        return answered

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return visible(self.queryset, self.request.user, self.study)


class LeftOutSerializer(serializers.Serializer):
    """What an answer is without, and why: rows of patients, or groups of fewer than five."""

    parts = serializers.ListField(child=serializers.CharField(), help_text="Paths that are null.")
    why = serializers.CharField()


def left_out(view: Any, parts: Sequence[str]) -> dict[str, Any] | None:
    """As ``LeftOutSerializer``; nothing where nothing is left out."""
    return {"parts": list(parts), "why": view.why_without_rows()} if parts else None


def _keep(view: Any, request: Request, response: Any, uid: str) -> None:
    """Which rows of patients were handed out: of a list, of one record, or a file."""
    data = getattr(response, "data", None)
    rows = data.get("results", [data]) if isinstance(data, dict) else data or []
    columns = list(rows[0]) if rows and isinstance(rows[0], dict) else []
    number = len(rows) if data is not None else None
    read_record(view.study, request.user, "api", view.basename or "", uid, columns, number)


class NamesPatients(serializers.ModelSerializer):
    """Empties ``names``, which may name any patient, unless the reader is ``owner`` or sees all.

    All is every site, or the sites that the record is of.
    """

    names: tuple[str, ...] = ()
    owner = ""

    def to_representation(self, row: Any) -> dict[str, Any]:
        shown = super().to_representation(row)
        user = self.context["request"].user
        if not reads_names(user, row.study, getattr(row, self.owner), row.site_ids):
            shown |= {name: type(shown[name])() for name in self.names}
        return shown


class JobSerializer(NamesPatients):
    names = ("problems", "progress_message", "result")
    owner = "acting_user_id"
    share = serializers.FloatField(read_only=True)
    page = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "uid",
            "kind",
            "params",
            "state",
            "attempt",
            "share",
            "progress_done",
            "progress_total",
            "progress_message",
            "problems",
            "result",
            "error_id",
            "created_at",
            "started_at",
            "ended_at",
            "page",
        )

    def get_page(self, job: Job) -> str:
        return reverse("studies:job", args=[job.study.uid, job.uid])


class JobRequestSerializer(serializers.Serializer):
    kind = serializers.CharField()
    params = serializers.DictField(default=dict)


class JobViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Steps and imports under way; POST starts a step."""

    serializer_class = JobSerializer
    queryset = Job.objects.select_related("study")
    filterset_fields = ("kind", "state")

    @extend_schema(request=JobRequestSerializer, responses={201: JobSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = JobRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = services.action_start(self.study, request.user, **asked.validated_data)
        return Response(self.get_serializer(job).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: JobSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        job = services.job_cancel(self.get_object(), request.user)
        return Response(self.get_serializer(job).data)


class PatientSerializer(serializers.ModelSerializer):
    site = serializers.CharField(source="site.name", read_only=True)
    cohorts = serializers.SerializerMethodField()
    former_pseudonyms = serializers.SerializerMethodField(
        help_text="Pseudonyms by mistake that still mean the patient."
    )

    class Meta:
        model = Patient
        fields = ("uid", "pseudonym", "former_pseudonyms", "site", "status", "cohorts")

    def get_former_pseudonyms(self, patient: Patient) -> list[str]:
        former = [row.pseudonym for row in patient.former_pseudonyms.all() if not row.freed_at]
        return [name for name in former if name != patient.pseudonym]

    def get_cohorts(self, patient: Patient) -> list[str]:
        return [member.cohort.name for member in patient.cohort_memberships.all()]


class PatientViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = PatientSerializer
    queryset = Patient.objects.select_related("site").prefetch_related(
        "cohort_memberships__cohort", "former_pseudonyms"
    )
    filterset_fields = ("status", "site__name", "pseudonym")

    @extend_schema(responses={200: dict})
    @action(detail=True)
    def panels(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the patient's page shows of each app: scans with uptake, slides, RNA, models."""
        patient = self.get_object()
        patient.study = self.study
        found = {
            panel.title: panel.context(patient)
            for panel in registry.patient_panels()
            if panel.plain
        }
        return Response({"patient": patient.pseudonym, "panels": found})


class CountedSerializer(serializers.ModelSerializer):
    """Has counts of patients: of those that the reader sees."""

    counted_at = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField(), allow_null=True))
    def get_counted_at(self, row: Any) -> list[str] | None:
        """The sites that the counts are of; null: every site."""
        found: list[str] | None = self.context["view"].counted_at()
        return found


class CohortSerializer(CountedSerializer):
    members = serializers.SerializerMethodField()

    class Meta:
        model = Cohort
        fields = ("uid", "name", "role", "use", "frozen_at", "members", "counted_at")

    def get_members(self, cohort: Cohort) -> int:
        return cohort.members.count()


class PatientScopedSerializer(serializers.ModelSerializer):
    """Rows below a patient name the patient by pseudonym."""

    patient = serializers.CharField(source="patient.pseudonym", read_only=True)


class FormEntrySerializer(PatientScopedSerializer):
    dictionary = serializers.IntegerField(source="dictionary.number", read_only=True)

    class Meta:
        model = FormEntry
        fields = ("uid", "patient", "form", "occasion", "dictionary", "values", "state")

    def to_representation(self, entry: FormEntry) -> dict[str, Any]:
        """Calendar dates are for readers with the right ``identifiers``."""
        shown = super().to_representation(entry)
        if "identifiers" not in self.context["view"].rights:
            hidden = self._dates(entry.dictionary_id)
            shown["values"] = {k: v for k, v in entry.values.items() if k not in hidden}
        return shown

    def _dates(self, dictionary_id: int) -> set[str]:
        known = self.context.setdefault("dates_of", {})
        if dictionary_id not in known:
            dates = Variable.objects.filter(dictionary=dictionary_id, type=VariableType.DATE)
            known[dictionary_id] = set(dates.values_list("name", flat=True))
        return known[dictionary_id]


class FormEntryViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = FormEntrySerializer
    queryset = FormEntry.objects.select_related("patient", "dictionary")
    filterset_fields = ("form", "occasion", "state")


class SpecimenSerializer(PatientScopedSerializer):
    class Meta:
        model = Specimen
        fields = ("uid", "patient", "label", "procedure", "tissue", "collected_on")

    def to_representation(self, specimen: Specimen) -> dict[str, Any]:
        """Calendar dates are for readers with the right ``identifiers``."""
        shown = super().to_representation(specimen)
        if "identifiers" not in self.context["view"].rights:
            shown["collected_on"] = None
        return shown


class SpecimenViewSet(StudyScopedViewSet):
    right = "rows"
    serializer_class = SpecimenSerializer
    queryset = Specimen.objects.select_related("patient")


ROUTES = [
    ("jobs", JobViewSet, "job"),
    ("patients", PatientViewSet, "patient"),
    ("form-entries", FormEntryViewSet, "form-entry"),
    ("specimens", SpecimenViewSet, "specimen"),
]
