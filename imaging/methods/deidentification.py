"""De-identification of one DICOM object that leaves its SUV as it was."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag

from imaging.methods.deidentification_table import (
    BIRTH,
    DESCEND,
    DUMMY,
    EDITION,
    EMPTY,
    KEPT,
    MAP,
    OPTIONS,
    PRIVATE_KEPT,
    REMOVE,
    WITH_THE_PATIENT,
    action_of,
)
from imaging.methods.suv_working import private_element, read_values
from studies.methods.wording import say

PROFILE = f"{EDITION} basic profile, dates moved, SUV kept; rules 1"
REMOVED, REPLACED, RETAINED = "removed", "replaced", "kept"
STANDARD_ROOT = "1.2.840.10008."
TEXT = ("LO", "SH", "LT", "ST", "UT", "UC", "CS", "AE", "PN")
FREE_TEXT = ("LT", "ST", "UT", "UC")
REPEATS = say("repeats the patient's name or number")
PLACEHOLDER = "DEIDENTIFIED"
OLDEST_STATED = 89
SHORTEST_WORD = 4
KNOWN_BY = tuple(
    BaseTag(tag)  # SOP instance, series, study, frame of reference
    for tag in (0x00080018, 0x0020000E, 0x0020000D, 0x00200052)
)
DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
IDENTIFYING = (
    "PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName",
    "AccessionNumber", "ReferringPhysicianName", "PatientBirthDate",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What became of one attribute, without its value.

    Parameters
    ----------
    tag : str
        With the sequences around it: ``(0054,0016) > (0018,1078)``.
    name : str
    outcome : "removed", "replaced" or "kept"
    why : str
    """

    tag: str
    name: str
    outcome: str
    why: str


@dataclass(frozen=True)
class Identity:
    """Under which names a patient's objects go on.

    Parameters
    ----------
    patient_id : str
        The pseudonym: PatientID and PatientName.
    offset_days : int
        Every date moves by it; one number per patient keeps all intervals.
    new_uid : callable
        A UID's successor, always the same for the same UID.
    """

    patient_id: str
    offset_days: int
    new_uid: Callable[[str], str]


def mapped_uid(secret: bytes, uid: str) -> str:
    """The successor of a UID under a secret: equal for equal UIDs, and no way back.

    References
    ----------
    DICOM PS3.5 B.2 (UIDs derived from a UUID).
    """
    digest = hmac.new(secret, uid.encode(), hashlib.sha256).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


def deidentify(dataset: Dataset, identity: Identity) -> tuple[Dataset, list[Change]]:
    """A de-identified copy of a DICOM object, and what was done to each attribute.

    Parameters
    ----------
    dataset : Dataset
        A PET, CT or MR image, an RTSTRUCT or a segmentation; it is left as it is.
    identity : Identity

    Returns
    -------
    Dataset, list of Change
        Attributes of which nothing is listed were neither in the table nor private.

    References
    ----------
    DICOM PS3.15, annex E: basic application level confidentiality profile with the options clean
    descriptors, retain longitudinal temporal information with modified dates, retain patient
    characteristics, retain safe private.
    """
    work = _Work(identity, _identifying_words(dataset, identity))
    made = work.cleaned(dataset, "")
    made.PatientID = made.PatientName = identity.patient_id
    _say_so(made)
    if isinstance(dataset, FileDataset):
        made = _as_file(made, dataset)
    return made, work.changes


def _as_file(made: Dataset, original: FileDataset) -> FileDataset:
    meta = original.file_meta.__class__()
    meta.TransferSyntaxUID = original.file_meta.TransferSyntaxUID
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return FileDataset("", made, b"\0" * 128, meta, *original.original_encoding)


def _say_so(made: Dataset) -> None:
    made.PatientIdentityRemoved = "YES"
    made.LongitudinalTemporalInformationModified = "MODIFIED"
    made.DeidentificationMethod = PROFILE
    codes = []
    for value, meaning in OPTIONS:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = value, "DCM"
        code.CodeMeaning = meaning[:64]
        codes.append(code)
    made.DeidentificationMethodCodeSequence = codes


