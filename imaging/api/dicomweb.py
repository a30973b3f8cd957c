"""DICOMweb of one study: QIDO-RS and WADO-RS on what is stored, STOW-RS into the door of scans."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from imaging import services
from imaging.methods.multipart_related import boundary_of, write_parts
from imaging.selectors.dicomweb import (
    WebSeries,
    instances_found,
    series_found,
    series_of,
    studies_found,
    web_visits,
)
from studies.access import require, study_for
from studies.consents import SHARING, usable_ids
from studies.services import read_record

DICOM, DICOM_JSON = "application/dicom", "application/dicom+json"
Found = Callable[[Any, Any], list[dict[str, Any]]]


class AsAsked(DefaultContentNegotiation):
    """Each address answers in its one format, whatever else the asker would take too."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


@extend_schema(exclude=True)  # the addresses and answers are those of PS3.18
class DicomWebView(APIView):
    content_negotiation_class = AsAsked
    right = "rows"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.study = study_for(request.user, kwargs["study_uid"], self.right)

    def keep(self, request: Request, subject: str, rows: int) -> None:
        """Who read what."""
        read_record(self.study, request.user, "api", "dicomweb", subject[:200], [], rows)


class QueryView(DicomWebView):
    """QIDO-RS."""

    found: Found = staticmethod(series_found)

    def get(self, request: Request, study_uid: Any, **names: str) -> HttpResponseBase:
        query = {**request.query_params.dict(), **_keywords(names)}
        rows = type(self).found(web_visits(self.study, request.user), query)
        self.keep(request, " ".join(names.values()), len(rows))
        return JsonResponse(rows, safe=False, content_type=DICOM_JSON)


class SeriesQuery(QueryView):
    found = staticmethod(series_found)


class InstancesQuery(QueryView):
    found = staticmethod(instances_found)


class StudiesView(QueryView):
    """QIDO-RS of visits, and STOW-RS."""

    found = staticmethod(studies_found)

    def post(self, request: Request, study_uid: Any, **names: str) -> HttpResponseBase:
        return _stored(self, request, "")


class RetrieveView(DicomWebView):
    """WADO-RS: a visit, a series or an object; POST to a visit is STOW-RS."""

    def get(self, request: Request, study_uid: Any, **names: str) -> HttpResponseBase:
        require(request.user, self.study, "download")
        sources = [services.series_source(one) for one in self._series(request, names)]
        self.keep(request, " ".join(names.values()), len(sources))
        if instance := names.get("instance"):
            data = sources[0].file(instance)
            if "multipart" not in request.headers.get("Accept", "multipart"):
                return HttpResponse(data, content_type=DICOM)
            return _multipart(iter([data]))
        return _multipart(data for source in sources for data in source.files())

    def post(self, request: Request, study_uid: Any, **names: str) -> HttpResponseBase:
        if set(names) != {"visit"}:
            raise Http404("Objects are stored into a visit.")
        return _stored(self, request, names["visit"])

    def _series(self, request: Request, names: dict[str, str]) -> list[WebSeries]:
        """What an address names, of patients who share data."""
        visits = web_visits(self.study, request.user).filter(
            dicom_study_uid=names["visit"], patient_id__in=usable_ids(self.study, SHARING)
        )
        found = [
            one
            for visit in visits
            for one in series_of(visit)
            if names.get("series") in (None, one.uid)
            and (names.get("instance") is None or names["instance"] in one.instances)
        ]
        if not found:
            raise Http404("No such object of a patient who shares data.")
        return found


class MetadataView(RetrieveView):
    """WADO-RS: the same without pixels, as JSON."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: Request, study_uid: Any, **names: str) -> HttpResponseBase:
        require(request.user, self.study, "download")
        sources = [services.series_source(one) for one in self._series(request, names)]
        self.keep(request, " ".join(names.values()), len(sources))
        headers = (header for source in sources for header in source.headers())
        instance = names.get("instance")
        rows = [h.to_json_dict() for h in headers if instance in (None, str(h.SOPInstanceUID))]
        return JsonResponse(rows, safe=False, content_type=DICOM_JSON)


def _keywords(names: dict[str, str]) -> dict[str, str]:
    known = {"visit": "StudyInstanceUID", "series": "SeriesInstanceUID"}
    return {known[name]: value for name, value in names.items()}


def _multipart(objects: Iterator[bytes]) -> StreamingHttpResponse:
    boundary = secrets.token_hex(16)
    return StreamingHttpResponse(
        write_parts(objects, boundary, DICOM),
        content_type=f'multipart/related; type="{DICOM}"; boundary={boundary}',
    )


def _stored(view: DicomWebView, request: Request, visit: str) -> HttpResponseBase:
    """202: taken in by a job, whose outcome the upload's address tells; 409: nothing was usable."""
    boundary = boundary_of(request.headers.get("Content-Type", ""))
    received = services.objects_receive(
        view.study, request.user, request._request.read, boundary, visit
    )
    body: dict[str, Any] = {}
    if received.taken:
        body["00081199"] = _sequence([_named(*one) for one in received.taken])
    if received.failed:
        body["00081198"] = _sequence([
            _named(kind, uid) | {"00081197": {"vr": "US", "Value": [why]}}
            for kind, uid, why in received.failed
        ])  # fmt: skip
    status = 202 if received.batch else 409
    answer = JsonResponse(body, status=status, content_type=DICOM_JSON)
    if received.batch:
        names = [view.study.uid, received.batch.uid]
        answer["Location"] = request.build_absolute_uri(reverse("api:import-detail", args=names))
    return answer


def _named(kind: str, uid: str) -> dict[str, Any]:
    values = {"00081150": kind, "00081155": uid}
    return {tag: {"vr": "UI", "Value": [value]} for tag, value in values.items() if value}


def _sequence(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": items}


VISIT, SERIES = "dicomweb/studies/<str:visit>", "series/<str:series>"
INSTANCE = "instances/<str:instance>"
PATHS = [
    path("dicomweb/studies", StudiesView.as_view(), name="dicomweb-studies"),
    path("dicomweb/series", SeriesQuery.as_view(), name="dicomweb-series"),
    path("dicomweb/instances", InstancesQuery.as_view(), name="dicomweb-instances"),
    path(VISIT, RetrieveView.as_view(), name="dicomweb-visit"),
    path(f"{VISIT}/metadata", MetadataView.as_view(), name="dicomweb-visit-metadata"),
    path(f"{VISIT}/series", SeriesQuery.as_view(), name="dicomweb-visit-series"),
    path(f"{VISIT}/instances", InstancesQuery.as_view(), name="dicomweb-visit-instances"),
    path(f"{VISIT}/{SERIES}", RetrieveView.as_view(), name="dicomweb-one-series"),
    path(f"{VISIT}/{SERIES}/metadata", MetadataView.as_view(), name="dicomweb-series-metadata"),
    path(f"{VISIT}/{SERIES}/instances", InstancesQuery.as_view(), name="dicomweb-in-series"),
    path(f"{VISIT}/{SERIES}/{INSTANCE}", RetrieveView.as_view(), name="dicomweb-instance"),
    path(
        f"{VISIT}/{SERIES}/{INSTANCE}/metadata",
        MetadataView.as_view(),
        name="dicomweb-instance-metadata",
    ),
]
