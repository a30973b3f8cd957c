"""What DICOMweb may ask for: visits and series under their new UIDs, regions as segmentations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from imaging.methods.deidentification import mapped_uid
from imaging.models import DicomStudy, Roi, Series
from studies import access
from studies.methods.problems import refuse
from studies.models import Study

TAGS = {
    "StudyInstanceUID": ("0020000D", "UI"),
    "SeriesInstanceUID": ("0020000E", "UI"),
    "SOPInstanceUID": ("00080018", "UI"),
    "SOPClassUID": ("00080016", "UI"),
    "PatientID": ("00100020", "LO"),
    "PatientName": ("00100010", "PN"),
    "Modality": ("00080060", "CS"),
    "ModalitiesInStudy": ("00080061", "CS"),
    "StudyDate": ("00080020", "DA"),
    "Manufacturer": ("00080070", "LO"),
    "NumberOfStudyRelatedSeries": ("00201206", "IS"),
    "NumberOfStudyRelatedInstances": ("00201208", "IS"),
    "NumberOfSeriesRelatedInstances": ("00201209", "IS"),
    "InstanceNumber": ("00200013", "IS"),
    "Rows": ("00280010", "US"),
    "Columns": ("00280011", "US"),
}
KEYWORDS = {tag: keyword for keyword, (tag, _) in TAGS.items()}
CLASSES = {
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
}
ASKED = {
    "studies": ("StudyInstanceUID", "PatientID", "ModalitiesInStudy"),
    "series": ("StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Modality"),
    "instances": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientID",
                  "Modality"),
}  # fmt: skip
ABOUT = ("limit", "offset", "includefield", "fuzzymatching")
MOST = 1000  # rows of one answer

DicomJson = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class WebSeries:
    """A stored scan, or the segmentation of all regions in force on one.

    ``rois`` is empty for the scan itself.
    """

    series: Series
    uid: str
    modality: str
    instances: tuple[str, ...]
    rois: tuple[Roi, ...] = ()

    def attributes(self) -> dict[str, Any]:
        patient = self.series.patient.pseudonym
        return {
            "StudyInstanceUID": self.series.dicom_study.dicom_study_uid,
            "SeriesInstanceUID": self.uid,
            "Modality": self.modality,
            "PatientID": patient,
            "PatientName": patient,
            "Manufacturer": self.series.manufacturer if not self.rois else "Isotherm",
            "NumberOfSeriesRelatedInstances": len(self.instances),
        }


def segmentation_seed(rois: Sequence[Roi]) -> str:
    """What the UIDs of a file of regions are made of."""
    return ":".join(str(roi.uid) for roi in rois)


def web_visits(study: Study, user: Any) -> QuerySet[DicomStudy]:
    """The visits that the user may see, with their series and regions in force."""
    rois = Roi.objects.filter(superseded_by__isnull=True).order_by("id")
    rois = rois.select_related("mask__study", "series")
    series = Series.objects.filter(replaced_at__isnull=True, state="ready").order_by("id")
    series = series.select_related("patient", "dicom_study", "volume__study")
    series = series.prefetch_related(Prefetch("rois", rois, to_attr="in_force"))
    visits = access.visible(DicomStudy.objects.all(), user, study).select_related("patient")
    return visits.prefetch_related(Prefetch("series", series, to_attr="stored")).order_by("id")


def series_of(visit: DicomStudy) -> list[WebSeries]:
    """The scans of a visit, each followed by the segmentation of its regions."""
    found = []
    for series in visit.stored:  # type: ignore[attr-defined]
        found.append(
            WebSeries(series, series.series_uid, series.modality, tuple(series.instance_uids))
        )
        if rois := tuple(series.in_force):
            seed = segmentation_seed(rois)
            uid, instance = mapped_uid(b"seg series", seed), mapped_uid(b"seg", seed)
            found.append(WebSeries(series, uid, "SEG", (instance,), rois))
    return found


def asked_of(query: Mapping[str, Any], level: str) -> dict[str, str]:
    """The attributes that a query compares, by keyword.

    Raises
    ------
    DataProblem
        One that is not compared here: leaving it out would answer with too much.
    """
    asked = {}
    for name, value in query.items():
        keyword = KEYWORDS.get(name.upper(), name)
        if keyword in ASKED[level]:
            asked[keyword] = str(value)
        elif keyword not in ABOUT:
            raise refuse(name, "an attribute that is not compared here",
                         ", ".join(ASKED[level]), "Leave it out of the query.")  # fmt: skip
    return asked


def page_of(query: Mapping[str, Any]) -> slice:
    """Which rows a query wants.

    Raises
    ------
    DataProblem
        A limit or offset that is no whole number.
    """
    numbers = {name: str(query.get(name, default)) for name, default in
               (("limit", MOST), ("offset", 0))}  # fmt: skip
    for name, value in numbers.items():
        if not value.isdigit():
            raise refuse(name, value, "a whole number", "Correct the query.")
    start = int(numbers["offset"])
    return slice(start, start + min(int(numbers["limit"]), MOST))


def studies_found(visits: QuerySet[DicomStudy], query: Mapping[str, Any]) -> list[DicomJson]:
    asked = asked_of(query, "studies")
    wanted = asked.pop("ModalitiesInStudy", "")
    found = []
    for visit in _narrowed(visits, asked):
        series = series_of(visit)
        modalities = sorted({one.modality for one in series})
        if series and (not wanted or wanted in modalities):
            found.append(dicom_json({
                "StudyInstanceUID": visit.dicom_study_uid, "StudyDate": None,
                "PatientID": visit.patient.pseudonym, "PatientName": visit.patient.pseudonym,
                "ModalitiesInStudy": modalities, "NumberOfStudyRelatedSeries": len(series),
                "NumberOfStudyRelatedInstances": sum(len(one.instances) for one in series),
            }))  # fmt: skip
    return found[page_of(query)]


def series_found(visits: QuerySet[DicomStudy], query: Mapping[str, Any]) -> list[DicomJson]:
    return [dicom_json(one.attributes()) for one in _matching(visits, query, "series")][
        page_of(query)
    ]


def instances_found(visits: QuerySet[DicomStudy], query: Mapping[str, Any]) -> list[DicomJson]:
    asked = asked_of(query, "instances")
    rows = []
    for one in _matching(visits, query, "instances"):
        columns, height = one.series.size[0], one.series.size[1]
        for number, uid in enumerate(one.instances, start=1):
            if asked.get("SOPInstanceUID", uid) == uid:
                rows.append(one.attributes() | {
                    "SOPInstanceUID": uid, "SOPClassUID": CLASSES[one.modality],
                    "InstanceNumber": number, "Rows": height, "Columns": columns,
                })  # fmt: skip
    return [dicom_json(row) for row in rows[page_of(query)]]


def _matching(
    visits: QuerySet[DicomStudy], query: Mapping[str, Any], level: str
) -> list[WebSeries]:
    asked = asked_of(query, level)
    uid, modality = asked.get("SeriesInstanceUID"), asked.get("Modality")
    return [
        one
        for visit in _narrowed(visits, asked)
        for one in series_of(visit)
        if uid in (None, "", one.uid) and modality in (None, "", one.modality)
    ]


def _narrowed(visits: QuerySet[DicomStudy], asked: Mapping[str, str]) -> QuerySet[DicomStudy]:
    if uid := asked.get("StudyInstanceUID"):
        visits = visits.filter(dicom_study_uid=uid)
    if patient := asked.get("PatientID"):
        pattern = re.escape(patient).replace(r"\*", ".*").replace(r"\?", ".")
        visits = visits.filter(patient__pseudonym__regex=f"^{pattern}$")
    return visits


def dicom_json(values: Mapping[str, Any]) -> DicomJson:
    """Attributes as DICOM's JSON model (PS3.18 F)."""
    found: DicomJson = {}
    for keyword, value in values.items():
        tag, kind = TAGS[keyword]
        found[tag] = {"vr": kind}
        several = value if isinstance(value, list) else [value]
        if kind == "PN":
            found[tag]["Value"] = [{"Alphabetic": one} for one in several]
        elif value not in (None, ""):
            found[tag]["Value"] = several
    return dict(sorted(found.items()))