@dataclass
class _Work:
    identity: Identity
    words: frozenset[str]
    changes: list[Change] = field(default_factory=list)

    def cleaned(self, dataset: Dataset, path: str) -> Dataset:
        made = Dataset()
        private = _private_kept(dataset)
        for element in dataset:
            where = f"{path}{element.tag}"
            if element.tag.is_private:
                self._private(element, private, where, made)
            else:
                self._standard(element, where, made)
        return made

    def _private(
        self, element: DataElement, kept: dict[int, bool], where: str, made: Dataset
    ) -> None:
        dated = kept.get(int(element.tag))
        if dated is None:
            is_block = 0x10 <= element.tag.elem <= 0xFF
            self._note(
                element, where, REMOVED, say("private block") if is_block else say("private")
            )
        elif dated:
            self._put(element, made, _moved_text(_text(element.value), self.identity.offset_days))
            self._note(element, where, REPLACED, say("private date, needed for the SUV: moved"))
        else:
            made.add(element)
            self._note(element, where, RETAINED, say("private, needed for the SUV"))

    def _standard(self, element: DataElement, where: str, made: Dataset) -> None:
        tag = int(element.tag)
        if tag in WITH_THE_PATIENT:
            self._note(element, where, REPLACED, say("by the pseudonym"))
        elif element.VR in ("DA", "DT") and tag not in BIRTH:
            self._date(element, where, made)
        elif element.VR == "TM" and tag not in BIRTH:
            made.add(element)
            self._note(element, where, RETAINED, say("time of day"))
        elif tag in KEPT:
            self._keep(element, where, made)
        elif element.VR == "SQ":
            self._sequence(element, where, made)
        elif element.VR == "UI":
            self._uid(element, where, made)
        else:
            self._by_table(element, where, made)

    def _date(self, element: DataElement, where: str, made: Dataset) -> None:
        values = element.value if element.VM > 1 else [element.value]
        moved = [_moved_text(_text(value), self.identity.offset_days) for value in values]
        self._put(element, made, moved if element.VM > 1 else moved[0])
        lost = any(_text(old) and not new for old, new in zip(values, moved, strict=True))
        why = say("no whole date: emptied") if lost else say("moved by the patient's days")
        self._note(element, where, REPLACED, why)

    def _keep(self, element: DataElement, where: str, made: Dataset) -> None:
        if self._names_patient(element):
            self._put(element, made, PLACEHOLDER)
            self._note(element, where, REPLACED, REPEATS)
        elif element.keyword == "PatientAge":
            age = _text(element.value)
            old = age.endswith("Y") and age[:-1].isdigit() and int(age[:-1]) > OLDEST_STATED
            self._put(element, made, "090Y" if old else age)
            why = say("above 89 years: stated as 90") if old else KEPT[int(element.tag)]
            self._note(element, where, REPLACED if old else RETAINED, why)
        else:
            made.add(element)
            self._note(element, where, RETAINED, KEPT[int(element.tag)])

    def _sequence(self, element: DataElement, where: str, made: Dataset) -> None:
        action = action_of(element.tag)
        if action in (REMOVE, DUMMY):
            self._note(element, where, REMOVED, say("basic profile"))
        elif action == EMPTY:
            self._put(element, made, DicomSequence([]))
            self._note(element, where, REMOVED, say("basic profile: emptied"))
        else:
            items = [self.cleaned(item, f"{where} > ") for item in element.value or []]
            self._put(element, made, DicomSequence(items))
            if action == DESCEND:
                self._note(element, where, RETAINED, say("with new UIDs"))

    def _uid(self, element: DataElement, where: str, made: Dataset) -> None:
        values = [element.value] if element.VM < 2 else list(element.value)
        new = [self._new_uid(_text(value)) for value in values]
        if element.VM == 0 or new == [_text(value) for value in values]:
            made.add(element)
            return
        if action_of(element.tag) == REMOVE:
            self._note(element, where, REMOVED, say("basic profile"))
            return
        self._put(element, made, new if element.VM > 1 else new[0])
        self._note(element, where, REPLACED, say("by its new UID"))

    def _new_uid(self, uid: str) -> str:
        return uid if not uid or uid.startswith(STANDARD_ROOT) else self.identity.new_uid(uid)

    def _by_table(self, element: DataElement, where: str, made: Dataset) -> None:
        action = action_of(element.tag)
        if action == REMOVE or (not action and element.VR in (*FREE_TEXT, "UN")):
            why = say("basic profile") if action else say("free text or an unknown attribute")
            self._note(element, where, REMOVED, why)
        elif action in (EMPTY, DUMMY) or element.VR == "PN":
            value = _placeholder(element) if action == DUMMY else None
            self._put(element, made, value)
            what = say("emptied") if value is None else say("a dummy")
            self._note(element, where, REPLACED, say("basic profile: {what}", what=what))
        elif action == MAP:
            self._note(element, where, REMOVED, say("basic profile"))
        elif self._names_patient(element):
            self._put(element, made, PLACEHOLDER)
            self._note(element, where, REPLACED, REPEATS)
        else:
            made.add(element)

    def _names_patient(self, element: DataElement) -> bool:
        if element.VR not in TEXT:
            return False
        said = str(element.value).casefold()
        return any(word in said for word in self.words)

    @staticmethod
    def _put(element: DataElement, made: Dataset, value: Any) -> None:
        made.add(DataElement(element.tag, element.VR, value))

    def _note(self, element: DataElement, where: str, outcome: str, why: str) -> None:
        name = keyword_for_tag(element.tag) or say("private attribute")
        self.changes.append(Change(where, name, outcome, why))


