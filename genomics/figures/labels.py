"""How a phenotype looks: its colour, and its place among the others."""

HOT, COLD, BETWEEN = "#b4472a", "#2c6a9b", "#9aa3a8"
PALE = "#f6f6f3"


def label_colour(label: str) -> str:
    return {"hot": HOT, "cold": COLD}.get(label, BETWEEN)


def label_rank(label: str) -> int:
    return {"hot": 0, "cold": 2}.get(label, 1)
