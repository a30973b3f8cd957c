"""A frozen table as a file: the frozen bytes, or what may leave of them; R fits the model again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from modeling.models import DatasetSnapshot
from modeling.services.frozen_files import ELSEWHERE
from modeling.services.prognosis import prognosis_run
from modeling.services.snapshots import rad_score_question, snapshot_freeze, snapshot_read
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import Consent, Export, Job, Membership, Patient, ReadRecord
from studies.services import consent_policy_set, export_start
from tests.modeling.prognosis_made import make_rad_score
from tests.modeling.rad_score_made import make_features
from tests.people import People

pytestmark = pytest.mark.django_db


def taken(people: People, user: Any, snapshot: DatasetSnapshot, form: str) -> tuple[Export, bytes]:
    """A file of the table, made and handed out by the pages."""
    client = Client()
    client.force_login(user)
    client.post(reverse("modeling:snapshot_take", args=[people.study.uid, snapshot.uid]),
                {"format": form})  # fmt: skip
    with acting_as(user):
        job = Job.objects.filter(kind="studies.export").latest("id")
        assert run_inline(job).state == "done", job.problems
        export = Export.objects.latest("id")
    page = client.get(reverse("modeling:snapshot", args=[people.study.uid, snapshot.uid]))
    address = reverse("studies:export_file", args=[people.study.uid, export.uid])
    assert address in page.content.decode()
    return export, b"".join(client.get(address).streaming_content)  # type: ignore[attr-defined]


def test_the_zip_holds_what_its_script_asks_for_and_r_fits_it_again(
    as_statistician: People, monkeypatch: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    people = as_statistician
    make_rad_score(people, monkeypatch)
    run = prognosis_run(people.study, "overall_survival", seed=3)
    fitted = run.versions.get().fitting_snapshot
    export, data = taken(people, people.statistician, fitted, "zip")
    assert export.left_out == {"left_out": 0}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"].keys() == files.keys() == {
        "fit_overall_survival.csv", "fit_overall_survival.parquet", "columns.csv", "analysis.R",
    }  # fmt: skip
    for name, told in manifest["files"].items():
        assert told["sha256"] == hashlib.sha256(files[name]).hexdigest()
    assert manifest["is_the_frozen_table"]
    assert manifest["files"]["fit_overall_survival.parquet"]["sha256"] == fitted.sha256
    rows = pd.read_csv(tmp_path / "fit_overall_survival.csv", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(rows, snapshot_read(fitted), check_dtype=False)
    told = {row["name"]: row for row in _lines(files["columns.csv"])}
    assert list(rows.columns) == list(told)
    assert told["duration_months"]["unit"] == "months"
    rscript = request.getfixturevalue("rscript")  # what stands above holds without R
    command = [rscript, "analysis.R"]  # the rows beside it are found
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "largest difference of a coefficient" in answer.stdout
    assert (tmp_path / "r_cox_overall_survival.csv").exists()


def _lines(data: bytes) -> csv.DictReader:
    return csv.DictReader(io.StringIO(data.decode("utf-8-sig")))


def test_only_what_may_leave_leaves(as_statistician: People) -> None:
    people = as_statistician
    make_features(people, patients=40)
    snapshot = snapshot_freeze(people.study, rad_score_question())
    frozen = snapshot_read(snapshot)
    # who may identify gets the frozen file byte for byte; the statistician days instead of dates
    export, whole = taken(people, people.coordinator, snapshot, "parquet")
    assert hashlib.sha256(whole).hexdigest() == snapshot.sha256 == export.file.sha256
    export, data = taken(people, people.statistician, snapshot, "csv")
    rows = pd.read_csv(io.BytesIO(data), encoding="utf-8-sig")
    assert {"scanned_on__days", "treated_on__days"} <= set(rows)
    assert "scanned_on" not in rows
    days = dict(zip(rows["pseudonym"], rows["scanned_on__days"], strict=True))
    assert days[frozen["pseudonym"][0]] == (frozen["scanned_on"] - frozen["treated_on"])[0].days
    record = ReadRecord.objects.filter(action="export", subject=str(export.uid)).get()
    assert (record.row_count, record.columns) == (len(frozen), list(rows.columns))
    # who sees one site takes away its rows alone, and nobody else's name stands in the zip
    theirs = set(Patient.objects.filter(site=people.elsewhere).values_list("pseudonym", flat=True))
    with acting_as(people.administrator):
        member = Membership.objects.filter(user=people.colleague)
        member.update(rights=["aggregates", "rows", "download"])
    export, data = taken(people, people.colleague, snapshot, "zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    found = {
        name for name in frozen["pseudonym"] if any(name.encode() in f for f in files.values())
    }
    assert found == theirs & set(frozen["pseudonym"]) != set()
    assert export.left_out["reasons"] == {ELSEWHERE: len(frozen) - len(found)}
    # with consents on record, only of those who agreed to sharing
    agreed = Patient.objects.filter(pseudonym__in=frozen["pseudonym"][:7])
    others = Consent.objects.filter(scope="sharing").exclude(patient__in=agreed)
    others.update(withdrawn_on=timezone.localdate())
    with acting_as(people.administrator):
        consent_policy_set(people.study, people.administrator, True, "consent is recorded here")
    export, data = taken(people, people.coordinator, snapshot, "parquet")
    assert sorted(pd.read_parquet(io.BytesIO(data))["pseudonym"]) == sorted(
        one.pseudonym for one in agreed
    )
    assert export.left_out["left_out"] == len(frozen) - 7
    assert set(export.left_out["reasons"]) <= {
        "consent to sharing withdrawn", "no consent to sharing on record",
    }  # fmt: skip
    assert export.file.sha256 != snapshot.sha256


def test_who_may_not_and_what_is_gone(as_statistician: People) -> None:
    people = as_statistician
    make_features(people, patients=40)
    snapshot = snapshot_freeze(people.study, rad_score_question())
    asked = {"snapshot": str(snapshot.uid)}
    address = reverse("modeling:snapshot_take", args=[people.study.uid, snapshot.uid])
    client = Client()
    client.force_login(people.colleague)
    assert client.post(address, {"format": "csv"}).status_code == 403
    told = client.get(reverse("api:snapshot-columns", args=[people.study.uid, snapshot.uid])).json()
    assert {row["name"]: row["type"] for row in told}["target_rna"] == "number"
    about = client.get(reverse("modeling:snapshot_manifest", args=[people.study.uid, snapshot.uid]))
    assert about.json()["frozen_rows"] == len(snapshot_read(snapshot))  # the colleague sees fewer
    sent = {"content": "frozen_table", "format": "csv", "filters": asked}
    api = reverse("api:export-list", args=[people.study.uid])
    assert client.post(api, sent, content_type="application/json").status_code == 403
    for form, filters, column in (
        ("xlsx", asked, "format"), ("csv", {"snapshot": "x"}, "snapshot"),
        ("csv", {**asked, "site": "x"}, "site"),
    ):  # fmt: skip
        with pytest.raises(DataProblem) as refusal:
            export_start(people.study, people.statistician, "frozen_table", form, filters)
        assert refusal.value.problems[0].column == column
    DatasetSnapshot.objects.update(not_reproducible_since=timezone.now())
    with pytest.raises(DataProblem, match="rows removed"):
        export_start(people.study, people.statistician, "frozen_table", "csv", asked)
    page = reverse("modeling:snapshot", args=[people.study.uid, snapshot.uid])
    assert address not in client.get(page).content.decode()
