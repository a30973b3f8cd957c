"""TRIPOD+AI, REMARK and METRICS: each item filled from the record, stated by the study, or open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from modeling.services.report_content import Cell, Draft

FILE = Path(__file__).resolve().parents[1] / "publication" / "checklists.json"
FILLED, STATED, OPEN = "from the record", "stated by the study", "open"

# An item is told by sections of the report (all must be there), or by a statement of the study.
Told = tuple[tuple[str, ...], str] | str
TRIPOD: dict[str, Told] = {
    "1": "title", "2": "abstract", "3a": "rationale", "3b": "intended_use", "3c": "inequalities",
    "4": "aims", "5a": (("patients",), "cohorts and their uses"), "5b": "dates",
    "6a": "setting", "6b": (("methods",), "eligibility as recorded; who is left out, and why"),
    "6c": "treatments", "7": (("methods",), "imaging, RNA and slides; notices of every step"),
    "8a": (("methods",), "endpoints with rule and version, horizons"),
    "8b": "assessors", "8c": "blinding",
    "9a": (("methods",), "candidates declared before the fit"),
    "9b": (("methods",), "columns with unit and source"), "9c": "assessors",
    "10": (("limits",), "events per parameter and Riley's three criteria"),
    "11": (("methods", "patients"), "rule for missing values; everybody left out with the reason"),
    "12a": (("methods",), "folds, cohorts that fit and cohorts that judge"),
    "12b": (("methods",), "scales and logarithms; splines"),
    "12c": (("methods",), "building steps, tuning, internal validation"),
    "12d": "heterogeneity",
    "12e": (("methods", "rad-score"), "discrimination, calibration, net benefit"),
    "12f": "updating", "12g": (("methods",), "stored versions applied as data, by digest"),
    "13": "imbalance", "14": "fairness",
    "15": (("methods",), "probability and survival; threshold by training alone"),
    "16": (("patients",), "each cohort with its target and its characteristics"),
    "17": "ethics", "18a": "funding", "18b": "interests", "18c": "protocol",
    "18d": "registration", "18e": "data_availability", "18f": "code_availability",
    "19": "involvement", "20a": (("patients",), "attrition per question"),
    "20b": (("patients",), "the cohorts"), "20c": (("patients",), "the cohorts side by side"),
    "21": (("patients", "rad-score"), "n and events beside every number"),
    "22": (("overall-survival",), "coefficients, baseline and rulers; calculator and API"),
    "23a": (("rad-score",), "each number with its interval; subgroups on the result's page"),
    "23b": "heterogeneity", "24": "updating", "25": "interpretation",
    "26": (("limits",), "limits stated by rule"),
    "27a": (("methods",), "missing input is refused; the applicability check"),
    "27b": "intended_use", "27c": "next_steps",
}  # fmt: skip
REMARK: dict[str, Told] = {
    "1": "aims", "2": (("patients",), "the cohorts; who is left out, and why"), "3": "treatments",
    "4": "specimens", "5": (("methods",), "imaging, RNA and slides with their versions"),
    "6": "dates", "7": (("methods",), "endpoints with rule and version"),
    "8": (("methods",), "candidates declared before the fit"),
    "9": (("limits",), "events per parameter and Riley's criteria"),
    "10": (("methods",), "selection, assumptions, missing values"),
    "11": (("methods", "survival"), "frozen cut; other cuts beside it"),
    "12": (("patients",), "attrition per question"), "13": (("patients",), "the cohorts"),
    "14": (("rad-score",), "Rad-Score between groups"),
    "15": (("table-2", "survival"), "Table 2, univariable; Kaplan-Meier"),
    "16": (("table-2",), "Table 2, multivariable; the Cox models"),
    "17": (("table-2",), "Table 2 holds every variable, whatever its p"),
    "18": (("overall-survival",), "hazards, splines, optimism, stability"),
    "19": "interpretation", "20": "next_steps",
}  # fmt: skip
METRICS: dict[str, Told] = {
    "1": (("checklists",), "this section"), "2": (("patients",), "eligibility and who is left out"),
    "3": (("methods",), "phenotype by RNA and by slides, response, survival"),
    "4": (("patients",), "cohorts and sites"), "5": "intended_use", "6": "acquisition",
    "7": "interval", "8": (("methods",), "each ROI records method and reader"),
    "9": "segmentation_check", "10": "segmentation_check",
    "11": (("methods",), "grids, units, windows of the extractor"),
    "12": (("methods",), "extractor versions"), "13": (("methods",), "extractor versions"),
    "14": "robustness", "15": (("methods",), "redundant columns leave inside the folds"),
    "16": (("limits",), "columns and patients"), "17": "robustness",
    "18": (("methods",), "leaks are looked for before each run"), "19": "confounders",
    "20": (("rad-score",), "AUC, shares at a fixed threshold, calibration"),
    "21": (("rad-score",), "intervals everywhere"), "22": (("rad-score",), "calibration"),
    "23": (("classifiers",), "PET only and CT only"),
    "24": (("overall-survival",), "with and without the Rad-Score"),
    "25": (("classifiers",), "volume, SUVmax and MTV alone; logistic regression"),
    "26": (("rad-score",), "out of fold"), "27": (("rad-score",), "external cohorts"),
    "28": "data_availability", "29": "code_availability", "30": (("sources",), "versions as data"),
}  # fmt: skip
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
        "the part of this report that tells it; “stated by the study” was written by its people; "
        "what is open has to be written before publication.",
    )
    titles = {part.key: part.title for part in draft.sections} | {"sources": "Sources"}
    for name, listed in checklists().items():
        rows = [
            [item["id"], item["asks"], *_told(RULES[name][item["id"]], titles, statements)]
            for item in listed["items"]
        ]
        done = sum(row[2] != OPEN for row in rows)
        section.table(
            f"checklist-{name.replace('_', '-')}",
            f"{listed['title']}: {done} of {len(rows)} told, {len(rows) - done} open",
            ("Item", "Asks for", "State", "Where, or what"),
            rows,
            f"doi {listed['doi']}",
        )


def _told(rule: Told, titles: Mapping[str, str], statements: Mapping[str, str]) -> list[Cell]:
    if isinstance(rule, str):
        text = statements.get(rule, "")
        return [STATED, text] if text else [OPEN, f"Statement “{rule.replace('_', ' ')}” is empty"]
    sections, said = rule
    missing = [key for key in sections if key not in titles]
    if missing:
        return [OPEN, f"Not in this report: {', '.join(missing)}"]
    return [FILLED, f"{', '.join(titles[key] for key in sections)}: {said}"]
