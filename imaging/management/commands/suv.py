"""SUV of a PET series on disk, with its working, or the refusal that names the tag."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from imaging.management.refusals import refused
from imaging.methods.instance_files import files_of, read_instances
from imaging.methods.rtstruct import ContouredRoi
from imaging.methods.suv_report import read_roi, read_suv_series, suv_report
from imaging.methods.volume import Grid
from studies.methods.problems import DataProblem

LABELS = {
    "suv_min": "SUVmin, g/mL",
    "suv_median": "SUVmedian, g/mL",
    "suv_mean": "SUVmean, g/mL",
    "suv_max": "SUVmax, g/mL",
    "suv_peak": "SUVpeak, g/mL",
    "mtv_ml": "MTV at 41 % of SUVmax, mL",
    "tlg": "TLG at 41 % of SUVmax, g",
}


class Command(BaseCommand):
    help = "SUV by body weight of a PET series, over a region or the whole volume. Needs no server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("series", nargs="+", type=Path, help="a folder, a zip, or DICOM files")
        parser.add_argument("--series-uid", default="", help="which series, where there are more")
        parser.add_argument("--roi", type=Path, help="RTSTRUCT, DICOM SEG, NIfTI or NRRD mask")
        parser.add_argument("--name", default="", help="the structure, segment or label")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = _report(options)
        except DataProblem as problem:
            refused(self, problem, options["json"])
        self.stdout.write(json.dumps(report, indent=2) if options["json"] else _plain(report))


def _report(options: dict[str, Any]) -> dict[str, Any]:
    instances, notices = read_instances(options["series"])
    series = read_suv_series([dataset for _, dataset in instances], options["series_uid"])
    report = suv_report(series, _roi(options, series.suv.grid))
    report["notices"] = [notice.as_dict() for notice in notices] + report["notices"]
    return report


def _roi(options: dict[str, Any], grid: Grid) -> ContouredRoi | None:
    if options["roi"] is None:
        return None
    [(name, data)] = files_of([options["roi"]])
    return read_roi(data, name, grid, options["name"])


def _plain(report: dict[str, Any]) -> str:
    lines = [f"{label:30} {report[key]:.4f}" for key, label in LABELS.items()]
    lines += ["", "Working:"]
    lines += [
        f"  {s['quantity']:36} {s['tag']:36} {s['value']} {s['unit']} {s['how']}".rstrip()
        for s in report["working"]
    ]
    return "\n".join(lines + [f"Notice: {notice['text']}" for notice in report["notices"]])
