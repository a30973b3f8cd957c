"""The dated facts that a patient's form says, kept in step with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import models

from studies.consents import SCOPES
from studies.methods.course import NO_DRUG
from studies.models import (
    Consent,
    Contact,
    ContactKind,
    Death,
    LabResult,
    Progression,
    ResectionMargin,
    ResponseAssessment,
    Study,
    Surgery,
    Treatment,
)

from .sets import execute, insert_select

MARKERS = {"cea_ng_ml": "CEA", "ca199_u_ml": "CA19-9", "ca125_u_ml": "CA125"}


@dataclass(frozen=True)
class FactRule:
    """A variable of type date that makes a row of ``model``; ``columns`` in SQL over ``v``."""

    model: type[models.Model]
    dated: str
    columns: dict[str, str] = field(default_factory=dict)
    needs: str = ""
    stands: bool = False  # a table adds it and never takes it back
    once: str = "t.date = {date}"  # what a patient has once: a typed one gives way to the file's


def _given(name: str) -> str:
    return f"(e.values -> '{name}' ->> 'v')"


def _lab(name: str, analyte: str) -> FactRule:
    value = f"{_given(name)}::numeric"
    unit = f"COALESCE(e.values -> '{name}' ->> 'unit_as_entered', '')"
    return FactRule(
        LabResult,
        "treatment_started_on",
        {
            "analyte": f"'{analyte}'",
            "value": f"{value}::float8",
            "unit": unit,
            "value_as_entered": f"trim_scale({value})::text",
            "unit_as_entered": unit,
            "comparator": f"COALESCE(e.values -> '{name}' ->> 'comparator', '')",
        },
        needs=name,
    )


RULES = (
    FactRule(
        Treatment,
        "treatment_started_on",
        {
            "line": f"COALESCE({_given('treatment_line')}::numeric::int, 1)",
            "drug": f"COALESCE({_given('drug')}, '{NO_DRUG}')",
        },
        once="t.is_index",
    ),
    FactRule(Progression, "progressed_on"),
    FactRule(Death, "died_on", once="TRUE"),
    FactRule(Contact, "last_assessed_on", {"kind": f"'{ContactKind.ASSESSED}'"}),
    FactRule(Contact, "last_known_alive_on", {"kind": f"'{ContactKind.ALIVE}'"}),
    FactRule(
        Surgery,
        "surgery_on",
        {"margin": f"COALESCE({_given('resection_margin')}, '{ResectionMargin.UNKNOWN}')"},
    ),
    FactRule(
        ResponseAssessment, "response_assessed_on", {"result": _given("response")}, needs="response"
    ),
    *(_lab(name, analyte) for name, analyte in MARKERS.items()),
    *(
        FactRule(Consent, f"consent_{scope}_on", {"scope": f"'{scope}'"}, stands=True)
        for scope in SCOPES
    ),
)
DATED = frozenset(rule.dated for rule in RULES)
FACT_TABLES = tuple(dict.fromkeys(rule.model._meta.db_table for rule in RULES))


def facts_write(study: Study, patients: Sequence[int]) -> None:
    """The facts that these patients' forms say, in place of what a file said before."""
    names = {"study": study.pk, "patients": list(patients)}
    if not names["patients"]:
        return
    for table in dict.fromkeys(rule.model._meta.db_table for rule in RULES if not rule.stands):
        execute(
            f"DELETE FROM {table} WHERE study_id = %(study)s AND batch_id IS NOT NULL "
            "AND patient_id = ANY(%(patients)s)",
            names,
        )
    for rule in RULES:
        if not rule.stands:
            execute(f"DELETE FROM {rule.model._meta.db_table} t {_clash(rule)}", names)
        columns = {**_COMMON, **_dates(rule), **rule.columns}
        once = "(patient_id, scope, date)" if rule.stands else ""
        insert_select(rule.model, columns, _source(rule), names, once)


_COMMON = {
    "study_id": "e.study_id",
    "site_id": "e.site_id",
    "patient_id": "e.patient_id",
    "batch_id": "e.batch_id",
    "source_row": "e.source_row",
}


def _dates(rule: FactRule) -> dict[str, str]:
    value = f"e.values -> '{rule.dated}'"
    return {"date": f"({value} ->> 'v')::date", "precision": f"{value} ->> 'precision'"}


def _clash(rule: FactRule) -> str:
    """Facts that somebody typed where the file says another."""
    day = f"(e.values -> '{rule.dated}' ->> 'v')::date"
    same = "".join(
        f" AND t.{name} = {rule.columns[name]}"
        for name in ("kind", "analyte")
        if name in rule.columns
    )
    return f"""
    USING studies_formentry e
    WHERE t.patient_id = e.patient_id AND e.patient_id = ANY(%(patients)s)
        AND e.study_id = %(study)s AND e.occasion = 'baseline' AND e.batch_id IS NOT NULL
        AND {day} IS NOT NULL AND {rule.once.format(date=day)}{same}
    """


def _source(rule: FactRule) -> str:
    needed = f"AND e.values -> '{rule.needs}' ->> 'v' IS NOT NULL" if rule.needs else ""
    return f"""
    FROM studies_formentry e
    WHERE e.study_id = %(study)s AND e.patient_id = ANY(%(patients)s)
        AND e.occasion = 'baseline' AND e.batch_id IS NOT NULL
        AND e.values -> '{rule.dated}' ->> 'v' IS NOT NULL {needed}
    ORDER BY e.patient_id
    """
