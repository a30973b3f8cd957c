"""Quality of a matrix as far as the user's rows reach: figures, outliers, swaps, duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from genomics.figures.quality import draw_components, draw_depth, draw_sex
from genomics.methods.quality import call_sex, robust_outliers
from genomics.models import ExpressionColumn, ExpressionMatrix
from genomics.selectors import batch_of_specimens
from studies.figures.figure import Figure
from studies.methods.wording import marked
from studies.models import Study
from studies.selectors import clinical_table, members_table

MEASURES = {
    "library_size": marked("library size"),
    "detected": marked("genes above 0"),
    "housekeeping": marked("housekeeping spread"),
}
SEX = {"male": "male", "female": "female", "m": "male", "f": "female"}


def quality_table(user: Any, matrix: ExpressionMatrix) -> pd.DataFrame:
    """A row per visible specimen: what was measured, and what is recorded of it."""
    rows = ExpressionColumn.objects.visible_to(user).filter(matrix=matrix)
    rows = rows.select_related("patient").order_by("position")
    found = [_row(column) for column in rows if column.quality]
    table = pd.DataFrame(found, columns=[*_row(ExpressionColumn(quality={})), "patient"])
    if table.empty:
        return table
    members = members_table(matrix.study).drop_duplicates("patient_id").set_index("patient_id")
    batches = batch_of_specimens(matrix.study)
    table["site"] = table["patient_id"].map(members["site"])
    table["cohort"] = table["patient_id"].map(members["cohort"])
    table["batch"] = table["specimen_id"].map(batches)
    table["recorded_sex"] = table["patient_id"].map(_recorded_sex(matrix.study))
    pairs = zip(table["xist"], table["chromosome_y"], strict=True)
    table["called_sex"] = [call_sex(xist, y) for xist, y in pairs]
    return table


def _row(column: ExpressionColumn) -> dict[str, Any]:
    found = column.quality
    components = [*found.get("components", []), None, None]
    measured = {name: found.get(name) for name in (*MEASURES, "xist", "chromosome_y")}
    row = {"patient_id": column.patient_id, "specimen_id": column.specimen_id,
           "position": column.position, "label": column.label}  # fmt: skip
    named = {"patient": column.patient} if column.patient_id else {}
    return row | measured | {"pc1": components[0], "pc2": components[1]} | named


def _recorded_sex(study: Study) -> dict[int, str]:
    table = clinical_table(study)
    if "sex" not in table:
        return {}
    words = table["sex"].dropna().astype(str).str.lower().map(SEX)
    return words.dropna().to_dict()


def quality_figures(matrix: ExpressionMatrix, table: pd.DataFrame) -> list[Figure]:
    """Depth, components and, where its genes were measured, sex."""
    if table.empty:
        return []
    figures = [draw_depth(table), draw_components(table, matrix.quality.get("explained", []))]
    sexed = table[["xist", "chromosome_y"]].notna().all(axis=1)
    return [*figures, draw_sex(table)] if sexed.any() else figures


def swaps(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Specimens whose sex by expression contradicts the recorded one."""
    if table.empty:
        return []
    known = table["recorded_sex"].notna() & (table["called_sex"] != "unclear")
    wrong = table[known & (table["called_sex"] != table["recorded_sex"])]
    return wrong.to_dict("records")


def outliers(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Specimens far from the others in depth, genes or housekeeping."""
    found = []
    for name, title in MEASURES.items() if len(table) else ():
        numbers = table[name].astype(float)
        looked = np.log10(numbers.clip(lower=1)) if name == "library_size" else numbers
        for row in table[robust_outliers(looked.tolist())].to_dict("records"):
            found.append(row | {"measure": title, "value": row[name],
                                "median": float(numbers.median())})  # fmt: skip
    return found


def twins(matrix: ExpressionMatrix, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Pairs of visible specimens that are too much alike."""
    if table.empty:
        return []
    rows = table.set_index("position").to_dict("index")
    return [
        {"first": rows[a], "second": rows[b], "r": r,
         "one_patient": rows[a]["patient_id"] == rows[b]["patient_id"]}
        for a, b, r in matrix.quality.get("twins", [])
        if a in rows and b in rows
    ]  # fmt: skip


def quality_context(user: Any, matrix: ExpressionMatrix) -> dict[str, Any]:
    """All that the page shows."""
    table = quality_table(user, matrix)
    unclear = 0 if table.empty else int((table["called_sex"] == "unclear").sum())
    return {
        "n": len(table),
        "swaps": swaps(table),
        "unclear": unclear,
        "outliers": outliers(table),
        "twins": twins(matrix, table),
        "genes": matrix.quality.get("genes", {}),
    }
