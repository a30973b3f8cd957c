"""The columns of a study at a glance as one file of this machine, which its processes share.

The file is a safetensors file: arrays one after another, mapped into memory and never copied, with
a head that says what they are. It holds what one reach of rows gave; another has its own.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from safetensors.numpy import save_file

from studies.methods.selection import Column
from studies.methods.wording import Wording, restored
from studies.models import Study
from studies.storage import local_drop

PREFIX = "glance-"
ARRAYS = ("held", "values", "limits", "bits", "order")
WORDS = ("key", "title", "kind", "group", "unit", "source", "note")
TYPES = {"BOOL": np.bool_, "F64": np.float64, "I8": np.int8, "I32": np.int32, "I64": np.int64,
         "U64": np.uint64}  # fmt: skip


@dataclass(frozen=True)
class GlanceTable:
    """``ids`` are the patients' keys, ascending; every column follows them.

    ``by_name`` are their places in the order of pseudonyms.
    ``mark`` is that of its ``sources``, the tables it was read from; ``cost`` the seconds it took.
    """

    ids: NDArray[np.int64]
    by_name: NDArray[np.int32]
    columns: dict[str, Column]
    left_out: dict[str, int]
    as_of: datetime
    sources: tuple[str, ...] = ()
    mark: str = ""
    cost: float = 0.0
    kept: dict[Any, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return int(self.ids.size)

    @property
    def nbytes(self) -> int:
        return self.ids.nbytes + sum(column.nbytes for column in self.columns.values())


def prefix_of(study: Study) -> str:
    """How the names of a study's files begin; another database has other files."""
    database = sha256(str(connection.settings_dict["NAME"]).encode()).hexdigest()[:8]
    return f"{PREFIX}{database}-{study.uid}-"


def drop_tables(study: Study | None = None) -> None:
    """Remove the files of one study, or of all, from this machine."""
    local_drop(prefix_of(study) if study else PREFIX)


def write_table(table: GlanceTable, path: Path) -> None:
    columns = list(table.columns.values())
    arrays = {
        f"{place}.{name}": np.ascontiguousarray(array)
        for place, column in enumerate(columns)
        for name in ARRAYS
        if (array := getattr(column, name)) is not None
    }
    head = {
        "columns": [_said(column) for column in columns],
        "left_out": [[_told(reason), count] for reason, count in table.left_out.items()],
        "as_of": table.as_of.isoformat(),
        "sources": table.sources,
        "mark": table.mark,
        "cost": table.cost,
    }
    save_file(
        {**arrays, "ids": table.ids, "by_name": table.by_name},
        path,
        metadata={"glance": json.dumps(head)},
    )


def open_table(path: Path) -> GlanceTable:
    """The table of a file, which may be deleted meanwhile: what is mapped stays."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    begin = 8 + int.from_bytes(mapped[:8], "little")
    parts = json.loads(mapped[8:begin])
    head = json.loads(parts.pop("__metadata__")["glance"])
    arrays = {name: _mapped(mapped, begin, part) for name, part in parts.items()}
    columns = [
        Column(
            **{name: _heard(said[name]) for name in WORDS},
            levels=tuple((key, _heard(label)) for key, label in said["levels"]),
            edges=tuple(said["edges"]),
            known_before=said["known_before"],
            **{name: arrays.get(f"{place}.{name}") for name in ARRAYS},
        )
        for place, said in enumerate(head["columns"])
    ]
    return GlanceTable(
        arrays["ids"],
        arrays["by_name"],
        {column.key: column for column in columns},
        {_heard(reason): count for reason, count in head["left_out"]},
        datetime.fromisoformat(head["as_of"]),
        tuple(head["sources"]),
        head["mark"],
        head["cost"],
    )


def _mapped(mapped: mmap.mmap, begin: int, part: Mapping[str, Any]) -> NDArray[Any]:
    shape, (first, _) = part["shape"], part["data_offsets"]
    count = int(np.prod(shape))
    if count == 0:
        return np.zeros(shape, dtype=TYPES[part["dtype"]])
    found = np.frombuffer(mapped, TYPES[part["dtype"]], count, begin + first)
    return found.reshape(shape)


def _said(column: Column) -> dict[str, Any]:
    return {
        **{name: _told(getattr(column, name)) for name in WORDS},
        "levels": [[key, _told(label)] for key, label in column.levels],
        "edges": [float(edge) for edge in column.edges],
        "known_before": column.known_before,
    }


def _told(text: Any) -> Any:
    return text.stored() if isinstance(text, Wording) else str(text)


def _heard(told: Any) -> str:
    return restored(told) if isinstance(told, dict) else str(told)
