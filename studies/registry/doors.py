"""Doors for files: what may be handed in and which job takes it in; what may be taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class UploadOption:
    """What is asked beside a file: a choice of values, the first one (often nothing) by default."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    help: str = ""


@dataclass(frozen=True)
class UploadKind:
    """A door for files: what the file is and which job takes it in."""

    name: str
    title: str
    job_kind: str
    accept: str
    help: str
    right: str = "enter"
    order: int = 0
    stage: str = ""
    takes_folders: bool = False  # True: a folder may be chosen; it comes as a zip
    details_url: str = ""  # a page of the batch beside the house's own: study uid, batch uid
    keeps_bytes: bool = True  # False: dropped once taken in, only their digest stays
    overwrites: bool = False  # True: a later file changes what an earlier one said
    options: tuple[UploadOption, ...] = ()
    confirms: bool = False  # True: handed in on a page, it halts to be described and confirmed
    largest: int = 0  # bytes; 0: as large as any upload

    @property
    def accepted(self) -> str:
        """As people read it: ``.csv, .tsv``."""
        return self.accept.replace(",", ", ")


@dataclass(frozen=True)
class ExportKind:
    """A file of patients' rows that an app above makes, under the rules of every export.

    ``ask(study, user, filters)`` gives what is kept of the request, or refuses it; ``write(export,
    handle, progress)`` gives the columns and the number of rows and says who was ``left_out``;
    ``name(filters, file_format)`` is the file's name.
    """

    content: str
    formats: tuple[str, ...]
    filters: tuple[str, ...]
    ask: Callable[[Any, Any, dict[str, str]], dict[str, str]]
    write: Callable[[Any, Any, Any], tuple[list[str], int]]
    name: Callable[[Mapping[str, str], str], str]


_uploads: dict[str, UploadKind] = {}
_exports: dict[str, ExportKind] = {}


def register_upload(kind: UploadKind) -> None:
    _uploads[kind.name] = kind


def upload_kinds() -> list[UploadKind]:
    return sorted(_uploads.values(), key=lambda kind: (kind.order, kind.name))


def upload_kind(name: str) -> UploadKind | None:
    return _uploads.get(name)


def register_export(kind: ExportKind) -> None:
    _exports[kind.content] = kind


def export_kind(content: str) -> ExportKind | None:
    return _exports.get(content)
