"""How a file of patients is read: as a person said, under the dictionary in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils import timezone

from studies.methods.cohort_table import TableCheck
from studies.methods.dictionary import VariableSpec
from studies.methods.problems import DataProblem, refuse
from studies.methods.table_columns import ColumnPlan, check_plan, plan_by_name
from studies.methods.table_file import open_table
from studies.methods.table_lines import Table, TableOptions, UndecidedError
from studies.methods.wording import listed, marked, say
from studies.models import USE_OF_ROLE, Cohort, DictionaryVersion, ImportBatch, Patient

from .dictionary import dictionary_current, dictionary_specs
from .files import file_read, inputs_digest


@dataclass(frozen=True)
class Reading:
    """All that decides what a file's lines become, beside the file; ``key`` is its digest."""

    dictionary: DictionaryVersion
    specs: tuple[VariableSpec, ...]
    cohort_use: dict[str, str]
    padded: tuple[str, ...]
    key: str


def reading_of(batch: ImportBatch) -> Reading:
    dictionary = dictionary_current(batch.study)
    uses = cohort_uses(batch)
    known = Patient.objects.filter(study=batch.study, pseudonym__startswith="0")
    padded = tuple(sorted(known.values_list("pseudonym", flat=True)))
    key = inputs_digest(batch.file.sha256, batch.options, batch.mapping, dictionary.uid, uses,
                        list(padded))  # fmt: skip
    return Reading(dictionary, dictionary_specs(dictionary), uses, padded, key)


def check_of(batch: ImportBatch, reading: Reading) -> TableCheck:
    options, specs = table_options(batch), reading.specs
    table = table_open(batch, options)
    if batch.mapping:
        plan = plan_of(batch, table.header)
        problems = check_plan(table.header, plan, specs)
    else:
        plan, problems = plan_by_name(
            table.header, specs, batch.options.get("site", ""), batch.options.get("cohort", "")
        )
    if problems:
        raise DataProblem(problems)
    return TableCheck(
        table=table,
        plan=plan,
        dictionary=specs,
        cohort_use=reading.cohort_use,
        options=options,
        today=timezone.localdate(),
        stored=frozenset(reading.padded),
    )


def table_open(batch: ImportBatch, options: TableOptions) -> Table:
    """The batch's file, opened; a question that nobody answered is a problem."""
    try:
        return open_table(file_read(batch.file), options)
    except UndecidedError as undecided:
        question = undecided.question
        choices = listed((text for _, text in question.choices), marked("{first}; {rest}"))
        expected = say("one of {known}", known=choices)
        remedy = say(
            "Say which (option {name!r}), or save the file as 'CSV UTF-8'.", name=question.name
        )
        raise refuse("file", question.text, expected, remedy) from undecided


def table_options(batch: ImportBatch) -> TableOptions:
    """How the file is read, as far as somebody said."""
    known = asdict(TableOptions())
    return TableOptions(**{n: str(batch.options[n]) for n in known if batch.options.get(n)})


def plan_of(batch: ImportBatch, header: Sequence[str]) -> ColumnPlan:
    """The columns as a person said, by their names in the file."""
    columns = batch.mapping.get("columns", {})
    return ColumnPlan(
        tuple(columns.get(name, "") for name in header),
        batch.mapping.get("site", ""),
        batch.mapping.get("cohort", ""),
    )


def cohort_uses(batch: ImportBatch) -> dict[str, str]:
    """Cohorts the file may name: the paper's roles, and those the study has."""
    own = dict(Cohort.objects.filter(study=batch.study).values_list("name", "use"))
    return {**{str(role): str(use) for role, use in USE_OF_ROLE.items()}, **own}
