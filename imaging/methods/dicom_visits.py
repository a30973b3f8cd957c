"""The files of an archive by visit: what goes in together, or waits together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from imaging.methods.dicom_archive import Aside, Entry, Index
from studies.methods.problems import Problem

Key = tuple[str, str]


@dataclass(frozen=True)
class Visit:
    """Everything that one patient brought from one visit, with the regions drawn on it.

    Parameters
    ----------
    patient_id : str
        As the files name the patient; may be empty.
    uid : str
        StudyInstanceUID of the scans (of the regions, when they came alone).
    entries : tuple of Entry
    problems : tuple of Problem
        Damaged files that belong here: without them a volume could lack a slice unseen.
    """

    patient_id: str
    uid: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def by_series(self) -> dict[str, list[Entry]]:
        groups: dict[str, list[Entry]] = {}
        for entry in self.entries:
            groups.setdefault(entry.series_uid, []).append(entry)
        return groups


def group_visits(index: Index) -> tuple[list[Visit], list[Problem]]:
    """Visits by patient, and the problems of damaged files that belong to none.

    A damaged file belongs to the visit its header names, else to those with files in its folder.
    Regions go with the visit of the scan they were drawn on, whatever their own visit is called.
    """
    groups: dict[Key, list[Entry]] = {}
    for patient_id in sorted(index.entries):
        entries = index.entries[patient_id]
        home = {e.series_uid: e.visit for e in entries if not e.refers}
        for entry in entries:
            scans = [home[uid] for uid in entry.refers if uid in home]
            groups.setdefault(scans[0] if scans else entry.visit, []).append(entry)
    problems: dict[Key, list[Problem]] = {key: [] for key in groups}
    homeless = []
    for aside in index.asides:
        if aside.problem is not None:
            keys = _visits_of(aside, groups)
            for key in keys:
                problems[key].append(aside.problem)
            if not keys:
                homeless.append(aside.problem)
    visits = [
        Visit(patient_id, uid, tuple(entries), tuple(problems[patient_id, uid]))
        for (patient_id, uid), entries in groups.items()
    ]
    return visits, homeless


def _visits_of(aside: Aside, groups: dict[Key, list[Entry]]) -> list[Key]:
    if aside.visit in groups:
        return [aside.visit]
    if aside.visit is not None:
        return []
    folder = PurePosixPath(aside.name).parent
    return [
        key
        for key, entries in groups.items()
        if any(PurePosixPath(entry.name).parent == folder for entry in entries)
    ]


def shared_identifiers(visits: list[Visit]) -> set[str]:
    """UIDs of visits and series that come under more than one PatientID."""
    owners: dict[str, set[str]] = {}
    for visit in visits:
        for uid in (visit.uid, *visit.by_series):
            owners.setdefault(uid, set()).add(visit.patient_id)
    return {uid for uid, patients in owners.items() if uid and len(patients) > 1}
