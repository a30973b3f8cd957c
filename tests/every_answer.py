"""Every address of a study with what is really there, as one member is answered."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

import pyarrow.parquet as pq
from django.apps import apps
from django.test import Client
from django.urls import get_resolver, reverse

from studies.models import Study
from tests.test_doors import STUDY_ADDRESSES

MOST = 3  # records of a kind that are asked for
KINDS = {
    "patient_uid": "studies.Patient", "cohort_uid": "studies.Cohort", "job_uid": "studies.Job",
    "batch_uid": "studies.ImportBatch", "export_uid": "studies.Export",
    "drawing_uid": "studies.Drawing", "dictionary_uid": "studies.DictionaryVersion",
    "query_uid": "studies.Query", "membership_uid": "studies.Membership",
    "series_uid": "imaging.Series", "roi_uid": "imaging.Roi",
    "extractor_uid": "imaging.ExtractorVersion", "matrix_uid": "genomics.ExpressionMatrix",
    "version_uid": "modeling.ModelVersion", "run_uid": "modeling.ModelRun",
    "snapshot_uid": "modeling.DatasetSnapshot", "before_uid": "modeling.DatasetSnapshot",
    "after_uid": "modeling.DatasetSnapshot", "report_uid": "modeling.Report",
    "plan_uid": "modeling.AnalysisPlan",
}  # fmt: skip
_NAMES = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>")


def every_answer(
    user: Any, study: Study, more: Mapping[str, Sequence[Any]], only: str = ""
) -> Iterator[tuple[str, str, bytes]]:
    """Name, address and bytes of each answer of 200; archives unpacked, Parquet and PDF as text.

    ``more`` holds values of names in addresses that are no record's; ``only`` begins the names.
    """
    client = Client(raise_request_exception=False)  # records are bare: some have no bytes to show
    client.force_login(user)
    for name, route in STUDY_ADDRESSES:
        if not name.startswith(only):
            continue
        for address in _filled(name, route, study, more):
            answer = client.get(address)
            if answer.status_code == 200:
                yield name, address, readable(_bytes(answer))


def _filled(
    name: str, route: str, study: Study, more: Mapping[str, Sequence[Any]]
) -> Iterator[str]:
    keys = [one or other for one, other in _NAMES.findall(route)]
    owner = "study_uid" if "study_uid" in keys else "uid"
    values = [[study.uid] if key == owner else _values(name, key, study, more) for key in keys]
    for some in islice(product(*values), 120):
        yield reverse(name, kwargs=dict(zip(keys, some, strict=True)))


def _values(name: str, key: str, study: Study, more: Mapping[str, Sequence[Any]]) -> list[Any]:
    if f"{name}:{key}" in more:
        return list(more[f"{name}:{key}"])
    if key in more:
        return list(more[key])
    model = apps.get_model(KINDS[key]) if key in KINDS else None
    if model is None and key == "uid" and name.startswith("api:"):
        view = getattr(_views()[name], "cls", None)
        model = view.queryset.model if getattr(view, "queryset", None) is not None else None
    if model is None:
        return []
    return list(
        model.objects.filter(study=study).order_by("pk").values_list("uid", flat=True)[:MOST]
    )


def _views() -> dict[str, Any]:
    found: dict[str, Any] = {}
    todo = [r for r in get_resolver().url_patterns if getattr(r, "namespace", "") == "api"]
    while todo:
        for pattern in todo.pop().url_patterns:
            if hasattr(pattern, "url_patterns"):
                todo.append(pattern)
            else:
                found[f"api:{pattern.name}"] = pattern.callback
    return found


def _bytes(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def readable(data: bytes) -> bytes:
    """What somebody who has the file reads in it."""
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inner = [(name, archive.read(name)) for name in archive.namelist()]
        return b"\n".join(name.encode() + b"\n" + readable(part) for name, part in inner)
    if data[:4] == b"PAR1":
        return str(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
    if data[:5] == b"%PDF-" and shutil.which("pdftotext"):
        command = ["pdftotext", "-layout", "-", "-"]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout
    return data
