"""What the study at a glance counts: of the study, its forms and endpoints, the apps above."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from django.urls import reverse
from django.utils.translation import override
from numpy.typing import NDArray

from studies import consents, registry
from studies.courses import readable_unit
from studies.endpoint_standings import endpoint_titles
from studies.glance_columns import (
    Places,
    level_column,
    number_column,
    places_of,
    spread,
    survival_column,
)
from studies.glance_reading import codes, copied, numbers, whole_numbers
from studies.methods.dictionary import BEFORE_TREATMENT
from studies.methods.endpoints import BEST_FIRST, DAYS_PER_MONTH
from studies.methods.known_when import known_of
from studies.methods.selection import (
    CATEGORY,
    NUMBER,
    Column,
)
from studies.methods.wording import marked
from studies.models import (
    Cohort,
    CohortMember,
    EndpointValue,
    EntryState,
    FormEntry,
    PatientStatus,
    Site,
    Study,
    Treatment,
    Variable,
    VariableType,
)
from studies.variable_filters import variables_in_force


def columns_of_study(study: Study, ids: NDArray[np.int64], rows: list[Any]) -> Iterator[Column]:
    cohorts = list(Cohort.objects.filter(study=study).order_by("pk"))
    members = CohortMember.objects.filter(study=study).values_list("cohort_id", "patient_id")
    by_cohort = np.array(list(members), dtype=np.int64).reshape(-1, 2)
    held = np.zeros((len(cohorts), ids.size), dtype=bool)
    for place, cohort in enumerate(cohorts):
        at, there = places_of(ids, by_cohort[by_cohort[:, 0] == cohort.pk, 1])
        held[place, at[there]] = True
    yield Column(
        "study.cohort", marked("Cohort"), CATEGORY, "Study",
        levels=tuple((str(c.uid), c.name.replace("_", " ")) for c in cohorts), held=held,
        known_before=True, source=reverse("studies:cohorts", args=[study.uid]),
    )  # fmt: skip
    sites = {site.pk: site for site in Site.objects.filter(study_sites__study=study)}
    order = sorted(sites, key=lambda pk: sites[pk].name)
    site_of = np.array([row[1] for row in rows], dtype=np.int64)
    yield Column(
        "study.site", marked("Site"), CATEGORY, "Study",
        levels=tuple((str(sites[pk].uid), sites[pk].name) for pk in order),
        held=np.array([site_of == pk for pk in order], dtype=bool).reshape(len(order), ids.size),
        known_before=True,
    )  # fmt: skip
    status = np.array([row[2] for row in rows], dtype=object)
    wanted = [s for s in PatientStatus.values if s not in consents.GONE]
    yield Column(
        "study.status", marked("Status"), CATEGORY, "Study", levels=tuple((s, s) for s in wanted),
        held=np.array([status == s for s in wanted], dtype=bool).reshape(len(wanted), ids.size),
        known_before=True, source=reverse("studies:screening", args=[study.uid]),
    )  # fmt: skip


def clinical_columns(study: Study, ids: NDArray[np.int64]) -> Iterator[Column]:
    """The baseline form of the dictionary in force, of entries that are no draft."""
    variables = list(variables_in_force(study))
    if not variables:
        return
    names, selects, paths = ["patient"], ["patient_id"], []
    for place, variable in enumerate(variables):
        for part in ("v", "comparator", "precision"):
            names.append(f"{place}.{part}")
            selects.append("values #>> %s")
            paths.append([variable.name, part])
    entries = (
        f"SELECT {', '.join(selects)} FROM studies_formentry WHERE study_id = %s"
        " AND form = 'baseline' AND occasion = 'baseline' AND state <> %s"
    )
    assert FormEntry._meta.db_table == "studies_formentry"
    table = copied(entries, [*paths, study.pk, EntryState.DRAFT.value], names)
    at, there = places_of(ids, whole_numbers(table["patient"]))
    starts = _starts(study, ids)
    source = reverse("studies:dictionaries", args=[study.uid])
    for place, variable in enumerate(variables):
        parts = [table[f"{place}.{part}"] for part in ("v", "comparator", "precision")]
        yield replace(
            _variable(variable, parts, at, there, ids, starts),
            source=source,
            known_before=known_of(variable.name, variable.known_when) == BEFORE_TREATMENT,
        )


def _variable(
    variable: Variable, parts: list[Any], at: Places, there: Any, ids: Any, starts: Any
) -> Column:
    key, size = f"clinical.{variable.name}", ids.size
    group = f"Clinical{f': {variable.section}' if variable.section else ''}"
    if variable.type == VariableType.NUMBER:
        values = spread(numbers(parts[0]), at, there, size)
        comparators, compared = codes(parts[1])
        kinds = np.array([1 if c.startswith("<") else 2 for c in comparators] + [0], dtype=np.int8)
        limits = np.zeros(size, dtype=np.int8)
        limits[at[there]] = kinds[compared][there]
        unit = readable_unit(variable.unit, variable.name)
        return number_column(key, variable.label, group, values, unit, limits)
    if variable.type == VariableType.DATE:
        return _date(variable, key, group, parts, at, there, size, starts)
    texts, placed = codes(parts[0])
    if variable.type == VariableType.TEXT:
        texts, placed = ["stated"], np.where(placed >= 0, 0, -1)
    labels = {str(code): str(label) for code, label in variable.codes.items()}
    whole = np.full(size, -1, dtype=np.int64)
    whole[at[there]] = placed[there]
    unnamed = " (not in the dictionary)" if labels else ""
    return level_column(key, variable.label, group, texts, whole, labels, unnamed)


def _date(
    variable: Variable, key: str, group: str, parts: list[Any], at: Places, there: Any, size: int,
    starts: NDArray[np.float64],
) -> Column:  # fmt: skip
    """Days from the start of treatment, for everybody: no calendar date is shown or asked by."""
    texts, placed = codes(parts[0])
    days = np.array([_day(text) for text in texts] + [np.nan])
    values = spread(days[placed], at, there, size) - starts
    words, precise = codes(parts[2])
    rough = np.array([word not in ("", "day") for word in words] + [False])
    limits = np.zeros(size, dtype=np.int8)
    limits[at[there]] = np.where(rough[precise][there], 3, 0)
    title = f"{variable.label}, from the start of treatment"
    return number_column(key, title, group, values, "days", limits)


def _day(text: str) -> float:
    try:
        return float((np.datetime64(text[:10]) - np.datetime64("1970-01-01")).astype(int))
    except ValueError:
        return float("nan")


def _starts(study: Study, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """First day of the index treatment, in days since 1970; NaN where there is none."""
    rows = Treatment.objects.filter(study=study, is_index=True).values_list("patient_id", "date")
    found = list(rows)
    at, there = places_of(ids, np.array([row[0] for row in found], dtype=np.int64))
    days = np.array([row[1] for row in found], dtype="datetime64[D]").astype(np.float64)
    return spread(days, at, there, ids.size)


def endpoint_columns(study: Study, ids: NDArray[np.int64]) -> Iterator[Column]:
    """Of each endpoint the newest value of the newest definition: survival, or a class."""
    table = copied(
        "SELECT DISTINCT ON (d.name, v.patient_id) d.name, v.patient_id, v.duration_days, v.event,"
        " NULLIF(v.label, '') FROM studies_endpointvalue v"
        " JOIN studies_endpointdefinition d ON d.id = v.definition_id WHERE v.study_id = %s"
        " ORDER BY d.name, v.patient_id, d.version DESC, v.id DESC",
        [study.pk],
        ["name", "patient", "duration", "event", "label"],
    )
    assert EndpointValue._meta.db_table == "studies_endpointvalue"
    names, named = codes(table["name"])
    patients, durations = whole_numbers(table["patient"]), numbers(table["duration"])
    events, happened = codes(table["event"])
    labels, labelled = codes(table["label"])
    is_event = np.array([text == "t" for text in events] + [False])
    source = reverse("studies:endpoints", args=[study.uid])
    titles = endpoint_titles(study)
    for place in sorted(range(len(names)), key=names.__getitem__):
        if names[place] not in titles:
            continue
        mine = named == place
        at, there = places_of(ids, patients[mine])
        key, title = f"outcome.{names[place]}", titles[names[place]]
        if np.isfinite(durations[mine]).any():
            complete = np.where(happened[mine] >= 0, durations[mine], np.nan)
            months = spread(complete / DAYS_PER_MONTH, at, there, ids.size)
            event = np.zeros(ids.size, dtype=bool)
            event[at[there]] = is_event[happened[mine]][there]
            yield replace(survival_column(key, title, "Outcome", months, event), source=source)
        else:
            whole = np.full(ids.size, -1, dtype=np.int64)
            whole[at[there]] = labelled[mine][there]
            held = {labels[one] for one in np.unique(labelled[mine]) if one >= 0}
            order = {label: label for label in (*BEST_FIRST, "NE") if label in held}
            yield replace(level_column(key, title, "Outcome", labels, whole, order), source=source)


def _in_english(about: Callable[[Study], str], study: Study) -> str:
    """What is kept for everybody is English."""
    with override("en"):
        return str(about(study))


def columns_of_apps(study: Study, ids: NDArray[np.int64]) -> Iterator[Column]:
    for known in registry.glance_columns():
        found = pd.Series(known.read(study), dtype=object).dropna()
        if known.scope and len(found):
            allowed = consents.usable_ids(study, known.scope)
            found = found[found.index.isin(allowed)]
        at, there = places_of(ids, found.index.to_numpy(dtype=np.int64))
        source = reverse(known.url_name, args=[study.uid]) if known.url_name else ""
        note = _in_english(known.about, study) if known.about else ""
        said = {"known_before": known.known_before, "source": source, "note": note}
        if known.kind == NUMBER:
            values = spread(found.to_numpy(dtype=np.float64), at, there, ids.size)
            column = number_column(known.key, known.title, known.group, values, known.unit)
        else:
            texts, placed = np.unique(found.astype(str).to_numpy(dtype=str), return_inverse=True)
            whole = np.full(ids.size, -1, dtype=np.int64)
            whole[at[there]] = placed[there]
            labels = dict(known.levels)
            column = level_column(
                known.key, known.title, known.group, texts.tolist(), whole, labels
            )
        yield replace(column, **said)  # type: ignore[arg-type]
