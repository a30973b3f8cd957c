"""Table 2 in the report, and what the Rad-Score adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modeling.models import DatasetSnapshot, ModelVersion
from modeling.services.nomogram_figures import added_rows
from modeling.services.prognosis_columns import titles_of_run
from modeling.services.prognosis_endpoints import endpoint_of, landmark_of
from modeling.services.report_content import (
    Cell,
    Draft,
    Section,
    cohort_order,
    cohort_title,
    in_words,
    spelled,
)
from modeling.services.report_sources import number, number_of
from studies.methods.wording import listed, marked, say, say_number
from studies.models import CohortUse

OUTCOMES = {
    "overall_survival": "Overall survival",
    "progression_free_survival": "Progression-free survival",
    "response": marked("Response at 6 months"),
}
LIKELIHOOD_RATIO = {
    "none": marked("Likelihood ratio in training {statistic:.2f} on {n} degree of freedom."),
    "firth": marked(
        "Penalised likelihood ratio in training {statistic:.2f} on {n} degree of freedom."
    ),
}
HEADS = (marked("Variable"), "n", marked("Events/n"), marked("Univariable {ratio} (95 % CI)"), "p",
         marked("Multivariable {ratio} (95 % CI)"), marked("p (multivariable)"))  # fmt: skip


def table2_parts(nomograms: list[ModelVersion]) -> list[dict[str, Any]]:
    """Every table of the newest runs: cohort by cohort, outcomes in the paper's order."""
    found = [
        {**part, "version": version, "snapshot": stored["snapshot"]}
        for version in nomograms
        if (stored := version.run.results.get("table_2"))
        for part in stored["tables"]
    ]
    order = list(OUTCOMES)

    def place(part: Mapping[str, Any]) -> tuple[Any, ...]:
        outcome = part["outcome"]
        known = order.index(outcome) if outcome in order else len(order)
        return cohort_order(part["cohort"]), known, outcome

    return sorted(found, key=place)


def outcome_title(part: Mapping[str, Any]) -> str:
    """Of a survival time that the study named, its own; of one from a landmark, with the day."""
    days, known = landmark_of(part["version"].content), OUTCOMES.get(part["outcome"])
    if part["outcome"] == "response" and days:
        return say("{outcome}, of those followed without event beyond day {days}",
                   outcome=say(OUTCOMES["response"]), days=days)  # fmt: skip
    return endpoint_of(part["version"]).title if days or not known else known


def table2_section(draft: Draft, nomograms: list[ModelVersion]) -> None:
    """Of the fitting cohort and of the one whose response was asked; the others on their page."""
    parts = [part for part in table2_parts(nomograms) if "lines" in part]
    shown = [part for part in parts if part["cohort"] in ("training", "external_response")] or parts
    if not shown:
        return
    section = draft.section(
        "table-2", "Table 2: every variable, alone and together",
        "Cox models for survival, logistic regression for response, of the same complete patients; "
        "Wald intervals and exact p unless a table's note says Firth's; likelihood-ratio p per "
        "variable in the files. In training the "
        "Rad-Score is out of fold. A description of these cohorts, no model: many variables for "
        "few events make multivariable ratios unstable.",
    )  # fmt: skip
    for part in shown:
        table2_table(draft, section, part)


def table2_table(draft: Draft, section: Section, part: Mapping[str, Any]) -> None:
    version = part["version"]
    snapshot = DatasetSnapshot.objects.get(study=version.study, uid=part["snapshot"])
    source = draft.sources.add(version, snapshot)
    title, ratio = outcome_title(part), "OR" if part["outcome"] == "response" else "HR"
    titles = titles_of_run(version.run)
    section.table(
        f"table-2-{part['outcome'].replace('_', '-')}-{part['cohort'].replace('_', '-')}",
        say(
            marked("{outcome}, {cohort} ({n} patients, {events} responders)")
            if part["outcome"] == "response"
            else marked("{outcome}, {cohort} ({n} patients, {events} events)"),
            outcome=say(title),
            cohort=say(cohort_title(part["cohort"]).lower()),
            n=part["n"],
            events=part["events"],
        ),
        [say(head, ratio=ratio) if "{" in head else head for head in HEADS],
        [_row(line, titles, source) for line in part["lines"]],
        table2_note(part, titles),
    )


