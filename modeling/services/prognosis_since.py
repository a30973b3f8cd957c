"""What has become of the records behind a frozen table of a prognosis, in words."""

from __future__ import annotations

from modeling.methods.table_comparison import TableComparison
from modeling.models import DatasetSnapshot
from modeling.services.prognosis_columns import own_title
from modeling.services.prognosis_rows import TITLES
from modeling.services.snapshots import rows_since
from studies.methods.wording import listed, marked, say, say_number

FOLLOW_UP = {
    "duration_months": marked("follow-up"),
    "event": marked("events"),
    "response": marked("response"),
    "use": marked("use of the cohort"),
}
UNSAID = ("cause", "rad_score_kind")  # each goes with another column that is told


def since_said(snapshot: DatasetSnapshot) -> str:
    """Who came and went and which values changed; nothing where the records still give the rows."""
    found = rows_since(snapshot)
    if found is None:
        return say("its question cannot be asked any more: a cohort or a version is gone")
    own = snapshot.question["own"]
    titles = TITLES | FOLLOW_UP | {name: own_title(told) for name, told in own.items()}
    parts = [*_patients(found), *_values(found, titles)]
    return listed(parts) if parts else ""


def _patients(found: TableComparison) -> list[str]:
    said: list[str] = []
    if came := len(found.rows_in):
        said.append(say_number("{number} patient more", "{number} patients more", came))
    if went := len(found.rows_out):
        said.append(say_number("{number} patient gone", "{number} patients gone", went))
    return said


def _values(found: TableComparison, titles: dict[str, str]) -> list[str]:
    told = {name: n for name, n in found.by_column.items() if name not in UNSAID}
    told = told or found.by_column
    return [
        say_number("{column} of {number} patient", "{column} of {number} patients", n,
                   column=say(titles.get(name, name)))
        for name, n in told.items()
    ]  # fmt: skip
