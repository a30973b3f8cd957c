"""What the basic confidentiality profile does to each attribute: table E.1-1 of DICOM PS3.15.

The table itself comes from ``dicom-anonymizer``, which derives it from the standard. What this
file adds are the options: what a PET needs to stay a measurement, and why.
"""

from __future__ import annotations

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as _table
from pydicom.datadict import tag_for_keyword
from pydicom.tag import BaseTag

from studies.methods.wording import say

EDITION = "PS3.15 2026c"
REMOVE, EMPTY, DUMMY, MAP, DESCEND = "remove", "empty", "dummy", "map", "descend"

# Attributes of two or three letters leave the choice to the type in the object; ours keeps each
# object valid and takes the strictest that does.
_CATEGORIES = (
    (_table.X_TAGS, REMOVE),
    (_table.X_D_TAGS, REMOVE),
    (_table.X_Z_D_TAGS, REMOVE),
    (_table.X_Z_TAGS, EMPTY),
    (_table.Z_TAGS, EMPTY),
    (_table.Z_D_TAGS, EMPTY),
    (_table.D_TAGS, DUMMY),
    (_table.U_TAGS, MAP),
    (_table.X_Z_U_STAR_TAGS, DESCEND),
)
_EXACT = 2  # a tag; longer entries name repeating groups


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise TypeError(f"{keyword} is no DICOM keyword")
    return tag


ACTIONS: dict[int, str] = {
    (tag[0] << 16) | tag[1]: action
    for tags, action in _CATEGORIES
    for tag in tags
    if len(tag) == _EXACT
}
ACTIONS[_tag("DeviceSerialNumber")] = DUMMY  # a segmentation must have one
ACTIONS[_tag("OperatorsName")] = EMPTY  # a structure set must have one, if empty

_SUV = say("needed for the SUV")
_CHARACTERISTIC = say("patient characteristic, needed for the SUV")
_DESCRIPTOR = say("says what was drawn; repeats neither name nor number of the patient")
KEPT: dict[int, str] = {
    _tag(keyword): why
    for why, keywords in (
        (_CHARACTERISTIC, ("PatientWeight", "PatientSize", "PatientSex")),
        (say("patient characteristic"), ("PatientAge",)),
        (_SUV, ("RadionuclideTotalDose", "RadionuclideHalfLife", "TimezoneOffsetFromUTC")),
        (
            _DESCRIPTOR,
            ("ROIName", "SegmentLabel", "SegmentDescription", "ContrastBolusAgent"),
        ),
    )
    for keyword in keywords
}
WITH_THE_PATIENT = {_tag("PatientID"), _tag("PatientName")}
BIRTH = {_tag("PatientBirthDate"), _tag("PatientBirthTime")}

# (group, creator, element): private attributes without which a SUV is lost.
PRIVATE_KEPT = (
    (0x0009, "GEMS_PETD_01", 0x0D),
    (0x7053, "Philips PET Private Group", 0x00),
    (0x7053, "Philips PET Private Group", 0x09),
)
OPTIONS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113111", "Retain Safe Private Option"),
)


def action_of(tag: BaseTag) -> str:
    """What the table says of a standard attribute; empty when it is not listed."""
    if 0x5000 <= tag.group <= 0x50FF or 0x6000 <= tag.group <= 0x60FF:
        return REMOVE  # curves; overlays, which may carry the patient's name
    return ACTIONS.get(int(tag), "")
