"""Times and decay of a PET: reference, administration, half-life, per-frame decay."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from imaging.methods.suv_working import Working, private_text, read_number
from studies.methods.problems import refuse
from studies.methods.wording import say

GE_CREATOR = "GEMS_PETD_01"
# Half-life in s by code of CID 4020, SNOMED CT and its older SRT form.
HALF_LIFE_S = {
    "77004003": 6586.2,
    "C-111A1": 6586.2,  # 18F
    "35337001": 4062.6,
    "C-131A3": 4062.6,  # 68Ga
    "3932008": 45723.6,
    "C-127A2": 45723.6,  # 64Cu
    "40565003": 1221.8,
    "C-105A1": 1221.8,  # 11C
    "21576001": 597.9,
    "C-107A1": 597.9,  # 13N
    "129504001": 122.24,
    "C-B1038": 122.24,  # 15O
    "63360001": 282276.0,
    "C-168A4": 282276.0,  # 89Zr
    "40937006": 360806.4,
    "C-114A5": 360806.4,  # 124I
    "79197006": 75.45,
    "C-159A2": 75.45,  # 82Rb
}


def read_half_life_s(nuclide: Dataset, working: Working) -> float:
    """Half-life, s: (0018,1075), else by the nuclide's code."""
    stated = read_number(nuclide, 0x00181075)
    if stated and stated > 0:
        working.step("half-life", "(0018,1075)", stated, "s")
        return stated
    codes = [str(item.get("CodeValue", "")) for item in nuclide.get("RadionuclideCodeSequence", [])]
    for code in codes:
        if code in HALF_LIFE_S:
            working.step(
                say("half-life"),
                "(0054,0300)",
                HALF_LIFE_S[code],
                "s",
                say("nuclide {code}", code=code),
            )
            return HALF_LIFE_S[code]
    raise refuse(
        say("RadionuclideHalfLife (0018,1075)"),
        say("nothing; nuclide code {value}", value=codes or "missing"),
        "a half-life in s, or a known code in (0054,0300)",
        "Add the half-life.",
    )


def date_time(dataset: Dataset, date_key: str, time_key: str) -> datetime | None:
    """A DA and a TM tag as one naive time of the scanner's clock; None when one is missing."""
    try:
        day, time = DA(dataset.get(date_key)), TM(dataset.get(time_key))
    except (ValueError, TypeError):
        return None
    return datetime.combine(day, time) if day and time else None


def acquired_at(slice_: Dataset) -> datetime:
    """Start of the acquisition of one slice."""
    time = date_time(slice_, "AcquisitionDate", "AcquisitionTime")
    if time is None:
        raise refuse(
            say("AcquisitionDate (0008,0022), AcquisitionTime (0008,0032)"),
            f"{slice_.get('AcquisitionDate', '')} {slice_.get('AcquisitionTime', '')}",
            "date and time of each slice",
            "Export the series with its times.",
        )
    return time


def read_reference_time(
    slices: tuple[Dataset, ...], half_life_s: float, working: Working
) -> datetime:
    """The moment to which the voxels are decay-corrected (DecayCorrection START).

    GE's private scan time comes first, then the series' own time unless it lies after the first
    acquisition (a derived series), else it is computed back from the first frame.

    Parameters
    ----------
    slices : datasets of one series
    half_life_s : float
    working : Working
        Where the steps are written.

    References
    ----------
    QIBA FDG-PET profile (SUV pseudocode), as the objects of oncoray/suv_computation confirm.
    """
    private = _ge_scan_time(slices[0])
    if private is not None:
        working.step(
            say("reference time"), "(0009,100D)", private.isoformat(" "), "", say("GE scan time")
        )
        return private
    first = min(slices, key=acquired_at)
    series = date_time(slices[0], "SeriesDate", "SeriesTime")
    if series is not None and series <= acquired_at(first):
        working.step(
            say("reference time"),
            "(0008,0021) (0008,0031)",
            series.isoformat(" "),
            "",
            say("start of the series"),
        )
        return series
    return _back_computed(first, half_life_s, working)


def _ge_scan_time(dataset: Dataset) -> datetime | None:
    """GE's private scan time: in the block its creator names, or in the first that none claims."""
    value = private_text(dataset, 0x0009, GE_CREATOR, 0x0D)
    try:
        return DT(value).replace(tzinfo=None) if len(value) >= 12 else None
    except ValueError:
        return None


