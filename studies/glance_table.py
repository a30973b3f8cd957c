"""The patients of a study as arrays, one per variable: what the study at a glance counts.

Read under the acting user's row policies into a file that the processes of this machine share: by
study, by the sites that the user sees, and by a mark of all that was read. Who may not be used for
anything is not in it.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from numpy.typing import NDArray

from studies import access, consents, registry
from studies.courses import readable_unit
from studies.endpoint_standings import endpoint_titles
from studies.glance_files import (
    PREFIX,
    GlanceTable,
    drop_tables,
    open_table,
    prefix_of,
    write_table,
)
from studies.glance_reading import codes, copied, numbers, whole_numbers
from studies.marks import is_marked, mark_of, marks_of, noting
from studies.methods.endpoints import BEST_FIRST, DAYS_PER_MONTH
from studies.methods.histogram import round_edges
from studies.methods.selection import (
    CATEGORY,
    CENSORED,
    EVENT,
    NUMBER,
    SURVIVAL,
    Column,
    with_bars,
)
from studies.methods.wording import marked
from studies.models import (
    Cohort,
    CohortMember,
    EndpointValue,
    EntryState,
    FormEntry,
    Patient,
    PatientStatus,
    Site,
    Study,
    Treatment,
    Variable,
    VariableType,
)
from studies.storage import local_copies, local_copy, local_drop, local_turn
from studies.variable_filters import variables_in_force

OUTCOMES = ("response", "resection_margin")  # variables of the form that are no baseline
MOST_OPEN = 64  # files a process keeps mapped
FEW = 20_000  # up to so many patients numbers are always of now
SHARE_OF_TIME = 0.1  # with more, of the time at most goes into reading

KEPT_SECONDS = 24 * 3600  # what nobody renews goes

Places = NDArray[np.int64]

_open: OrderedDict[str, GlanceTable] = OrderedDict()


def glance_table(user: Any, study: Study) -> GlanceTable:
    """The patients as ``user`` sees them.

    Every request asks whether anything was written since. With very many patients at most a tenth
    of the time goes into reading, and ``as_of`` says from when the numbers are. Rights are asked
    at every request.
    """
    marks, name = marks_of(study), _name(user, study)
    table = _open.get(name)
    if table is None or not _serves(table, marks):
        with local_turn(name):
            table = _from_file(name)
            if table is None or not _serves(table, marks):
                table = _renewed(user, study, name, marks)
        _open[name] = table
        while len(_open) > MOST_OPEN:
            _open.popitem(last=False)
    return replace(table, as_of=timezone.now()) if _is_current(table, marks) else table


def _is_current(table: GlanceTable, marks: Mapping[str, str]) -> bool:
    return is_marked(table.sources) and table.mark == mark_of(marks, table.sources)


def _serves(table: GlanceTable, marks: Mapping[str, str]) -> bool:
    if _is_current(table, marks):
        return True
    age = (timezone.now() - table.as_of).total_seconds()
    return table.size > FEW and age < table.cost / SHARE_OF_TIME


def _from_file(name: str) -> GlanceTable | None:
    for path in local_copies(name):
        with suppress(FileNotFoundError):
            return open_table(path)
    return None


def _renewed(user: Any, study: Study, name: str, marks: Mapping[str, str]) -> GlanceTable:
    """Read anew, into a file that takes the place of the one before."""
    began = time.monotonic()
    with noting() as sources:
        table = _read(user, study)
    mark, cost = mark_of(marks, sources), time.monotonic() - began
    table = replace(table, sources=tuple(sorted(sources)), mark=mark, cost=cost)
    path = local_copy(f"{name}{mark[:16]}", lambda path: write_table(table, path))
    local_drop(name, but=path)
    local_drop(PREFIX, older_than=KEPT_SECONDS)
    return open_table(path)


def forget(study: Study | None = None) -> None:
    """Drop what is kept here, of one study or of all."""
    _open.clear()
    drop_tables(study)


def _name(user: Any, study: Study) -> str:
    """One per study and reach: all sites' rows, or those of some."""
    held = [m for m in access.memberships_of(user, study) if "rows" in m.rights]
    sites = sorted({m.site_id for m in held if m.site_id})
    reach = "all" if any(m.site_id is None for m in held) else repr(sites)
    return f"{prefix_of(study)}{sha256(reach.encode()).hexdigest()[:16]}-"


def _read(user: Any, study: Study) -> GlanceTable:
    as_of = timezone.now()
    mine = access.visible(Patient.objects.all(), user, study)
    usable = consents.usable(mine, study, patient="").order_by("pseudonym")
    named = list(usable.values_list("pk", "site_id", "status"))
    rows = sorted(named)
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    by_name = np.searchsorted(ids, np.array([row[0] for row in named], dtype=np.int64))
    columns: dict[str, Column] = {}
    found = (
        *_of_study(study, ids, rows),
        *_clinical(study, ids),
        *_endpoints(study, ids),
        *_of_apps(study, ids),
    )
    for column in found:
        columns[column.key] = with_bars(column)
    left_out = Counter(consents.refusals(study, patients=mine).values())
    return GlanceTable(ids, by_name.astype(np.int32), columns, dict(left_out.most_common()), as_of)


# what studies itself knows


def _of_study(study: Study, ids: NDArray[np.int64], rows: list[Any]) -> Iterator[Column]:
    cohorts = list(Cohort.objects.filter(study=study).order_by("pk"))
    members = CohortMember.objects.filter(study=study).values_list("cohort_id", "patient_id")
    by_cohort = np.array(list(members), dtype=np.int64).reshape(-1, 2)
    held = np.zeros((len(cohorts), ids.size), dtype=bool)
    for place, cohort in enumerate(cohorts):
        at, there = _places(ids, by_cohort[by_cohort[:, 0] == cohort.pk, 1])
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


