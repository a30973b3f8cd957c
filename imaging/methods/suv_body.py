"""Body measures that turn an SUV by lean mass, ideal weight or surface into one by weight."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset

from imaging.methods.suv_working import Working, read_number, read_text
from studies.methods.problems import refuse
from studies.methods.wording import say

BODY_KG: dict[str, dict[str, Callable[[float, float], float]]] = {
    "LBM": {
        "M": lambda w, h: 1.10 * w - 120 * (w / h) ** 2,
        "F": lambda w, h: 1.07 * w - 148 * (w / h) ** 2,
    },
    "LBMJAMES128": {
        "M": lambda w, h: 1.10 * w - 128 * (w / h) ** 2,
        "F": lambda w, h: 1.07 * w - 148 * (w / h) ** 2,
    },
    "LBMJANMA": {
        "M": lambda w, h: 9270 * w / (6680 + 216 * w / (h / 100) ** 2),
        "F": lambda w, h: 9270 * w / (8780 + 244 * w / (h / 100) ** 2),
    },
    "IBW": {
        "M": lambda w, h: 48.0 + 1.06 * (h - 152),
        "F": lambda w, h: 45.5 + 0.91 * (h - 152),
    },
}


def read_weight_kg(dataset: Dataset, working: Working) -> float:
    """Body weight, kg; above 1000 it is read as grams, with a notice."""
    weight = read_number(dataset, 0x00101030)
    if not weight or weight < 0:
        raise refuse(
            say("PatientWeight (0010,1030)"),
            say("nothing") if weight is None else weight,
            "the body weight in kg",
            "Add the weight at the time of the scan to the header, then upload again.",
        )
    if weight > 1000:
        working.notice(
            "weight_in_grams",
            say(
                "PatientWeight (0010,1030) {weight:g} was read as grams: {weight_2:g} kg, not "
                "{weight:g} kg",
                weight=weight,
                weight_2=weight / 1000,
            ),
        )
        weight /= 1000
    working.step(say("body weight"), "(0010,1030)", weight, "kg")
    return weight


def read_height_cm(dataset: Dataset, working: Working) -> float:
    """Body height, cm; refused when missing, as only units that need it ask."""
    height = read_number(dataset, 0x00101020)
    if not height or height < 0:
        raise refuse(
            say("PatientSize (0010,1020)"),
            say("nothing") if height is None else height,
            "the body height in m: these units need it",
            "Add the height to the header.",
        )
    if not 0.3 <= height <= 2.6:
        raise refuse(
            say("PatientSize (0010,1020)"),
            height,
            "a body height in m, 0.3 to 2.6",
            "Correct the height in the header.",
        )
    working.step(say("body height"), "(0010,1020)", height, "m")
    return height * 100


def body_mass_kg(kind: str, dataset: Dataset, weight_kg: float, working: Working) -> float:
    """Lean or ideal mass, kg, by the formula of ``kind``; sex other or empty: mean of both.

    Parameters
    ----------
    kind : {"LBM", "LBMJAMES128", "LBMJANMA", "IBW"}
        As SUV Type (0054,1006) names them.
    dataset : Dataset
        With PatientSex and PatientSize.
    weight_kg : float
    working : Working
        Where the steps are written.

    References
    ----------
    DICOM PS3.3 C.8.9.1 (SUV Type): Morgan DJ, Bray KM. Clin Pharmacokinet 1994;26:292 (LBM);
    James WPT 1976 (LBMJAMES128); Janmahasatian S et al. Clin Pharmacokinet 2005;44:1051
    (LBMJANMA).
    """
    formulas = BODY_KG[kind]
    height_cm = read_height_cm(dataset, working)
    sex = read_text(dataset, "PatientSex")
    if sex in formulas:
        mass = formulas[sex](weight_kg, height_cm)
    else:
        mass = sum(formula(weight_kg, height_cm) for formula in formulas.values()) / 2
        working.notice(
            "sex_unknown",
            say(
                "PatientSex (0010,0040) is {value}: the mean of the formulas for men and women "
                "was taken for {kind}",
                value=sex or say("empty"),
                kind=kind,
            ),
        )
    if mass <= 0:
        raise refuse(
            say("PatientWeight (0010,1030), PatientSize (0010,1020)"),
            say("{weight_kg:g} kg at {height_cm:g} cm", weight_kg=weight_kg, height_cm=height_cm),
            say("a body for which {kind} is > 0", kind=kind),
            "Correct weight and height in the header.",
        )
    working.step("sex", "(0010,0040)", sex or say("empty"))
    working.step(say("mass by {kind}", kind=kind), "", mass, "kg")
    return mass


def body_surface_m2(dataset: Dataset, weight_kg: float, working: Working) -> float:
    """Body surface, m², by Du Bois.

    Parameters
    ----------
    dataset : Dataset
        With PatientSize.
    weight_kg : float
    working : Working

    References
    ----------
    Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863.
    """
    surface = 0.007184 * weight_kg**0.425 * read_height_cm(dataset, working) ** 0.725
    working.step(say("body surface (Du Bois)"), "", surface, "m²")
    return surface