def _back_computed(slice_: Dataset, half_life_s: float, working: Working) -> datetime:
    offset_ms, frame_ms = read_number(slice_, 0x00541300), read_number(slice_, 0x00181242)
    if offset_ms is None or not frame_ms:
        raise refuse(
            say("FrameReferenceTime (0054,1300), ActualFrameDuration (0018,1242)"),
            say("{offset_ms} and {frame_ms}", offset_ms=offset_ms, frame_ms=frame_ms),
            "both: the series' time lies after the first acquisition or is missing",
            "Upload the original series.",
        )
    decayed = math.log(2) * frame_ms / 1000 / half_life_s
    mean_s = math.log(decayed / -math.expm1(-decayed)) * half_life_s / math.log(2)
    time = acquired_at(slice_) + timedelta(seconds=mean_s - offset_ms / 1000)
    working.step(
        say("reference time"),
        "(0008,0032) (0054,1300) (0018,1242)",
        time.isoformat(" "),
        "",
        say("acquisition + mean time of its decays − frame reference time"),
    )
    return time


def read_administration_time(
    nuclide: Dataset, slice_: Dataset, not_after: datetime, working: Working
) -> datetime:
    """When the dose was given: (0018,1078), else the start time on the scan's day."""
    stated = _stated_administration(nuclide, slice_, working)
    if stated is None:
        stated = _start_time_of_day(nuclide, not_after, working)
    if stated > not_after:
        raise refuse(
            say("RadiopharmaceuticalStartDateTime (0018,1078)"),
            stated.isoformat(" "),
            say("a time before the scan ({not_after})", not_after=not_after.isoformat(" ")),
            "Correct the time of administration.",
        )
    return stated


def _stated_administration(nuclide: Dataset, slice_: Dataset, working: Working) -> datetime | None:
    value = str(nuclide.get("RadiopharmaceuticalStartDateTime") or "").strip()
    if len(value) < 12:  # a date alone is no time of administration
        return None
    try:
        time = DT(value)
    except ValueError:
        return None
    local = _on_scanner_clock(time, str(slice_.get("TimezoneOffsetFromUTC") or ""), working)
    working.step(say("time of administration"), "(0018,1078)", local.isoformat(" "))
    return local


def _on_scanner_clock(time: DT, zone: str, working: Working) -> datetime:
    if time.tzinfo is None:
        return time.replace(tzinfo=None)
    if not zone:
        working.notice(
            "time_zone",
            say(
                "RadiopharmaceuticalStartDateTime (0018,1078) states a time "
                "zone and the scan none (0008,0201): both read as one clock"
            ),
        )
        return time.replace(tzinfo=None)
    scanner = DT("20000101000000" + zone).tzinfo
    return time.astimezone(scanner).replace(tzinfo=None)


def _start_time_of_day(nuclide: Dataset, not_after: datetime, working: Working) -> datetime:
    try:
        clock = TM(nuclide.get("RadiopharmaceuticalStartTime"))
    except (ValueError, TypeError):
        clock = None
    if not clock:
        raise refuse(
            say(
                "RadiopharmaceuticalStartDateTime (0018,1078), RadiopharmaceuticalStartTime "
                "(0018,1072)"
            ),
            say("nothing"),
            "the time of administration",
            "Add it.",
        )
    time, how = datetime.combine(not_after.date(), clock), say("on the day of the scan")
    if time > not_after:
        time, how = time - timedelta(days=1), say("on the day before the scan")
    working.step(say("time of administration"), "(0018,1072)", time.isoformat(" "), "", how)
    return time


def frame_decay_factor(slice_: Dataset, given_at: datetime, half_life_s: float) -> float:
    """Factor that takes uncorrected voxels of one slice back to the administration.

    λT/(1 − e^(−λT)) × e^(λ(t_acq − t_adm)), T the frame's duration.

    Parameters
    ----------
    slice_ : Dataset
        With its acquisition time and ActualFrameDuration, ms.
    given_at : datetime
        When the dose was given, scanner's clock.
    half_life_s : float

    References
    ----------
    The mean of exp(−λt) over a frame, turned round. DICOM PS3.3 C.8.9.4 (Decay Factor).
    """
    frame_ms = read_number(slice_, 0x00181242)
    if not frame_ms:
        raise refuse(
            say("ActualFrameDuration (0018,1242)"),
            say("nothing"),
            "the duration of each frame: DecayCorrection is NONE",
            "Export the series with its frame durations.",
        )
    rate = math.log(2) / half_life_s
    within = rate * frame_ms / 1000
    waited_s = (acquired_at(slice_) - given_at).total_seconds()
    return within / -math.expm1(-within) * math.exp(rate * waited_s)
