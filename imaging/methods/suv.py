"""Standardised uptake value by body weight, with its working."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.methods import suv_timing as timing
from imaging.methods.suv_body import BODY_KG, body_mass_kg, body_surface_m2, read_weight_kg
from imaging.methods.suv_working import (
    Step,
    Working,
    one_value,
    private_number,
    read_number,
    read_values,
)
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

PHILIPS_CREATOR = "Philips PET Private Group"
Factors = NDArray[np.float64]


@dataclass(frozen=True)
class SuvFactors:
    """What turns a PET's rescaled voxels into SUV.

    Parameters
    ----------
    factors : array (slices,)
        g/mL per unit of the header, one per slice along z.
    steps : tuple of Step
        Every input with its tag, in the order of use.
    notices : tuple of Notice
    """

    factors: Factors
    steps: tuple[Step, ...]
    notices: tuple[Notice, ...]


def estimate_suv_factors(slices: Sequence[Dataset]) -> SuvFactors:
    """Factor per slice from stored × slope to SUV by body weight, g/mL.

    Parameters
    ----------
    slices : headers of one PET series in the order of the volume's z axis

    Raises
    ------
    DataProblem
        A needed tag is missing, contradicts another, or names units that cannot become SUV;
        the problem names the tag. Nothing is guessed.

    References
    ----------
    DICOM PS3.3 C.8.9.1; QIBA FDG-PET profile; oncoray/suv_computation (reference objects).
    """
    headers = tuple(slices)
    working = Working()
    _check_intercepts(headers, working)
    units = one_value(headers, "Units", "(0054,1001)")
    decay = one_value(headers, "DecayCorrection", "(0054,1102)")
    working.step("units", "(0054,1001)", units)
    if units not in UNITS:
        raise refuse(
            say("Units (0054,1001)"),
            units or say("nothing"),
            ", ".join(UNITS),
            "Export the PET in Bq/mL or as SUV.",
        )
    _check_corrections(headers, decay, working)
    one_value(headers, "PatientWeight", "(0010,1030)")
    weight_kg = read_weight_kg(headers[0], working)
    factors = UNITS[units](headers, weight_kg, working)
    working.step(say("factor to SUV, first slice"), "", float(factors[0]), say("g/mL per unit"))
    return SuvFactors(factors, tuple(working.steps), tuple(working.notices))


def apply_suv(values: NDArray[np.float32], suv: SuvFactors) -> NDArray[np.float32]:
    """SUV, g/mL (z, y, x), of rescaled PET voxels (z, y, x).

    Parameters
    ----------
    values : array (z, y, x)
        Stored values times the slope of their slice.
    suv : SuvFactors
        A factor per slice.

    References
    ----------
    As ``estimate_suv_factors``.
    """
    return (values * suv.factors[:, None, None]).astype(np.float32)


def _check_intercepts(slices: tuple[Dataset, ...], working: Working) -> None:
    wrong = {float(s.get("RescaleIntercept", 0)) for s in slices} - {0.0}
    if wrong:
        raise refuse(
            say("RescaleIntercept (0028,1052)"),
            sorted(wrong),
            "0 in every slice of a PET",
            "Export the series again.",
        )
    if any(s.get("RescaleSlope") is None for s in slices):
        raise refuse(
            say("RescaleSlope (0028,1053)"),
            say("nothing"),
            "a slope in each slice",
            "Export the series again.",
        )
    slopes = [float(s.RescaleSlope) for s in slices]
    same = min(slopes) == max(slopes)
    value = (
        f"{slopes[0]:g}"
        if same
        else say("{slopes:g} to {slopes_2:g}", slopes=min(slopes), slopes_2=max(slopes))
    )
    working.step(say("slope"), "(0028,1053)", value, "", "" if same else say("of each slice"))


def _check_corrections(slices: tuple[Dataset, ...], decay: str, working: Working) -> None:
    """The voxels are corrected for attenuation, and for decay unless the header says NONE."""
    for slice_ in slices:
        done = read_values(slice_, "CorrectedImage")
        lacking = [] if "ATTN" in done else ["ATTN"]
        if decay != "NONE" and not done & {"DECY", "DECAY"}:
            lacking.append("DECY")
        if lacking:
            raise refuse(
                say("CorrectedImage (0028,0051)"),
                "\\".join(sorted(done)) or say("nothing"),
                say("{names} among the corrections", names=" and ".join(lacking)),
                "Upload the corrected reconstruction.",
            )
    working.step("corrections", "(0028,0051)", "\\".join(sorted(done)))
    working.step(say("decay correction"), "(0054,1102)", decay or say("not stated"))


def _from_activity(slices: tuple[Dataset, ...], weight_kg: float, working: Working) -> Factors:
    """BQML: weight in g over the dose at the time the voxels are corrected to."""
    nuclide = _nuclide(slices[0])
    dose_bq = _dose_bq(nuclide, working)
    decay = one_value(slices, "DecayCorrection", "(0054,1102)")
    if decay not in DECAY:
        raise refuse(
            say("DecayCorrection (0054,1102)"),
            decay or say("nothing"),
            "ADMIN, START or NONE",
            "Export the series with its kind of decay correction.",
        )
    relative = DECAY[decay](slices, nuclide, working)
    return weight_kg * 1000 / dose_bq * relative


def _nuclide(slice_: Dataset) -> Dataset:
    items = slice_.get("RadiopharmaceuticalInformationSequence") or []
    if len(items) != 1:
        raise refuse(
            say("RadiopharmaceuticalInformationSequence (0054,0016)"),
            say("{n} items", n=len(items)),
            "one",
            "Upload a scan of one tracer, with its administration recorded.",
        )
    return items[0]


def _dose_bq(nuclide: Dataset, working: Working) -> float:
    dose = read_number(nuclide, 0x00181074)
    if not dose or dose < 0:
        raise refuse(
            say("RadionuclideTotalDose (0018,1074)"),
            say("nothing") if dose is None else dose,
            "the administered dose in Bq",
            "Add the dose to the header.",
        )
    if dose < 1e5:
        working.notice(
            "dose_in_mbq",
            say(
                "RadionuclideTotalDose (0018,1074) {dose:g} was read as MBq: {dose_2:g} Bq, "
                "not {dose:g} Bq",
                dose=dose,
                dose_2=dose * 1000000.0,
            ),
        )
        dose *= 1e6
    working.step(say("administered dose"), "(0018,1074)", dose, "Bq")
    return dose


def _decayed_to_administration(
    slices: tuple[Dataset, ...], nuclide: Dataset, working: Working
) -> Factors:
    return np.ones(len(slices))


def _decayed_to_start(slices: tuple[Dataset, ...], nuclide: Dataset, working: Working) -> Factors:
    half_life_s = timing.read_half_life_s(nuclide, working)
    reference = timing.read_reference_time(slices, half_life_s, working)
    given = timing.read_administration_time(nuclide, slices[0], reference, working)
    left = 2 ** (-_seconds(given, reference, half_life_s) / half_life_s)
    working.step(say("dose left at the reference time"), "", left, "", "2^(−Δt/T½)")
    return np.full(len(slices), 1 / left)


def _not_decay_corrected(
    slices: tuple[Dataset, ...], nuclide: Dataset, working: Working
) -> Factors:
    half_life_s = timing.read_half_life_s(nuclide, working)
    first = min(timing.acquired_at(s) for s in slices)
    given = timing.read_administration_time(nuclide, slices[0], first, working)
    _seconds(given, first, half_life_s)
    factors = [timing.frame_decay_factor(s, given, half_life_s) for s in slices]
    working.step(
        say("decay of the first slice"),
        "(0008,0032) (0018,1242)",
        factors[0],
        "",
        "λT/(1 − e^(−λT)) × e^(λ(t_acq − t_adm))",
    )
    return np.array(factors)


def _seconds(given: datetime, reference: datetime, half_life_s: float) -> float:
    """Seconds from administration to reference; refused when hardly any dose could be left."""
    waited = (reference - given).total_seconds()
    if waited > 10 * half_life_s:
        raise refuse(
            say("RadiopharmaceuticalStartDateTime (0018,1078)"),
            given.isoformat(" "),
            say("less than ten half-lives before {reference}", reference=reference.isoformat(" ")),
            "Correct the dates: was one of them shifted alone?",
        )
    return waited


def _from_suv(slices: tuple[Dataset, ...], weight_kg: float, working: Working) -> Factors:
    """GML: already an SUV; SUVType says by which body measure."""
    kind = one_value(slices, "SUVType", "(0054,1006)")
    working.step(
        say("SUV type"), "(0054,1006)", kind or say("empty"), "", "" if kind else say("read as BW")
    )
    if kind in ("", "BW"):
        return np.ones(len(slices))
    if kind not in BODY_KG:
        raise refuse(
            say("SUVType (0054,1006)"),
            kind,
            "BW, " + ", ".join(BODY_KG),
            "Export the PET as SUV by body weight or in Bq/mL.",
        )
    mass = body_mass_kg(kind, slices[0], weight_kg, working)
    return np.full(len(slices), weight_kg / mass)


def _from_suv_by_surface(
    slices: tuple[Dataset, ...], weight_kg: float, working: Working
) -> Factors:
    """CM2ML: SUV by body surface."""
    surface_cm2 = body_surface_m2(slices[0], weight_kg, working) * 1e4
    return np.full(len(slices), weight_kg * 1e3 / surface_cm2)


def _from_counts(slices: tuple[Dataset, ...], weight_kg: float, working: Working) -> Factors:
    """CNTS: Philips' private factors, to SUV or to Bq/mL; nothing else turns counts into SUV."""
    to_suv = np.array([private_number(s, 0x7053, PHILIPS_CREATOR, 0x00) or 0 for s in slices])
    if to_suv.all():
        working.step(say("counts to SUV"), "(7053,1000)", float(to_suv[0]), "g/mL", "Philips")
        return to_suv
    to_activity = np.array([private_number(s, 0x7053, PHILIPS_CREATOR, 0x09) or 0 for s in slices])
    if not to_activity.all():
        raise refuse(
            say("Units (0054,1001)"),
            say("CNTS without (7053,1000) and (7053,1009)"),
            "Philips' factor to SUV or to Bq/mL in each slice",
            "Export the PET in Bq/mL, or keep the private tags when de-identifying.",
        )
    working.step(say("counts to Bq/mL"), "(7053,1009)", float(to_activity[0]), "Bq/mL", "Philips")
    return to_activity * _from_activity(slices, weight_kg, working)


DECAY: dict[str, Callable[[tuple[Dataset, ...], Dataset, Working], Factors]] = {
    "ADMIN": _decayed_to_administration,
    "START": _decayed_to_start,
    "NONE": _not_decay_corrected,
}
UNITS: dict[str, Callable[[tuple[Dataset, ...], float, Working], Factors]] = {
    "BQML": _from_activity,
    "GML": _from_suv,
    "CM2ML": _from_suv_by_surface,
    "CNTS": _from_counts,
}
