"""How a phenotype looks: its colour, and its place among the others."""

from studies.colours import BETWEEN, COLD, HOT, PALE

__all__ = ["BETWEEN", "COLD", "HOT", "PALE", "label_colour", "label_rank"]


def label_colour(label: str) -> str:
    return {"hot": HOT, "cold": COLD}.get(label, BETWEEN)


def label_rank(label: str) -> int:
    return {"hot": 0, "cold": 2}.get(label, 1)
