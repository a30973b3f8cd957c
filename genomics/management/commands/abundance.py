"""Cell abundances of a matrix from the shell: no study and no database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from genomics.methods.abundance import estimate_abundances
from genomics.methods.annotation import read_annotation
from genomics.methods.expression_text import opener
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats import Reading, read_expression
from genomics.methods.identifiers import Signature
from genomics.methods.scale import check_scale, estimate_scale
from genomics.methods.signature import read_signature
from genomics.methods.ssgsea import normalise_scores
from genomics.services.signatures import (
    CLUSTERABLE,
    shipped_signature,
    signature_text,
    with_all_names,
)
from studies.methods.problems import DataProblem, Notice
from studies.methods.wording import say

REFUSED = 2


class Command(BaseCommand):
    help = (
        "Score a signature in every specimen of an expression matrix (CSV, TSV, GCT, h5ad, "
        "featureCounts, STAR, Salmon, MatrixMarket). Writes raw scores as CSV: cell types in rows, "
        "specimens in columns."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        shipped = ", ".join(CLUSTERABLE)
        parser.add_argument("matrix", type=Path, help="the expression matrix")
        parser.add_argument(
            "--signature",
            default="bindea24",
            help=f"a shipped list ({shipped}) or a CSV or GMT file",
        )
        parser.add_argument(
            "--method", default="ssgsea", choices=["ssgsea", "zscore", "mcpcounter"]
        )
        parser.add_argument(
            "--ties",
            default="order_invariant",
            choices=["order_invariant", "gsva_compatible"],
            help="of ssGSEA: mean position of equal values, or the order of rows as R GSVA 1.46",
        )
        parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
        parser.add_argument(
            "--scale", choices=["counts", "cpm", "tpm", "log"], help="declared scale, checked"
        )
        parser.add_argument(
            "--strand", choices=["unstranded", "forward", "reverse"], help="column of STAR's counts"
        )
        parser.add_argument(
            "--annotation", type=Path, help="names of genes, or transcripts and genes, as a table"
        )
        parser.add_argument(
            "--normalised", action="store_true", help="ssGSEA divided by the range of all scores"
        )
        parser.add_argument(
            "--per-million",
            action="store_true",
            help="z-scores and MCP-counter of log2(CPM + 1) instead of the values as they stand",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            table, notices = self._estimate(options)
        except DataProblem as refusal:
            lines = "\n".join(f"- {problem}" for problem in refusal.problems)
            raise CommandError(f"Nothing was written.\n{lines}", returncode=REFUSED) from refusal
        except OSError as error:
            raise CommandError(str(error)) from error
        table.to_csv(options["out"], index_label="cell_type")
        for notice in notices:
            self.stderr.write(f"notice: {notice.text}")
        self.stdout.write(f"{len(table)} cell types in {table.shape[1]} specimens")

    def _estimate(self, options: dict[str, Any]) -> tuple[Any, list[Notice]]:
        annotations = []
        if options["annotation"]:
            annotations = [
                read_annotation(_text(options["annotation"]), str(options["annotation"]))
            ]
        signature = with_all_names(_signature(options["signature"]), annotations)
        gene_of = annotations[0].gene_of if annotations else {}
        reading = Reading(options["scale"], options["strand"], gene_of)
        with options["matrix"].open("rb") as stream:
            tiles = read_expression(stream, options["matrix"].name, reading)
        notices = [*tiles.notices, *_scale(tiles, options["scale"])]
        found = estimate_abundances(
            tiles, signature, options["method"], options["ties"], options["per_million"]
        )
        table = found.table()
        if options["normalised"] and options["method"] == "ssgsea":
            table.iloc[:, :] = normalise_scores(table.to_numpy())
        return table, [*notices, *found.notices]


def _scale(tiles: ExpressionTiles, declared: str | None) -> list[Notice]:
    """A declared scale is checked; an undeclared one is told."""
    if declared:
        return list(check_scale(tiles.facts, declared))  # type: ignore[arg-type]
    return [
        Notice(
            "scale_not_declared",
            say(
                "The values look like {estimate_scale}.", estimate_scale=estimate_scale(tiles.facts)
            ),
        )
    ]


def _signature(name: str) -> Signature:
    if name in CLUSTERABLE:
        return shipped_signature(name)
    path = Path(name)
    return read_signature(_text(path), path.name)


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        return signature_text(opener(stream, path.name)().read(), path.name)
