"""Cohorts, consents, moves: the verbs of the pages, over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from studies import access, services
from studies.consents import SCOPES, policy_of
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import (
    Cohort,
    CohortRole,
    Consent,
    ConsentPolicy,
    MoveKind,
    Patient,
    PatientMove,
    Site,
    Study,
)
from studies.selectors import patients_by_former, said_former

from .imports import StartedSerializer
from .records import CohortSerializer, PatientScopedSerializer, StudyScopedViewSet


def patients_named(user: Any, study: Study, pseudonyms: list[str]) -> list[Patient]:
    """The patients of these pseudonyms whom the user sees.

    Raises
    ------
    DataProblem
        Every pseudonym that is nobody's.
    """
    seen = access.visible(Patient.objects.filter(pseudonym__in=pseudonyms), user, study)
    found = {patient.pseudonym: patient for patient in seen.select_related("site", "study")}
    missing = [name for name in dict.fromkeys(pseudonyms) if name not in found]
    former = patients_by_former(study, user) if missing else {}
    if missing:
        raise DataProblem(
            Problem(name, said_former(name, former[name]) if name in former
                    else say("no such patient"), "a pseudonym of the study that you may see",
                    "Correct the pseudonym.", column="patients")
            for name in missing
        )  # fmt: skip
    return list(found.values())


class CohortCreateSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    role = serializers.ChoiceField(CohortRole.choices)


class PseudonymsSerializer(serializers.Serializer):
    patients = serializers.ListField(child=serializers.CharField(), allow_empty=False)


class CohortViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Cohorts; POST makes one, ``members`` changes who is in it, ``freeze`` ends that for good."""

    serializer_class = CohortSerializer
    queryset = Cohort.objects.all()

    @extend_schema(request=CohortCreateSerializer, responses={201: CohortSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = CohortCreateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.cohort_create(self.study, request.user, **asked.validated_data)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PseudonymsSerializer, responses={200: CohortSerializer})
    @action(detail=True, methods=["post", "delete"])
    def members(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = PseudonymsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        cohort = self.get_object()
        names = asked.validated_data["patients"]
        patients = patients_named(request.user, self.study, names)
        change = services.cohort_members_add
        if request.method == "DELETE":
            change = services.cohort_members_remove
        change(cohort, request.user, patients)
        return Response(self.get_serializer(cohort).data)

    @extend_schema(request=None, responses={200: CohortSerializer})
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        cohort = services.cohort_freeze(self.get_object(), request.user)
        return Response(self.get_serializer(cohort).data)


class ConsentPolicySerializer(serializers.ModelSerializer):
    reason = serializers.CharField(default="", allow_blank=True)

    class Meta:
        model = ConsentPolicy
        fields = ("uid", "required", "reason", "created_at")
        read_only_fields = ("uid", "created_at")


class ConsentPolicyViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Decisions whether a consent on record is required, the newest first; none: it is."""

    serializer_class = ConsentPolicySerializer
    queryset = ConsentPolicy.objects.all()

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.consent_policy_set(
            self.study, self.request.user, **serializer.validated_data
        )

    @extend_schema(request=None, responses={200: ConsentPolicySerializer})
    @action(detail=False, methods=["get"])
    def current(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        policy = policy_of(self.study)
        return Response(self.get_serializer(policy).data if policy else {"required": True})


class ConsentSerializer(PatientScopedSerializer):
    class Meta:
        model = Consent
        fields = ("uid", "patient", "scope", "date", "withdrawn_on")

    def to_representation(self, consent: Consent) -> dict[str, Any]:
        """Calendar dates are for readers with the right ``identifiers``."""
        shown = super().to_representation(consent)
        if "identifiers" not in self.context["view"].rights:
            shown |= {"date": None, "withdrawn_on": None}
        return shown | {"in_force": consent.withdrawn_on is None}


class ConsentRequestSerializer(serializers.Serializer):
    patient = serializers.CharField()
    scope = serializers.ChoiceField(list(SCOPES.items()))
    date = serializers.DateField()
    withdrawn_on = serializers.DateField(required=False, allow_null=True)


class ConsentViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """Consents by patient and scope; POST records one, or its end."""

    right = "rows"
    serializer_class = ConsentSerializer
    queryset = Consent.objects.select_related("patient")
    filterset_fields = ("scope", "patient__pseudonym")

    @extend_schema(request=ConsentRequestSerializer, responses={201: ConsentSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = ConsentRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        (patient,) = patients_named(request.user, self.study, [given["patient"]])
        consent = services.consent_record(
            patient, request.user, given["scope"], given["date"], given.get("withdrawn_on")
        )
        return Response(self.get_serializer(consent).data, status=status.HTTP_201_CREATED)


class PatientMoveSerializer(PatientScopedSerializer):
    marked = serializers.SerializerMethodField()

    class Meta:
        model = PatientMove
        fields = ("uid", "patient", "kind", "date", "reason", "details", "marked", "created_at")

    def get_marked(self, move: PatientMove) -> list[str]:
        return [str(trace.title) for trace in move.traces.all()]

    def to_representation(self, move: PatientMove) -> dict[str, Any]:
        """Calendar dates are for readers with the right ``identifiers``."""
        shown = super().to_representation(move)
        if "identifiers" not in self.context["view"].rights:
            shown |= {"date": None}
        return shown


class MoveRequestSerializer(serializers.Serializer):
    """``patient`` may be empty for ``screened``: the platform makes the pseudonym.

    ``renamed`` needs ``pseudonym``, the right one, and ``former``, which says whose the wrong one
    is: ``kept`` by this patient, so that scans, RNA and slides that carry it stay theirs and tables
    with it are refused, or ``freed`` for another. ``freed`` needs ``former``, a former pseudonym.
    Both are dated today; every other step needs its ``date``.
    """

    kind = serializers.ChoiceField(MoveKind.choices)
    patient = serializers.CharField(default="", allow_blank=True)
    date = serializers.DateField(required=False)
    reason = serializers.CharField(default="", allow_blank=True)
    site = serializers.CharField(default="", allow_blank=True)
    other = serializers.CharField(default="", allow_blank=True)
    pseudonym = serializers.CharField(default="", allow_blank=True, max_length=64)
    former = serializers.CharField(default="", allow_blank=True, max_length=64)
    purge = serializers.BooleanField(default=False)


class PatientMoveViewSet(mixins.CreateModelMixin, StudyScopedViewSet):
    """The screening log; POST screens, enrols, excludes, withdraws, transfers, merges, or corrects
    a pseudonym.

    ``purge`` of a withdrawal removes what was kept then.
    """

    right = "rows"
    serializer_class = PatientMoveSerializer
    queryset = PatientMove.objects.select_related("patient").prefetch_related("traces")
    filterset_fields = ("kind", "patient__pseudonym")

    @extend_schema(request=MoveRequestSerializer, responses={201: PatientMoveSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = MoveRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        move = self._move(request.user, asked.validated_data)
        return Response(self.get_serializer(move).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={202: StartedSerializer})
    @action(detail=True, methods=["post"])
    def purge(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Remove what is stored of a patient who withdrew and whose files were kept so far."""
        job = services.purge_start(self.get_object(), request.user)
        return Response(StartedSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def _move(self, user: Any, given: dict[str, Any]) -> PatientMove:
        kind, reason = given["kind"], given["reason"]
        if kind in (MoveKind.RENAMED, MoveKind.FREED):
            return self._named(user, kind, given)
        if (on := given.get("date")) is None:
            raise refuse("date", say("nothing"), "the day of the step", "Say when it was.",
                         column="date")  # fmt: skip
        if kind == MoveKind.SCREENED:
            site = self._site(given["site"])
            patient = services.patient_screen(self.study, user, site, on, given["patient"], reason)
            return patient.moves.latest("id")
        (patient,) = patients_named(user, self.study, [given["patient"]])
        if kind == MoveKind.WITHDRAWN:
            return services.patient_withdraw(patient, user, on, reason, given["purge"])
        if kind == MoveKind.TRANSFERRED:
            return services.patient_transfer(patient, user, self._site(given["site"]), on, reason)
        if kind == MoveKind.MERGED:
            (other,) = patients_named(user, self.study, [given["other"]])
            return services.patients_merge(patient, other, user, on, reason)
        return services.patient_status_set(patient, user, kind, on, reason)

    def _named(self, user: Any, kind: str, given: dict[str, Any]) -> PatientMove:
        (patient,) = patients_named(user, self.study, [given["patient"]])
        former, reason = given["former"], given["reason"]
        if kind == MoveKind.FREED:
            return services.pseudonym_free(patient, user, former, reason)
        return services.pseudonym_correct(
            patient, user, given["pseudonym"], former, reason, given["patient"]
        )

    def _site(self, name: str) -> Site:
        site = Site.objects.filter(study_sites__study=self.study, name=name).first()
        if site is None:
            raise refuse("site", name or "nothing", "a site of the study", "Correct the name.",
                         column="site")  # fmt: skip
        return site


ROUTES = [
    ("cohorts", CohortViewSet, "cohort"),
    ("consent-policies", ConsentPolicyViewSet, "consent-policy"),
    ("consents", ConsentViewSet, "consent"),
    ("patient-moves", PatientMoveViewSet, "patient-move"),
]
