"""What a batch correction is fitted to: the matrices as they came, brought to common genes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.mcp_counter import log_per_million
from genomics.models import CellAbundance, ExpressionColumn, ExpressionMatrix
from genomics.selectors import (
    batch_of_specimens,
    training_ids,
)
from studies.methods.batch_confounding import check_confounding
from studies.methods.combat import METHOD_VERSION
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import SpecimenChoice, Study
from studies.selectors import endpoint_table, members_table
from studies.services import inputs_digest, of_method

from .abundances import matrix_open, refuse_no_matrix

GENES_AT_ONCE = 4096
FEWEST_COMMON = 0.7
RESPONSE = "response_at_6_months"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class MatrixAsItCame:
    """A matrix as it came, its columns, and where each common gene stands."""

    row: ExpressionMatrix
    tiles: ExpressionTiles
    columns: list[ExpressionColumn]
    batches: list[str]
    place: list[int]

    def logs(self, genes: Sequence[int]) -> Array:
        """Some of the common genes, specimens × genes."""
        values = self.tiles.rows([self.place[gene] for gene in genes])
        if self.row.scale != "log":
            values = log_per_million(values, self.tiles.facts.totals)
        return np.asarray(values.T)


@dataclass(frozen=True)
class BatchInputs:
    """The matrices of a study, their common genes, and whom a correction is fitted to.

    ``training`` names matrix and column of each development specimen.
    """

    study: Study
    matrices: list[MatrixAsItCame]
    genes: list[str]
    training: list[tuple[int, int]]

    @property
    def batches(self) -> list[str]:
        """The batch of each development specimen."""
        return [self.matrices[number].batches[place] for number, place in self.training]

    def digest(self, unseen: str) -> str:
        def parts() -> Iterator[object]:
            for number, matrix in enumerate(self.matrices):
                yield matrix.row.file.sha256
                yield matrix.batches
                yield [place for n, place in self.training if n == number]

        said = of_method("combat", METHOD_VERSION)
        return inputs_digest("combat", *said, unseen, *parts())

    def digests_fitted_to(self) -> list[str]:
        """Of the abundances of those who are fitted to: whose they are is known."""
        columns = [self.matrices[number].columns[place].pk for number, place in self.training]
        rows = CellAbundance.objects.filter(column__in=columns)
        return sorted(set(rows.values_list("inputs_digest", flat=True)))

    def check_apart(self) -> None:
        """Refuse batches that go with cohort or response."""
        patients = [self.matrices[n].columns[place].patient_id for n, place in self.training]
        members = members_table(self.study)
        cohorts = dict(zip(members["patient_id"], members["cohort"], strict=True))
        response = endpoint_table(self.study, RESPONSE)["label"].to_dict()
        factors = {
            "cohort": [cohorts.get(patient) for patient in patients],
            "response": [response.get(patient) or None for patient in patients],
        }
        check_confounding(self.batches, factors)

    def blocks(self) -> Iterator[Array]:
        """Logarithms of the development specimens, specimens × some genes at a time."""
        numbers = range(len(self.matrices))
        mine = [[place for n, place in self.training if n == number] for number in numbers]
        for genes in gene_chunks(len(self.genes)):
            parts = zip(self.matrices, mine, strict=True)
            yield np.vstack([matrix.logs(genes)[rows] for matrix, rows in parts])


def gene_chunks(n_genes: int) -> Iterator[range]:
    for start in range(0, n_genes, GENES_AT_ONCE):
        yield range(start, min(start + GENES_AT_ONCE, n_genes))


def read_batch_inputs(study: Study) -> BatchInputs:
    """Every matrix as it came, opened.

    Raises
    ------
    DataProblem
        No matrix, logarithms beside other scales, other genes, or a specimen without a batch.
    """
    matrices, genes = _matrices(study)
    return BatchInputs(study, matrices, genes, _development_columns(study, matrices))


def _matrices(study: Study) -> tuple[list[MatrixAsItCame], list[str]]:
    rows = ExpressionMatrix.objects.filter(study=study, correction=None)
    rows = rows.select_related("file", "batch").order_by("pk")
    if not rows:
        raise refuse_no_matrix()
    if len({row.scale == "log" for row in rows}) > 1:
        scales = ", ".join(f"{row.batch.filename}: {row.scale}" for row in rows)
        remedy = say("Upload all matrices on one of the two.")
        raise refuse(say("expression matrices"), scales, "logarithms, or none", remedy)
    opened = [(row, matrix_open(row)) for row in rows]
    genes = _common([tiles for _, tiles in opened], [row.batch.filename for row in rows])
    known = batch_of_specimens(study)
    found = [_of(row, tiles, genes, known) for row, tiles in opened]
    _check_known(found)
    return found, genes


def _of(
    row: ExpressionMatrix, tiles: ExpressionTiles, genes: list[str], known: dict[int, str]
) -> MatrixAsItCame:
    held = row.columns.select_related("patient", "specimen")
    by_label = {column.label: column for column in held}
    columns = [by_label[label] for label in tiles.specimens]
    first = {gene: place for place, gene in reversed(list(enumerate(tiles.genes)))}
    batches = [known.get(column.specimen_id, "") for column in columns]
    return MatrixAsItCame(row, tiles, columns, batches, [first[gene] for gene in genes])


def _common(tables: list[ExpressionTiles], names: list[str]) -> list[str]:
    """Genes of all matrices, in the order of the first."""
    shared = set(tables[0].genes).intersection(*(table.genes for table in tables[1:]))
    problems = [
        Problem(
            name,
            say("{n} of {n_2} genes in all matrices", n=len(shared), n_2=len(table.genes)),
            say("at least {fewest_common:.0%}", fewest_common=FEWEST_COMMON),
            "Upload matrices of one annotation.",
        )
        for table, name in zip(tables, names, strict=True)
        if len(shared) < FEWEST_COMMON * len(set(table.genes))
    ]
    if problems:
        raise DataProblem(problems)
    return [gene for gene in dict.fromkeys(tables[0].genes) if gene in shared]


def _check_known(matrices: list[MatrixAsItCame]) -> None:
    problems = [
        Problem(m.row.batch.filename, say("no sequencing batch"), "a batch for every specimen",
                "Upload a specimen table with the column batch.", column=column.label)
        for m in matrices
        for column, batch in zip(m.columns, m.batches, strict=True)
        if not batch
    ]  # fmt: skip
    if problems:
        raise DataProblem(problems)


def _development_columns(study: Study, matrices: list[MatrixAsItCame]) -> list[tuple[int, int]]:
    """Matrix and column of each development specimen that speaks; its newest matrix does."""
    choices = SpecimenChoice.objects.filter(study=study, purpose="rna")
    speaking = set(choices.values_list("specimen_id", flat=True))
    developing = training_ids(study)
    found: dict[int, tuple[int, int]] = {}
    for number, matrix in enumerate(matrices):
        for place, column in enumerate(matrix.columns):
            if column.specimen_id in speaking and column.patient_id in developing:
                found[column.specimen_id] = (number, place)
    return sorted(found.values())