def _clinical(study: Study, ids: NDArray[np.int64]) -> Iterator[Column]:
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
    at, there = _places(ids, whole_numbers(table["patient"]))
    starts = _starts(study, ids)
    source = reverse("studies:dictionaries", args=[study.uid])
    for place, variable in enumerate(variables):
        parts = [table[f"{place}.{part}"] for part in ("v", "comparator", "precision")]
        yield replace(
            _variable(variable, parts, at, there, ids, starts),
            source=source,
            known_before=variable.name not in OUTCOMES,
        )


def _variable(
    variable: Variable, parts: list[Any], at: Places, there: Any, ids: Any, starts: Any
) -> Column:
    key, size = f"clinical.{variable.name}", ids.size
    group = f"Clinical{f': {variable.section}' if variable.section else ''}"
    if variable.type == VariableType.NUMBER:
        values = _spread(numbers(parts[0]), at, there, size)
        comparators, compared = codes(parts[1])
        kinds = np.array([1 if c.startswith("<") else 2 for c in comparators] + [0], dtype=np.int8)
        limits = np.zeros(size, dtype=np.int8)
        limits[at[there]] = kinds[compared][there]
        unit = readable_unit(variable.unit)
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
    values = _spread(days[placed], at, there, size) - starts
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
    at, there = _places(ids, np.array([row[0] for row in found], dtype=np.int64))
    days = np.array([row[1] for row in found], dtype="datetime64[D]").astype(np.float64)
    return _spread(days, at, there, ids.size)


def _endpoints(study: Study, ids: NDArray[np.int64]) -> Iterator[Column]:
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
        at, there = _places(ids, patients[mine])
        key, title = f"outcome.{names[place]}", titles[names[place]]
        if np.isfinite(durations[mine]).any():
            complete = np.where(happened[mine] >= 0, durations[mine], np.nan)
            months = _spread(complete / DAYS_PER_MONTH, at, there, ids.size)
            event = np.zeros(ids.size, dtype=bool)
            event[at[there]] = is_event[happened[mine]][there]
            yield replace(survival_column(key, title, "Outcome", months, event), source=source)
        else:
            whole = np.full(ids.size, -1, dtype=np.int64)
            whole[at[there]] = labelled[mine][there]
            held = {labels[one] for one in np.unique(labelled[mine]) if one >= 0}
            order = {label: label for label in (*BEST_FIRST, "NE") if label in held}
            yield replace(level_column(key, title, "Outcome", labels, whole, order), source=source)


# what the apps above know


def _in_english(about: Callable[[Study], str], study: Study) -> str:
    """What is kept for everybody is English."""
    with override("en"):
        return str(about(study))


def _of_apps(study: Study, ids: NDArray[np.int64]) -> Iterator[Column]:
    for known in registry.glance_columns():
        found = pd.Series(known.read(study), dtype=object).dropna()
        if known.scope and len(found):
            allowed = consents.usable_ids(study, known.scope)
            found = found[found.index.isin(allowed)]
        at, there = _places(ids, found.index.to_numpy(dtype=np.int64))
        source = reverse(known.url_name, args=[study.uid]) if known.url_name else ""
        note = _in_english(known.about, study) if known.about else ""
        said = {"known_before": known.known_before, "source": source, "note": note}
        if known.kind == NUMBER:
            values = _spread(found.to_numpy(dtype=np.float64), at, there, ids.size)
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


# columns from arrays


def number_column(
    key: str, title: str, group: str, values: NDArray[np.float64], unit: str = "",
    limits: NDArray[np.int8] | None = None,
) -> Column:  # fmt: skip
    known = np.isfinite(values)
    kept = None if limits is None or not limits[known].any() else np.where(known, limits, 0)
    exact = known if kept is None else known & (kept == 0)
    return Column(
        key, title, NUMBER, group, unit, values=values,
        limits=None if kept is None else kept.astype(np.int8), edges=round_edges(values[exact]),
    )  # fmt: skip


def level_column(
    key: str, title: str, group: str, texts: list[str], placed: Places, labels: Mapping[str, str],
    unnamed: str = "",
) -> Column:  # fmt: skip
    """Levels of ``labels`` in their order, then what else occurs, marked by ``unnamed``."""
    occurring = {texts[place] for place in np.unique(placed) if place >= 0}
    others = sorted(occurring - set(labels))
    levels = [*labels.items(), *((code, f"{code}{unnamed}") for code in others)]
    place_of = {text: place for place, text in enumerate(texts)}
    held = np.array(
        [
            placed == place_of[code] if code in place_of else np.zeros(placed.size, dtype=bool)
            for code, _ in levels
        ],
        dtype=bool,
    ).reshape(len(levels), placed.size)
    return Column(key, title, CATEGORY, group, levels=tuple(levels), held=held)


def survival_column(
    key: str, title: str, group: str, months: NDArray[np.float64], event: NDArray[np.bool_]
) -> Column:
    known = np.isfinite(months)
    return Column(
        key, title, SURVIVAL, group, "months",
        levels=((EVENT, "event"), (CENSORED, "censored")),
        held=np.array([known & event, known & ~event]), values=months,
    )  # fmt: skip


def _places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[Places, Any]:
    """Where each wanted id stands in ``ids``, and whether it does."""
    if ids.size == 0:
        return np.zeros(wanted.size, dtype=np.int64), np.zeros(wanted.size, dtype=bool)
    at = np.minimum(np.searchsorted(ids, wanted), ids.size - 1)
    return at, ids[at] == wanted


def _spread(found: NDArray[np.float64], at: Places, there: Any, size: int) -> NDArray[np.float64]:
    values = np.full(size, np.nan)
    values[at[there]] = found[there]
    return values