def table2_note(part: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """What was joined, left out or not estimable, and by which likelihood."""
    parts = [say(spelled(text).replace("_", " ")) for text in part.get("notes", [])]
    if part.get("penalty") == "firth":
        parts.append(say(
            "{why}: Firth's penalised likelihood, profile intervals and p, throughout this table",
            why=_why_firth(part, titles),
        ))  # fmt: skip
        if part.get("because") != "few events":
            parts.append(say("For narrower intervals join rare levels, or leave the column out"))
    elif part.get("problems"):
        parts += [spelled(text).rstrip(".") for text in part["problems"]]
    is_response, n, events = part["outcome"] == "response", part["n"], part["events"]
    fewer = min(events, n - events) if is_response else events
    each = fewer / max(1, sum(not line["reference"] for line in part["lines"]))
    if each < 10:
        parts.append(
            say("{n:.1f} patients of the rarer response per coefficient", n=each)
            if is_response
            else say("{n:.1f} events per coefficient", n=each)
        )
    return say("{notes}.", notes=listed(parts, marked("{first}. {rest}"))) if parts else ""


def _why_firth(part: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """The columns by name; of a run of before they were kept, that there is one."""
    if part.get("because") == "few events":
        return say("Few outcomes per coefficient")
    known = {f"{line['variable']}{line['level']}": line_title(line, titles)
             for line in part["lines"]}  # fmt: skip
    names = [known.get(name, name) for name in part.get("separated", ())]
    if not names:
        return say("A column separates the outcomes, alone or beside the others")
    return say_number(
        "{columns} separates the outcomes, alone or beside the other columns",
        "{columns} separate the outcomes, alone or beside the other columns",
        len(names), columns=listed(names),
    )  # fmt: skip


def line_title(line: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    name = titles.get(line["variable"], line["variable"])
    if not line["level"]:
        return say(name)
    level = say(line["level"].replace("_", " "))
    return say("{variable}: {level}", variable=say(name), level=level)


def _row(line: Mapping[str, Any], titles: Mapping[str, str], source: dict[str, Any]) -> list[Cell]:
    n = line["n"]
    cells: list[Cell] = [
        line_title(line, titles),
        number(n, source, digits=0),
        f"{line['events']}/{n}",
    ]
    for effect in (line["alone"], line["together"]):
        if line["reference"]:
            cells += [marked("reference"), None]
        elif effect is None or effect["ratio"] is None:
            cells += [marked("not estimable"), None]
        else:
            cells += [number(effect["ratio"], source, n, effect["lower"], effect["upper"]),
                      number(effect["p_value"], source, n, digits=4)]  # fmt: skip
    return cells


def added_table(draft: Draft, section: Section, version: ModelVersion) -> None:
    """With and without the Rad-Score: C, AUC(t), their differences, and what it comes to."""
    stored = version.run.results.get("added_value")
    rows = [list(row) for row in _added(draft, version, stored)]
    if not rows or not stored:
        return
    test = stored["likelihood_ratio"]
    said = [say(
        LIKELIHOOD_RATIO[version.content.get("penalty", "none")],
        statistic=test["statistic"], n=test["degrees_of_freedom"],
    )] if test else []  # fmt: skip
    said.append(say(
        "The other columns are kept. Training: with and without are apparent, the difference "
        "is less its optimism, so it is not the one minus the other; both models are refitted "
        "in every resample. Elsewhere both are frozen. Paired bootstrap."
    ) if stored["training"] else say(
        "The other columns are kept, and both models are frozen. Paired bootstrap."
    ))  # fmt: skip
    section.text.append(in_words(stored["said"]))
    section.table(
        f"added-{version.endpoint}",
        marked("With and without the Rad-Score"),
        (
            marked("Cohort"),
            "n",
            marked("Measure"),
            marked("With"),
            marked("Without"),
            marked("Difference (95 % CI)"),
        ),
        rows,
        listed(said, marked("{first} {rest}")),
    )


def _added(
    draft: Draft, version: ModelVersion, stored: Mapping[str, Any] | None
) -> Iterator[list[Cell]]:
    snapshots = {
        e.cohort.name: e.snapshot for e in version.evaluations.select_related("cohort", "snapshot")
    }
    training = [name for name, e in _uses(version).items() if e == CohortUse.DEVELOPMENT]
    names = [*(training[:1] if stored and stored["training"] else []),
             *sorted((stored or {}).get("cohorts", {}), key=cohort_order)]  # fmt: skip
    for name, (title, found) in zip(names, added_rows(stored), strict=True):
        source = draft.sources.add(version, snapshots.get(name, version.fitting_snapshot))
        n = found["n"]
        parts = [(say("Harrell's C"), found["c"])]
        parts += [(say("AUC at {n:g} months", n=a["horizon_months"]), a) for a in found["auc"]]
        for measure, part in parts:
            yield [title, n, measure, number(part["with"], source, n, digits=3),
                   number(part["without"], source, n, digits=3),
                   number_of(part, source, n, 3)]  # fmt: skip


def _uses(version: ModelVersion) -> dict[str, str]:
    rows = version.evaluations.values_list("cohort__name", "cohort__use")
    return dict(rows)
