"""Reads for Table 1: the rows of the chosen cohorts, described, and checked against themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from studies import cohort_reads, consents, eligibility, registry
from studies.endpoint_standings import own_endpoints
from studies.methods.endpoint_kinds import kind_of, title_of
from studies.methods.endpoints import DAYS_PER_MONTH, DISEASE_CONTROL, RESPONDERS
from studies.methods.problems import Notice
from studies.methods.published_table import (
    PrintedRange,
    PrintedShare,
    PublishedTable,
    check_published_table,
)
from studies.methods.table_one import TableOne, describe_groups
from studies.methods.table_one_lines import Cell, Column, Line
from studies.methods.units import readable_unit
from studies.methods.wording import Wording, listed, marked, say
from studies.models import (
    Cohort,
    CohortUse,
    EndpointDefinition,
    Study,
    Surgery,
    Variable,
    VariableType,
)
from studies.selectors import clinical_table, endpoint_table, members_table
from studies.variable_filters import variables_in_force

RESPONSE = "response_at_6_months"
SURVIVAL = {
    "progression_free_survival": marked("Progression-free survival, months"),
    "overall_survival": marked("Overall survival, months"),
}
ASKED_OF = {"disease_free_interval_months": ("synchronous_metastases", "no")}
NOT_BASELINE = ("response", "resection_margin")  # outcomes, described by their dated facts
RESPONSES = tuple((label, label) for label in ("CR", "PR", "SD", "PD", "NE"))
YES_NO = (("yes", marked("yes")), ("no", marked("no")))


def table_one(study: Study, cohorts: Sequence[Cohort]) -> TableOne:
    """The chosen cohorts side by side; patients who may not be used are in none of them."""
    own = own_endpoints(study)
    columns = _columns(study, own)
    table = _rows(study, cohorts, columns, {one.name for one in own})
    present = [c.name.replace("_", " ") for c in cohorts if (table["cohort_id"] == c.pk).any()]
    made = describe_groups(table, columns, present, _median, _log_rank)
    return replace(made, notices=(*made.notices, *_own_notices(study, made)))


def table_one_columns(study: Study) -> list[Column]:
    """What Table 1 describes, in its order."""
    return _columns(study, own_endpoints(study))


def table_one_rows(study: Study) -> pd.DataFrame:
    """A row per patient and cohort of everybody in one, with what the columns ask for."""
    own = own_endpoints(study)
    cohorts = list(Cohort.objects.filter(study=study))
    return _rows(study, cohorts, _columns(study, own), {one.name for one in own})


def describe_rows(
    table: pd.DataFrame, columns: Sequence[Column], groups: Sequence[str]
) -> TableOne:
    """Table 1 of rows that were kept; ``group`` names each row's group."""
    return describe_groups(table, columns, groups, _median, _log_rank)


def default_cohorts(study: Study) -> list[Cohort]:
    """Those that develop or validate, training first."""
    rows = Cohort.objects.filter(study=study).exclude(use=CohortUse.DESCRIPTIVE)
    return sorted(rows, key=cohort_reads.role_and_name)


def _columns(study: Study, own: Sequence[EndpointDefinition]) -> list[Column]:
    rows = variables_in_force(study)
    kinds = (VariableType.NUMBER, VariableType.CATEGORY)
    columns = [_column(v) for v in rows if v.type in kinds and v.name not in NOT_BASELINE]
    return [
        *columns,
        Column("clinical_risk_score", marked("Clinical risk score (0-5)"), "number"),
        Column("response", marked("Response at 6 months"), "category", levels=RESPONSES),
        Column("objective_response", marked("Objective response (CR, PR)"), "category",
               levels=YES_NO, missing_counts=True),
        Column("disease_control", marked("Disease control (CR, PR, SD)"), "category",
               levels=YES_NO, missing_counts=True),
        Column("resection", marked("Resection after treatment"), "category", levels=YES_NO),
        Column("r0", marked("R0 of those resected"), "category", levels=YES_NO,
               asked_of=("resection", "yes")),
        *(Column(name, label, "survival") for name, label in SURVIVAL.items()),
        *(_endpoint(one) for one in own),
    ]  # fmt: skip


def _endpoint(definition: EndpointDefinition) -> Column:
    """An endpoint that the study named itself."""
    title = title_of(definition.name, definition.rule)
    if kind_of(definition.name, definition.rule).is_survival:
        return Column(definition.name, say("{title}, months", title=title), "survival")
    return Column(definition.name, title, "category", levels=RESPONSES)


def _column(variable: Variable) -> Column:
    if variable.type == VariableType.NUMBER:
        return Column(variable.name, variable.label, "number",
                      readable_unit(variable.unit, variable.name),
                      asked_of=ASKED_OF.get(variable.name))  # fmt: skip
    levels = tuple((str(code), str(label)) for code, label in variable.codes.items())
    return Column(variable.name, variable.label, "category", levels=levels)


