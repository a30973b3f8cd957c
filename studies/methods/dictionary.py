"""The default data dictionary: the published study's set, and what an oncologist asks first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MISSING_CODES = ("not_done", "unknown", "not_applicable")


@dataclass(frozen=True)
class VariableSpec:
    """One variable.

    Parameters
    ----------
    name, label : str
        Column of the file, and how a page spells it.
    type : {"number", "date", "category", "text"}
    unit : str
        UCUM; empty for counts and classes.
    minimum, maximum : float or None
        Admissible: a value outside is refused.
    plausible_minimum, plausible_maximum : float or None
        A value outside is kept and noticed.
    codes : mapping of str to str
        Code in the file to its label.
    required_for : tuple of str
        ``"import"``, or questions that need it.
    """

    name: str
    label: str
    type: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    plausible_minimum: float | None = None
    plausible_maximum: float | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    required_for: tuple[str, ...] = ()
    missing_codes: tuple[str, ...] = MISSING_CODES


def _number(
    name: str,
    label: str,
    unit: str,
    minimum: float,
    maximum: float,
    plausible_minimum: float | None = None,
    plausible_maximum: float | None = None,
) -> VariableSpec:
    return VariableSpec(
        name, label, "number", unit, minimum, maximum, plausible_minimum, plausible_maximum
    )


def _category(name: str, label: str, **codes: str) -> VariableSpec:
    return VariableSpec(name, label, "category", codes=codes)


def _yes_no(name: str, label: str) -> VariableSpec:
    return _category(name, label, yes="yes", no="no")


def _date(name: str, label: str, required_for: tuple[str, ...] = ()) -> VariableSpec:
    return VariableSpec(name, label, "date", required_for=required_for)


KEY_COLUMNS = ("patient_id", "site", "cohort")

DEFAULT_DICTIONARY: tuple[VariableSpec, ...] = (
    _category("sex", "Sex", male="male", female="female"),
    _number("age_years", "Age at treatment start", "a", 0, 120, 18, 90),
    VariableSpec(
        "primary_site",
        "Primary site (right: caecum to transverse colon; left: splenic flexure to rectum)",
        "category",
        codes={"right": "right colon", "left": "left colon and rectum"},
    ),
    VariableSpec(
        "pathology_type",
        "Pathology type",
        "category",
        codes={
            "adenocarcinoma": "adenocarcinoma",
            "mucinous": "mucinous adenocarcinoma",
            "signet_ring": "signet-ring cell carcinoma",
        },
    ),
    _yes_no("node_positive", "Node-positive primary"),
    _yes_no("synchronous_metastases", "Synchronous metastases"),
    _number("disease_free_interval_months", "Disease-free interval", "mo", 0, 600, 0, 240),
    _number("metastasis_count", "Number of metastases", "", 0, 500, 1, 60),
    _number("liver_metastasis_count", "Number of liver metastases", "", 0, 500, 0, 60),
    _number("largest_metastasis_cm", "Largest metastasis", "cm", 0, 40, 0.3, 25),
    _yes_no("liver_involvement", "Liver involvement"),
    _number("cea_ng_ml", "CEA", "ng/mL", 0, 1_000_000, 0.2, 20_000),
    _number("ca199_u_ml", "CA19-9", "U/mL", 0, 10_000_000, 0.1, 100_000),
    _number("ca125_u_ml", "CA125", "U/mL", 0, 1_000_000, 0.5, 10_000),
    VariableSpec(
        "msi_status",
        "Microsatellite status",
        "category",
        codes={"MSS": "microsatellite stable", "MSI-H": "microsatellite instability, high"},
    ),
    _category("ras_status", "RAS", wild_type="wild type", mutant="mutant"),
    _category("braf_status", "BRAF", wild_type="wild type", mutant="mutant"),
    VariableSpec(
        "ecog", "ECOG performance status", "category", codes={str(n): str(n) for n in range(5)}
    ),
    _number("treatment_line", "Line of treatment", "", 1, 9),
    VariableSpec(
        "drug",
        "Drug",
        "category",
        codes={name: name for name in ("anti-PD-1", "anti-PD-L1", "anti-CTLA-4", "chemotherapy")},
    ),
    _yes_no("prior_chemotherapy", "Prior chemotherapy"),
    _date("treatment_started_on", "Treatment started", ("import",)),
    _date("response_assessed_on", "Response assessed"),
    VariableSpec(
        "response",
        "Response (RECIST 1.1)",
        "category",
        codes={
            "CR": "complete response",
            "PR": "partial response",
            "SD": "stable disease",
            "PD": "progressive disease",
            "NE": "not evaluable",
        },
    ),
    _date("surgery_on", "Surgery"),
    _category("resection_margin", "Resection margin", R0="R0", R1="R1", R2="R2"),
    _date("progressed_on", "Progression"),
    _date("died_on", "Death"),
    _date("last_assessed_on", "Last adequate imaging"),
    _date("last_known_alive_on", "Last known alive"),
)
