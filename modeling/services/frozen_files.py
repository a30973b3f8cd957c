"""A frozen table as a file to take away: CSV, Parquet, or a zip with all that explains it.

Under the rules of every export: rows of the sites that its maker sees, of patients who agreed to
sharing, calendar dates only with the right ``identifiers``. Where nobody and nothing has to stay
out, the Parquet is the frozen file byte for byte, so that its digest is the frozen one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow.parquet as pq

from modeling.methods.snapshot_table import (
    digest_table,
    read_snapshot_table,
    write_snapshot_table,
)
from modeling.models import DatasetSnapshot, ModelVersion, VersionKind
from modeling.publication.r_script import fit_file, write_report_script
from modeling.selectors import frozen_keys
from modeling.services.frozen_columns import HEAD, columns_told
from modeling.services.report import nomogram_told
from modeling.services.snapshots import KEY, snapshot_bytes
from studies import consents
from studies.access import dates_taken, visible
from studies.jobs import Progress
from studies.methods.cells import escaped
from studies.methods.problems import DataProblem, refuse
from studies.methods.table_export import DAYS_SUFFIX
from studies.methods.wording import marked, say
from studies.models import Export, ExportFormat, Patient, Study
from studies.services.export_files import write_csv

CONTENT = "frozen_table"
FORMATS = (ExportFormat.CSV, ExportFormat.PARQUET, ExportFormat.ZIP)
FILTERS = ("snapshot",)
START = "treated_on"  # days are counted from it where dates stay out
ELSEWHERE = marked("of a site that the maker of the file does not see")
EPOCH = (1980, 1, 1, 0, 0, 0)
FORMAT = "isotherm frozen table 1"


def frozen_ask(study: Study, user: Any, filters: Mapping[str, str]) -> dict[str, str]:
    """The frozen table that is meant, and the name of its file.

    Raises
    ------
    DataProblem
        No such table, or one whose rows are gone.
    """
    snapshot = _snapshot(study, filters.get("snapshot", ""))
    snapshot_bytes(snapshot)
    return {"snapshot": str(snapshot.uid), "table": snapshot_stem(snapshot)}


def frozen_name(filters: Mapping[str, str], file_format: str) -> str:
    return f"{filters['table']}.{file_format}"


def snapshot_stem(snapshot: DatasetSnapshot) -> str:
    """What its file is called; of a nomogram's rows as ``analysis.R`` asks for it."""
    asked = snapshot.question
    purpose, endpoint = str(asked.get("purpose", "")), asked.get("endpoint", "")
    if purpose == "prognosis_fit" and endpoint:
        return fit_file(endpoint)
    told = [f"snapshot_{snapshot.number}", purpose.removeprefix("prognosis_"), endpoint]
    return "_".join(part for part in told if part)


@dataclass(frozen=True)
class Shared:
    """What of a frozen table may leave: its bytes, and whom it is without."""

    data: bytes
    rows: pd.DataFrame
    left_out: dict[str, int]
    has_dates: bool

    @property
    def is_whole(self) -> bool:
        return not self.left_out


def frozen_write(export: Export, handle: Any, progress: Progress) -> tuple[list[str], int]:
    """Write the file; the columns and the number of rows.

    Raises
    ------
    DataProblem
        Nobody of the table may be shared, or its rows are gone.
    """
    snapshot = _snapshot(export.study, export.filters["snapshot"])
    shared = _shared(snapshot, export.made_by)
    gone = sum(shared.left_out.values())
    export.left_out = {"left_out": gone, **_counted(shared.left_out)}
    if gone:
        export.left_out["of_rows"] = len(shared.rows) + gone
    if export.format == ExportFormat.PARQUET:
        handle.write(shared.data)
    elif export.format == ExportFormat.CSV:
        _csv(handle, shared.rows)
    else:
        _zip(handle, snapshot, shared)
    return list(shared.rows.columns), len(shared.rows)


def _counted(left_out: Mapping[str, int]) -> dict[str, Any]:
    return {"reasons": dict(left_out)} if left_out else {}


def _snapshot(study: Study, uid: str) -> DatasetSnapshot:
    rows = DatasetSnapshot.objects.filter(study=study).select_related("table__study", "study")
    try:
        found = rows.filter(uid=UUID(uid)).first()
    except ValueError:
        found = None
    if found is None:
        raise refuse("snapshot", uid, "the uid of a frozen table", "Name a table of this study.",
                     column="snapshot")  # fmt: skip
    return found


def _shared(snapshot: DatasetSnapshot, user: Any) -> Shared:
    data = snapshot_bytes(snapshot)
    rows = read_snapshot_table(data)
    kept, left_out = _who(snapshot, rows, user)
    if not kept.any():
        raise refuse(
            str(snapshot),
            say("nobody whose rows may leave ({n} left out)", n=len(rows)),
            "patients with a consent to sharing",
            "Record the consents, or ask for what needs no rows: report and manifest.",
        )
    may_date = dates_taken(user, snapshot.study)
    days = [] if may_date else [name for name in rows if _holds_dates(rows[name])]
    if kept.all() and not days:
        return Shared(data, rows, {}, may_date)
    shown = _in_days(rows[kept].reset_index(drop=True), days)
    data = write_snapshot_table(shown, KEY)
    return Shared(data, read_snapshot_table(data), left_out, may_date)


