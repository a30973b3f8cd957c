"""Clinical risk score of colorectal liver metastases, 0-5."""

from __future__ import annotations

CEA_NG_ML = 200.0
SIZE_CM = 5.0
INTERVAL_MONTHS = 12.0


def clinical_risk_score(
    node_positive: bool | None,
    synchronous: bool | None,
    disease_free_interval_months: float | None,
    cea_ng_ml: float | None,
    liver_metastasis_count: float | None,
    largest_cm: float | None,
) -> int | None:
    """Points, one each; ``None`` when a component is missing.

    Parameters
    ----------
    node_positive : bool
        The primary's lymph nodes.
    synchronous, disease_free_interval_months : bool, float
        Synchronous metastases or an interval below 12 months.
    cea_ng_ml, largest_cm : float
        Strictly above 200 ng/mL; strictly above 5 cm.
    liver_metastasis_count : float
        More than one.

    References
    ----------
    Fong Y et al. Ann Surg 1999;230:309-318.
    """
    early = _early(synchronous, disease_free_interval_months)
    parts = (
        node_positive,
        early,
        None if cea_ng_ml is None else cea_ng_ml > CEA_NG_ML,
        None if liver_metastasis_count is None else liver_metastasis_count > 1,
        None if largest_cm is None else largest_cm > SIZE_CM,
    )
    if any(part is None for part in parts):
        return None
    return sum(bool(part) for part in parts)


def _early(synchronous: bool | None, interval_months: float | None) -> bool | None:
    if synchronous or (interval_months is not None and interval_months < INTERVAL_MONTHS):
        return True
    if synchronous is None or interval_months is None:
        return None
    return False
