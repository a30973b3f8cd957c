"""The default data dictionary: the published study's set, and what an oncologist asks first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .wording import marked

MISSING_CODES = ("not_done", "unknown", "not_applicable")
BEFORE_TREATMENT, DURING_TREATMENT, AT_OUTCOME = KNOWN_WHEN = (
    "before_treatment", "during_treatment", "at_outcome",
)  # fmt: skip


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
        ``"import"`` (a file must have it), ``"complete"`` (a form is not complete without), or
        questions that need it.
    missing_codes : tuple of str
        Reasons why there is no value; blank is none of them.
    form, section : str
        Where it is asked.
    known_when : str
        One of ``KNOWN_WHEN`` (``studies.methods.known_when``); empty: nobody has said, and no model
        is offered it.
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
    form: str = "baseline"
    section: str = ""
    known_when: str = ""


@dataclass(frozen=True)
class DerivedSpec:
    """A cut-point or computed value: an expression (``studies.methods.expressions``)."""

    name: str
    label: str
    expression: str
    unit: str = ""


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


def _section(
    title: str, *specs: VariableSpec, known_when: str = BEFORE_TREATMENT
) -> tuple[VariableSpec, ...]:
    """Known when the section is, but for what says otherwise itself."""
    return tuple(
        replace(spec, section=title, known_when=spec.known_when or known_when) for spec in specs
    )


def _during(spec: VariableSpec) -> VariableSpec:
    return replace(spec, known_when=DURING_TREATMENT)


def _complete(spec: VariableSpec) -> VariableSpec:
    """A form is complete when it has a value or a missing-code."""
    return replace(spec, required_for=(*spec.required_for, "complete"))


DEFAULT_DICTIONARY: tuple[VariableSpec, ...] = (
    *_section(
        marked("Patient"),
        _complete(_category("sex", marked("Sex"), male=marked("male"), female=marked("female"))),
        _complete(_number("age_years", marked("Age at treatment start"), "a", 0, 120, 18, 90)),
        VariableSpec(
            "ecog",
            marked("ECOG performance status"),
            "category",
            codes={str(n): str(n) for n in range(5)},
        ),
        _date("consent_imaging_on", marked("Consent to imaging")),
        _date("consent_genomics_on", marked("Consent to tissue (RNA, slides)")),
        _date("consent_sharing_on", marked("Consent to sharing")),
        _yes_no("other_active_malignancy", marked("Other active malignancy")),
        _yes_no("severe_organ_dysfunction", marked("Severe organ dysfunction")),
    ),
    *_section(
        marked("Primary tumour"),
        VariableSpec(
            "primary_site",
            marked(
                "Primary site (right: caecum to transverse colon; left: splenic flexure to rectum)"
            ),
            "category",
            codes={"right": marked("right colon"), "left": marked("left colon and rectum")},
        ),
        VariableSpec(
            "pathology_type",
            marked("Pathology type"),
            "category",
            codes={
                "adenocarcinoma": marked("adenocarcinoma"),
                "mucinous": marked("mucinous adenocarcinoma"),
                "signet_ring": marked("signet-ring cell carcinoma"),
            },
        ),
        _yes_no("node_positive", marked("Node-positive primary")),
    ),
    *_section(
        marked("Metastases"),
        _yes_no("synchronous_metastases", marked("Synchronous metastases")),
        _number(
            "disease_free_interval_months", marked("Disease-free interval"), "mo", 0, 600, 0, 240
        ),
        _number("metastasis_count", marked("Number of metastases"), "", 0, 500, 1, 60),
        _yes_no("liver_involvement", marked("Liver involvement")),
        _number("liver_metastasis_count", marked("Number of liver metastases"), "", 0, 500, 0, 60),
        _number("largest_metastasis_cm", marked("Largest metastasis"), "cm", 0, 40, 0.3, 25),
    ),
    *_section(
        marked("Blood markers before treatment"),
        _number("cea_ng_ml", marked("CEA"), "ng/mL", 0, 1_000_000, 0.2, 20_000),
        _number("ca199_u_ml", marked("CA19-9"), "U/mL", 0, 10_000_000, 0.1, 100_000),
        _number("ca125_u_ml", marked("CA125"), "U/mL", 0, 1_000_000, 0.5, 10_000),
    ),
    *_section(
        marked("Molecular"),
        VariableSpec(
            "msi_status",
            marked("Microsatellite status"),
            "category",
            codes={
                "MSS": marked("microsatellite stable"),
                "MSI-H": marked("microsatellite instability, high"),
            },
        ),
        VariableSpec(
            "mmr_status",
            marked("Mismatch repair (IHC)"),
            "category",
            codes={"pMMR": marked("proficient"), "dMMR": marked("deficient")},
        ),
        _category(
            "ras_status", marked("RAS"), wild_type=marked("wild type"), mutant=marked("mutant")
        ),
        _category(
            "braf_status", marked("BRAF"), wild_type=marked("wild type"), mutant=marked("mutant")
        ),
        _number("pd_l1_cps", marked("PD-L1, combined positive score"), "", 0, 100),
    ),
    *_section(
        marked("Treatment"),
        _number("treatment_line", marked("Line of treatment"), "", 1, 9),
        VariableSpec(
            "drug",
            marked("Drug"),
            "category",
            codes={
                name: name
                for name in (
                    "anti-PD-1",
                    "anti-PD-L1",
                    "anti-CTLA-4",
                    "anti-PD-1 + anti-CTLA-4",
                    "chemotherapy",
                )
            },
        ),
        VariableSpec(
            "immunotherapy_agent",
            marked("Immunotherapy agent"),
            "category",
            codes={
                name: name.replace("_", " and ")
                for name in (
                    "pembrolizumab",
                    "nivolumab",
                    "nivolumab_ipilimumab",
                    "ipilimumab",
                    "atezolizumab",
                    "durvalumab",
                    "avelumab",
                    "dostarlimab",
                    "sintilimab",
                    "tislelizumab",
                    "toripalimab",
                    "camrelizumab",
                    "envafolimab",
                    marked("other"),
                )
            },
        ),
        _yes_no("prior_chemotherapy", marked("Prior chemotherapy")),
        _yes_no("prior_immunotherapy", marked("Prior immunotherapy")),
        _date("treatment_started_on", marked("Treatment started"), ("import",)),
    ),
    *_section(
        marked("Course"),
        _date("response_assessed_on", marked("Response assessed")),
        VariableSpec(
            "response",
            marked("Response (RECIST 1.1)"),
            "category",
            codes={
                "CR": marked("complete response"),
                "PR": marked("partial response"),
                "SD": marked("stable disease"),
                "PD": marked("progressive disease"),
                "NE": marked("not evaluable"),
            },
        ),
        _during(_date("surgery_on", marked("Surgery"))),
        _during(
            _category("resection_margin", marked("Resection margin"), R0="R0", R1="R1", R2="R2")
        ),
        _date("progressed_on", marked("Progression")),
        _date("died_on", marked("Death")),
        _date("last_assessed_on", marked("Last adequate imaging")),
        _date("last_known_alive_on", marked("Last known alive")),
        known_when=AT_OUTCOME,
    ),
)

# Table groups include their bound, the score does not (docs/decisions/0001).
DEFAULT_DERIVED: tuple[DerivedSpec, ...] = (
    DerivedSpec(
        "age_group", marked("Age group"), '"65 and over" if age_years >= 65 else "under 65"'
    ),
    DerivedSpec("cea_at_least_200", marked("CEA 200 ng/mL or more"), "cea_ng_ml >= 200"),
    DerivedSpec(
        "size_at_least_5", marked("Largest metastasis 5 cm or more"), "largest_metastasis_cm >= 5"
    ),
    DerivedSpec(
        "clinical_risk_score",
        marked("Clinical risk score (Fong)"),
        'points(node_positive == "yes",'
        ' synchronous_metastases == "yes" or disease_free_interval_months < 12,'
        " cea_ng_ml > 200, liver_metastasis_count > 1, largest_metastasis_cm > 5)",
    ),
    DerivedSpec(
        "clinical_risk_group",
        marked("Clinical risk group"),
        '"3-5" if clinical_risk_score >= 3 else "0-2"',
    ),
)