def _who(
    snapshot: DatasetSnapshot, rows: pd.DataFrame, user: Any
) -> tuple[pd.Series, dict[str, int]]:
    """Which rows may leave, and how many may not, by reason."""
    seen = visible(Patient.objects.all(), user, snapshot.study, "download")
    refused = consents.refusals(snapshot.study, consents.SHARING, seen)
    keys = frozen_keys(snapshot).set_index(list(KEY))["patient_id"]
    owners = keys.reindex(pd.MultiIndex.from_frame(rows[list(KEY)])).to_numpy()
    known = set(seen.values_list("pk", flat=True))
    reasons = pd.Series(
        [refused.get(owner, "") if owner in known else ELSEWHERE for owner in owners],
        index=rows.index, dtype=object,
    )  # fmt: skip
    return reasons == "", dict(sorted(Counter(reasons[reasons != ""]).items()))


def _holds_dates(values: pd.Series) -> bool:
    return any(isinstance(value, date) for value in values.dropna().head(1))


def _in_days(rows: pd.DataFrame, dates: list[str]) -> pd.DataFrame:
    """Days from the start of treatment instead of calendar dates, as in every export."""
    starts = rows[START] if START in rows else pd.Series([None] * len(rows), index=rows.index)
    days = {
        f"{name}{DAYS_SUFFIX}": [
            float((day - start).days) if pd.notna(day) and pd.notna(start) else None
            for day, start in zip(rows[name], starts, strict=True)
        ]
        for name in dates
    }
    return rows.drop(columns=dates).assign(
        **{name: pd.Series(values, index=rows.index, dtype=float) for name, values in days.items()}
    )


def _csv(handle: Any, rows: pd.DataFrame) -> None:
    """Numbers as the shortest text that gives them again, dates as ISO, gaps empty."""
    header = list(rows.columns)
    write_csv(handle, header, ([_cell(v) for v in row] for row in rows.to_numpy(object)), [])


def _cell(value: Any) -> Any:
    if value is None or value != value:
        return ""
    return escaped(value) if isinstance(value, str) else value


def _zip(handle: Any, snapshot: DatasetSnapshot, shared: Shared) -> None:
    stem, table = snapshot_stem(snapshot), io.BytesIO()
    _csv(table, shared.rows)
    columns = columns_told(snapshot, shared.data)
    files = {
        f"{stem}.csv": table.getvalue(),
        f"{stem}.parquet": shared.data,
        "columns.csv": columns_csv(columns),
    }
    if shared.is_whole and (script := _script(snapshot)):  # on a part it fits another model
        files["analysis.R"] = script.encode()
    manifest = snapshot_manifest(snapshot) | {
        "rows": len(shared.rows),
        "is_part": not shared.is_whole,
        "left_out": shared.left_out,
        "is_the_frozen_table": digest_table(shared.data) == snapshot.sha256,
        "dates": "calendar dates" if shared.has_dates else "days from the start of treatment",
        "files": {name: _told(data) for name, data in files.items()},
    }
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)


def _told(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def _script(snapshot: DatasetSnapshot) -> str:
    """The newest nomogram of each endpoint that was fitted to the table, again in R."""
    rows = ModelVersion.objects.filter(fitting_snapshot=snapshot, kind=VersionKind.NOMOGRAM)
    newest = {v.endpoint: v for v in rows.select_related("fitting_snapshot").order_by("number")}
    return write_report_script([nomogram_told(v) for v in newest.values()]) if newest else ""


def columns_csv(columns: list[dict[str, Any]]) -> bytes:
    """The dictionary of a frozen table, a line per column."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(HEAD)
    writer.writerows([escaped(str(row[name])) for name in HEAD] for row in columns)
    return stream.getvalue().encode("utf-8-sig")


def snapshot_columns(snapshot: DatasetSnapshot) -> list[dict[str, Any]]:
    """What its columns hold; no patient's value.

    Raises
    ------
    DataProblem
        The rows are gone.
    """
    return columns_told(snapshot, snapshot_bytes(snapshot))


def _row_count(snapshot: DatasetSnapshot) -> int:
    """Of the whole table, whoever asks; of one whose rows are gone, the members that one sees."""
    try:
        data = snapshot_bytes(snapshot)
    except DataProblem:
        return snapshot.members.filter(included=True).count()
    return pq.read_metadata(io.BytesIO(data)).num_rows


def snapshot_manifest(snapshot: DatasetSnapshot) -> dict[str, Any]:
    """What a frozen table is, without a row of it: digest, question, cohorts, what used it."""
    versions = ModelVersion.objects.filter(fitting_snapshot=snapshot).order_by("id")
    return {
        "format": FORMAT,
        "study": {"uid": str(snapshot.study.uid), "name": snapshot.study.name,
                  "is_simulated": snapshot.study.is_simulated},
        "snapshot": str(snapshot.uid),
        "number": snapshot.number,
        "sha256": snapshot.sha256,
        "sha256_of": "the Parquet file with all its rows",
        "frozen_at": snapshot.frozen_at.isoformat(),
        "question": snapshot.question,
        "targets": snapshot.targets,
        "cohorts": snapshot.cohorts,
        "frozen_rows": _row_count(snapshot),
        "key": list(KEY),
        "columns": snapshot.columns,
        "runs": [{"uid": str(run.uid), "kind": run.kind, "seed": run.seed,
                  "results_sha256": run.results_sha256} for run in snapshot.runs.order_by("id")],
        "versions": [{"uid": str(v.uid), "name": str(v), "sha256": v.sha256} for v in versions],
    }  # fmt: skip
