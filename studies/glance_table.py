"""The patients of a study as arrays, one per variable: what the study at a glance counts.

Read under the acting user's row policies into a file that the processes of this machine share: by
study, by the sites that the user sees, and by a mark of all that was read. Who may not be used for
anything is not in it.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
from django.utils import timezone

from studies import access, consents
from studies.glance_files import (
    PREFIX,
    GlanceTable,
    drop_tables,
    open_table,
    prefix_of,
    write_table,
)
from studies.glance_sources import (
    clinical_columns,
    columns_of_apps,
    columns_of_study,
    endpoint_columns,
)
from studies.marks import is_marked, mark_of, marks_of, noting
from studies.methods.selection import (
    Column,
    with_bars,
)
from studies.models import (
    Patient,
    Study,
)
from studies.storage import local_copies, local_copy, local_drop, local_turn

MOST_OPEN = 64  # files a process keeps mapped
FEW = 20_000  # up to so many patients numbers are always of now
SHARE_OF_TIME = 0.1  # with more, of the time at most goes into reading

KEPT_SECONDS = 24 * 3600  # what nobody renews goes

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
        *columns_of_study(study, ids, rows),
        *clinical_columns(study, ids),
        *endpoint_columns(study, ids),
        *columns_of_apps(study, ids),
    )
    for column in found:
        columns[column.key] = with_bars(column)
    left_out = Counter(consents.refusals(study, patients=mine).values())
    return GlanceTable(ids, by_name.astype(np.int32), columns, dict(left_out.most_common()), as_of)
