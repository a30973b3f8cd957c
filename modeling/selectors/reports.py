"""A report as a page reads it: figures come one by one, when they are seen."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import JSONField
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTransform

from modeling.models import Report
from studies.figures.figure import Figure
from studies.patient_figures import drawing_without_rows, holds_patients, stored_without_rows

HEAD = 400  # characters of a drawing that hold its size
# What stands around the figures; drawings, specifications and rows are most of a report.
LIGHT = """(content - 'figures') || jsonb_build_object('figures', (
    SELECT COALESCE(jsonb_object_agg(key, (value - 'svg' - 'spec' - 'rows')
        || jsonb_build_object('head', left(value ->> 'svg', %s))), '{}')
    FROM jsonb_each(content -> 'figures')))"""
_BOX = re.compile(r'viewBox="[\d. ]+ ([\d.]+) ([\d.]+)"')


def report_light(report: Report) -> dict[str, Any]:
    """The content without drawings and their rows; ``box`` is the room that a drawing takes."""
    rows = Report.objects.filter(pk=report.pk).defer("content")
    told = RawSQL(LIGHT, [HEAD], output_field=JSONField())  # type: ignore[no-untyped-call]
    content: dict[str, Any] = rows.annotate(light=told).values_list("light", flat=True)[0]
    for figure in content["figures"].values():
        found = _BOX.search(figure.pop("head"))
        figure["box"] = f"0 0 {found[1]} {found[2]}" if found else "0 0 3 2"
    return content


def report_figure(report: Report, key: str) -> dict[str, Any] | None:
    """One figure with its drawing and rows."""
    rows = Report.objects.filter(pk=report.pk)
    found: Any = rows.values_list(KeyTransform(key, KeyTransform("figures", "content")), flat=True)
    figure: dict[str, Any] | None = found.first()
    return figure


def report_figure_whole(report: Report, key: str) -> Figure | None:
    """One figure as it was made, with its specification."""
    found = report_figure(report, key)
    if found is None:
        return None
    names = Figure.__dataclass_fields__
    return Figure.from_dict({name: value for name, value in found.items() if name in names})


def figure_without_patients(key: str, figure: dict[str, Any]) -> dict[str, Any]:
    """The drawing, for those who may not take rows, where its numbers are of patients."""
    return stored_without_rows(key, figure)


def drawing_without_numbers(key: str, svg: str) -> str:
    """The drawing without what its marks say to a screen reader, where each mark is a patient."""
    return drawing_without_rows(key, svg)


def report_without_patients(content: dict[str, Any]) -> dict[str, Any]:
    """The content as those read it who may not take rows of every patient."""
    figures = content["figures"].items()
    return {**content, "figures": {key: figure_without_patients(key, one) for key, one in figures}}


def figures_withheld(content: dict[str, Any]) -> list[str]:
    """Keys of the figures whose numbers ``report_without_patients`` leaves out."""
    figures = content["figures"].items()
    return [key for key, one in figures if holds_patients(key, one["columns"], one["rows"])]


def report_part(content: dict[str, Any], why: str) -> dict[str, Any]:
    """The content without rows of patients, and what says so."""
    withheld = figures_withheld(content)
    left_out = {"figures": withheld, "of": len(content["figures"]), "why": why}
    return {"content": report_without_patients(content), "is_whole": False, "left_out": left_out}


def report_figure_count(report: Report) -> int:
    counted = RawSQL("(SELECT count(*) FROM jsonb_object_keys(content -> 'figures'))", [])  # type: ignore[no-untyped-call]
    rows: Any = Report.objects.filter(pk=report.pk).annotate(n=counted)
    return int(rows.values_list("n", flat=True)[0])
