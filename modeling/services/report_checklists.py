"""TRIPOD+AI, REMARK and METRICS: each item filled from the record, stated by the study, or open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from modeling.models import StatementKey
from modeling.services.report_content import Cell, Draft

FILE = Path(__file__).resolve().parents[1] / "publication" / "checklists.json"
FILLED, PARTLY, STATED = "from the record", "partly, from the record", "stated by the study"
OPEN = "open"

# An item is told by parts of the report (sections, tables, marks of the Methods: all must be
# there), perhaps with what it asks beside that no part tells; or by a statement of the study.
Told = tuple[tuple[str, ...], str] | tuple[tuple[str, ...], str, str] | str
TRIPOD: dict[str, Told] = {
    "1": "title", "2": "abstract", "3a": "rationale", "3b": "intended_use", "3c": "inequalities",
    "4": "aims",
    "5a": (("methods", "cohorts"), "cohorts, their uses and sites",
           "why these sources, and how representative they are"),
    "5b": "dates", "6a": "setting",
    "6b": (("eligibility", "patients"), "criteria with their version; who is left out, and why"),
    "6c": "treatments",
    "7": (("methods",), "features, phenotype and slides with their versions; notices of every step",
          "whether alike across groups"),
    "8a": (("methods",), "endpoints with rule and version, horizons; one rule for every cohort"),
    "8b": "assessors", "8c": "blinding",
    "9a": (("candidates",), "candidates declared before the fit, and how those kept were chosen"),
    "9b": (("candidates",), "each variable with unit, scale and source", "blinding"),
    "9c": "assessors",
    "10": (("sample-size",), "events per parameter and Riley's three criteria"),
    "11": (("methods", "patients"), "rule for missing values; everybody left out with the reason"),
    "12a": (("methods",), "folds, cohorts that fit and cohorts that judge"),
    "12b": (("candidates",), "scale of each variable; linearity against splines"),
    "12c": (("methods",), "building steps, tuning, internal validation"),
    "12d": "heterogeneity",
    "12e": (("methods", "rad-score-metrics", "overall-survival"),
            "discrimination, calibration, net benefit; with and without the Rad-Score"),
    "12f": "updating",
    "12g": (("methods", "sources"), "stored versions applied as data, by digest"),
    "13": "imbalance", "14": "fairness",
    "15": (("methods",), "probability and survival; threshold by training alone"),
    "16": (("table-1",), "the cohorts variable by variable, with their differences",
           "differences of setting and eligibility"),
    "17": "ethics", "18a": "funding", "18b": "interests", "18c": "protocol",
    "18d": "registration", "18e": "data_availability", "18f": "code_availability",
    "19": "involvement",
    "20a": (("flow", "cohorts"), "attrition per question; responders, medians, follow-up"),
    "20b": (("table-1",), "every variable by cohort with what is missing", "dates and treatments"),
    "20c": (("table-1",), "the cohorts side by side"),
    "21": (("flow", "rad-score-metrics", "limits"), "n beside every number, events per model"),
    "22": (("cox-overall_survival",), "coefficients; in the zip baseline hazard and rulers as data "
           "and as R; calculator and API"),
    "23a": (("rad-score-metrics",), "each number with its interval",
            "key subgroups: they stand on the page of the run"),
    "23b": "heterogeneity", "24": "updating", "25": "interpretation",
    "26": (("limits",), "limits stated by rule", "their effect on the conclusions"),
    "27a": (("use",), "missing input is refused; the applicability check"),
    "27b": "intended_use", "27c": "next_steps",
}  # fmt: skip
REMARK: dict[str, Told] = {
    "1": "aims",
    "2": (("eligibility", "table-1"), "criteria, cohorts and their sites; who is left out, and "
          "why"),
    "3": "treatments", "4": "specimens",
    "5": (("methods",), "imaging, RNA and slides with their versions", "blinding"),
    "6": "dates", "7": (("methods",), "endpoints with rule and version"),
    "8": (("candidates",), "candidates declared before the fit"),
    "9": (("sample-size",), "events per parameter and Riley's criteria"),
    "10": (("methods",), "selection, assumptions, missing values"),
    "11": (("methods", "survival"), "frozen cut; other cuts beside it"),
    "12": (("flow", "limits"), "attrition per question; events per model"),
    "13": (("table-1", "patients"), "every variable; who lacks a marker, among those left out"),
    "14": (("rad-score",), "Rad-Score by phenotype and response, by CD3, CD8 and Immunoscore",
           "Rad-Score against age, sex, site and stage"),
    "15": (("table-2", "survival"), "Table 2, univariable; Kaplan-Meier"),
    "16": (("table-2",), "Table 2, multivariable; the Cox models"),
    "17": (("table-2",), "Table 2 holds every variable, whatever its p"),
    "18": (("overall-survival",), "hazards, splines, optimism, stability"),
    "19": "interpretation", "20": "next_steps",
}  # fmt: skip
METRICS: dict[str, Told] = {
    "1": (("checklists",), "this section"),
    "2": (("eligibility", "table-1"), "criteria with their version; the cohorts",
          "how representative they are"),
    "3": (("methods",), "phenotype by RNA and by slides, response, survival"),
    "4": (("sites",), "sites of each cohort"), "5": "intended_use", "6": "acquisition",
    "7": "interval", "8": (("regions",), "method and readers of the regions"),
    "9": "segmentation_check", "10": "segmentation_check",
    "11": (("extractor",), "cube, spacing, scale and interpolation of the extractor"),
    "12": (("extractor",), "extractor with the digest of its weights",
           "agreement with another software"),
    "13": (("extractor",), "settings of the extractor"),
    "14": "robustness",
    "15": (("guard",), "constant columns leave, columns are chosen by an F test, inside the folds",
           "a rule for columns that say the same"),
    "16": (("guard",), "columns and patients of the smaller class"), "17": "robustness",
    "18": (("guard",), "the checks that each run had to pass"), "19": "confounders",
    "20": (("rad-score-metrics",), "AUC, shares at a fixed threshold, calibration"),
    "21": (("rad-score-metrics",), "intervals everywhere"),
    "22": (("rad_score_calibration",), "calibration of the Rad-Score"),
    "23": (("ablations",), "PET only and CT only"),
    "24": (("added-overall_survival",), "with and without the Rad-Score"),
    "25": (("ablations",), "volume, SUVmax and MTV alone; logistic regression among the "
           "classifiers"),
    "26": (("rad-score-metrics",), "out of fold"), "27": (("external",), "external cohorts"),
    "28": "data_availability", "29": "code_availability", "30": (("sources",), "versions as data"),
}  # fmt: skip
# What a part would have told, where an item asks for several.
LACKING = {
    "eligibility": "criteria of eligibility: the study has recorded none",
    "sites": "more than one site",
}
RULES = {"tripod_ai": TRIPOD, "remark": REMARK, "metrics": METRICS}


@cache
def checklists() -> dict[str, Any]:
    """Items in our own words, by list."""
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


def checklists_section(draft: Draft, statements: Mapping[str, str]) -> None:
    """A table per list; nothing is called done because a page exists for it."""
    section = draft.section(
        "checklists",
        "Reporting checklists",
        "Items in our own words, to be read beside the published lists. “From the record” names "
        "the part of this report that tells it, “partly” what it asks beside that; “stated by the "
        "study” was written by its people; what is open has to be written before publication.",
    )
    titles = _parts(draft)
    for name, listed in checklists().items():
        rows = [
            [item["id"], item["asks"], *_told(RULES[name][item["id"]], titles, statements)]
            for item in listed["items"]
        ]
        left = sum(row[2] == OPEN for row in rows)
        half = sum(row[2] == PARTLY for row in rows)
        section.table(
            f"checklist-{name.replace('_', '-')}",
            f"{listed['title']}: {len(rows) - left - half} of {len(rows)} told, {half} partly, "
            f"{left} open",
            ("Item", "Asks for", "State", "Where, or what"),
            rows,
            f"doi {listed['doi']}",
        )


def _parts(draft: Draft) -> dict[str, str]:
    """Sections, tables, figures and marks of the Methods, each with the title of its section."""
    found = dict.fromkeys(draft.told, "Methods") | {"sources": "Sources"}
    if "sites" in found:
        found["sites"] = "Patients"
    for section in draft.sections:
        inside = (section.key, *(table["key"] for table in section.tables), *section.figures)
        found |= dict.fromkeys(inside, section.title)
    for prefix, usual in (("cox-", "cox-overall_survival"), ("cox-", "overall-survival"),
                          ("added-", "added-overall_survival")):  # fmt: skip
        first = next((title for key, title in found.items() if key.startswith(prefix)), None)
        if first is not None:  # of another endpoint, where overall survival has no nomogram
            found.setdefault(usual, first)
    return found


def _told(rule: Told, titles: Mapping[str, str], statements: Mapping[str, str]) -> list[Cell]:
    if isinstance(rule, str):
        text = statements.get(rule, "")
        label = dict(StatementKey.choices)[rule]
        return [STATED, text] if text else [OPEN, f"The statement “{label}” is empty"]
    parts, said, *rest = rule
    missing = [part for part in parts if part not in titles]
    if missing:
        what = dict.fromkeys(LACKING.get(part, said) for part in missing)
        return [OPEN, f"This report does not tell: {'; '.join(what)}"]
    where = ", ".join(dict.fromkeys(titles[part] for part in parts))
    if rest:
        return [PARTLY, f"{where}: {said}. Open: {rest[0]}"]
    return [FILLED, f"{where}: {said}"]