def _private_kept(dataset: Dataset) -> dict[int, bool]:
    """Private tags to keep, with their creators; true for the one that is a date."""
    kept: dict[int, bool] = {}
    for group, creator, offset in PRIVATE_KEPT:
        element = private_element(dataset, group, creator, offset)
        if element is not None:
            kept[int(element.tag)] = group == 0x0009
            owner = group << 16 | element.tag.elem >> 8
            if owner in dataset:
                kept[owner] = False
    return kept


def _identifying_words(dataset: Dataset, identity: Identity) -> frozenset[str]:
    """Words by which a text would name the patient or the one who sent them."""
    said = " ".join(_text(dataset.get(keyword)) for keyword in IDENTIFYING)
    words = {word.casefold() for word in re.split(r"[\s^=,;\\\[\]']+", said)}
    return frozenset(w for w in words if len(w) >= SHORTEST_WORD) - {identity.patient_id.casefold()}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return "" if value is None else str(value).strip("\0 ")


def _moved_text(value: str, days: int) -> str:
    """A DA or DT value some days later; empty when it states no whole date."""
    plain = value.replace(".", "", 2) if re.fullmatch(r"\d{4}\.\d{2}\.\d{2}", value) else value
    try:
        day = datetime.strptime(plain[:8], "%Y%m%d") + timedelta(days)
    except (ValueError, OverflowError):
        return ""
    return f"{day.year:04}{day.month:02}{day.day:02}{plain[8:]}"


def _placeholder(element: DataElement) -> str | int | None:
    if element.VR in TEXT:
        return PLACEHOLDER
    return 0 if element.VR in ("DS", "IS", "US", "UL", "SS", "SL", "FL", "FD") else None


def rename_uids(dataset: Dataset, new_uid: Callable[[str], str]) -> None:
    """Give every UID of an object its successor, in place; those of the standard stay.

    Of a PET or CT image only the four are looked at by which it is known: what else it refers to
    is not read on.
    """
    if dataset.get("Modality") in ("PT", "CT"):
        for tag in KNOWN_BY:
            known = dataset.get(tag)
            if known is not None and known.value:
                known.value = new_uid(str(known.value))
        return
    for element in dataset.iterall():
        if element.VR == "UI" and element.value:
            many = element.VM > 1
            values = [str(value) for value in (element.value if many else [element.value])]
            new = [v if v.startswith(STANDARD_ROOT) else new_uid(v) for v in values]
            element.value = new if many else new[0]


def moved_dates(said: str, days: int) -> str:
    """A text with every day in it, written 2025-01-31, some days later."""
    return DAY.sub(lambda found: str(date.fromisoformat(found[0]) + timedelta(days)), said)


def pixel_risks(dataset: Dataset) -> list[str]:
    """Why the pixels themselves may show who the patient is."""
    found: list[str] = []
    if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        found.append(say("BurnedInAnnotation (0028,0301) is YES: text is part of the picture"))
    if str(dataset.get("RecognizableVisualFeatures", "")).upper() == "YES":
        found.append(say("RecognizableVisualFeatures (0028,0302) is YES: a face may be recognised"))
    kinds = read_values(dataset, "ImageType")
    if kinds & {"SCREEN SAVE", "SCREENSHOT", "DOSE_INFO"}:
        found.append(say("ImageType (0008,0008) says that it is a screen shot: text may be in it"))
    return found