def _rows(
    study: Study, cohorts: Sequence[Cohort], columns: Sequence[Column], own: Collection[str]
) -> pd.DataFrame:
    """One row per patient and cohort; ``own`` are endpoints that the study named."""
    members = members_table(study)
    members = members[members["cohort_id"].isin([cohort.pk for cohort in cohorts])]
    members = members.assign(group=members["cohort"].str.replace("_", " "))
    wanted = [column.name for column in columns if column.kind != "survival"]
    clinical = clinical_table(study).reindex(columns=wanted)
    table = members.join(clinical, on="patient_id").join(_outcomes(study), on="patient_id",
                                                         rsuffix="_derived")  # fmt: skip
    for name in ("response", "objective_response", "disease_control", "resection", "r0"):
        table[name] = table.get(f"{name}_derived")
    for name in (column.name for column in columns if column.kind == "survival"):
        endpoint = endpoint_table(study, name)
        days = table["patient_id"].map(endpoint["duration_days"])
        table[f"{name}_duration"] = pd.to_numeric(days) / DAYS_PER_MONTH
        table[f"{name}_event"] = table["patient_id"].map(endpoint["event"]).astype("boolean")
    for column in columns:
        if column.kind == "category" and column.name in own:
            labels = endpoint_table(study, column.name)["label"]
            table[column.name] = table["patient_id"].map(labels[labels != ""])
    table["resection"] = table["resection"].fillna("no")
    return table


def _outcomes(study: Study) -> pd.DataFrame:
    """Response and surgery by patient id; NE and nothing are missing in ORR and DCR."""
    labels = endpoint_table(study, RESPONSE)["label"].replace("", np.nan)
    judged = labels.where(labels != "NE")
    surgeries = Surgery.objects.filter(study=study).order_by("date")
    margins = pd.Series(dict(surgeries.values_list("patient_id", "margin")), dtype=object)
    return pd.DataFrame(
        {
            "response": labels,
            "objective_response": _one_of(judged, RESPONDERS),
            "disease_control": _one_of(judged, DISEASE_CONTROL),
            "resection": margins.notna().map({True: "yes", False: "no"}),
            "r0": _one_of(margins.where(margins != "unknown"), ("R0",)),
        }
    )


def _one_of(values: pd.Series, admitted: Sequence[str]) -> pd.Series:
    return values.map(lambda value: "yes" if value in admitted else "no", na_action="ignore")


def _median(duration: Any, event: Any) -> tuple[float, float, float]:
    return registry.method("kaplan_meier")(duration, event).median


def _log_rank(duration: Any, event: Any, group: Any) -> float:
    return float(registry.method("log_rank")(duration, event, group).p_value)


def _own_notices(study: Study, made: TableOne) -> list[Notice]:
    """What the table itself shows to be wrong, and who is not in it."""
    labels = {line.name: line.label for line in made.lines if line.statistic_text}
    labels |= {name: name for name, _ in made.groups}
    found = [
        Notice(notice.code, _labelled(notice.text, labels))
        for notice in check_published_table(as_printed(made), _limits(study))
    ]
    left_out = consents.left_out_counts(study)
    if left_out:
        counted = [say("{reason} ({number})", reason=say(reason), number=number)
                   for reason, number in left_out.items()]  # fmt: skip
        said = listed(counted, "{first}; {rest}")
        found.append(Notice("left_out", say("Not in the table: {said}.", said=said)))
    return found


def _labelled(text: str, labels: dict[str, str]) -> str:
    """``training, age_years: ...`` as the table's reader knows the variable."""
    if isinstance(text, Wording):
        values = {name: _labelled_value(value, labels) for name, value in text.values.items()}
        return Wording(text.pattern, values, text.plural, text.number)
    where, mark, said = text.partition(": ")
    names = [labels.get(name, name) for name in where.split(", ")]
    return f"{', '.join(names)}{mark}{said}"


def _labelled_value(value: Any, labels: dict[str, str]) -> Any:
    if isinstance(value, Wording):
        return _labelled(value, labels)
    if not isinstance(value, str) or value not in labels:
        return value
    label, mark, unit = labels[value].rpartition(", ")
    if not mark:
        return say(unit)
    return say("{label}, {end}", label=say(label), end=say(unit))


def _limits(study: Study) -> dict[str, tuple[float | None, float | None]]:
    criteria = eligibility.criteria_of(study)
    return {c.variable: (c.minimum, c.maximum) for c in criteria if c.kind == "range"}


def as_printed(made: TableOne) -> PublishedTable:
    """Our own table as if it had come from elsewhere: each variable with its own denominator."""
    names = [name for name, _ in made.groups]
    sizes: dict[str, int] = {}
    shares, ranges = [], []
    for line in made.lines:
        for name, cell in zip(names, line.cells, strict=True):
            group = f"{name}, {line.name}"
            if cell.count is not None and cell.denominator and "%" in cell.text:
                sizes.setdefault(group, cell.denominator)
                shares += [] if line.is_missing else [_printed(group, line, cell)]
            elif cell.low is not None and cell.high is not None:
                ranges.append(PrintedRange(name, line.name, cell.low, cell.high))
    return PublishedTable(sizes, shares, ranges)


def _printed(group: str, line: Line, cell: Cell) -> PrintedShare:
    percent = cell.text.rpartition("(")[2].rstrip("%)")
    return PrintedShare(group, line.name, line.level, cell.count or 0, percent)
