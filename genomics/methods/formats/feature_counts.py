"""featureCounts: places and lengths between gene and counts, columns named by BAM files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from genomics.methods.expression_layout import Layout, cells_of
from studies.methods.problems import Notice
from studies.methods.wording import say

BESIDE = ["Chr", "Start", "End", "Strand", "Length"]
BAM = re.compile(r"[._]?(Aligned)?(\.sortedByCoord)?(\.out)?([._]sorted)?\.(bam|sam|cram)$")


def is_feature_counts(lines: Sequence[str]) -> bool:
    """Whether the first lines are those of featureCounts."""
    return any(cells_of(line, "\t")[:6] == ["Geneid", *BESIDE] for line in lines[:2])


def feature_counts_layout(lines: Sequence[str], name: str) -> tuple[Layout, list[Notice]]:
    """Where the counts stand, and a notice of how the BAM files were made specimens.

    References
    ----------
    Liao Y. et al. Bioinformatics 2014;30:923-930.
    """
    place = 0 if lines[0].startswith("Geneid") else 1
    files = cells_of(lines[place], "\t")[6:]
    labels = [BAM.sub("", PurePosixPath(file.replace("\\", "/")).name) for file in files]
    layout = Layout(tuple(labels), "\t", place + 2, len(BESIDE))
    if labels == files:
        return layout, []
    text = say("Specimens are named by their BAM files, without folder and ending.")
    return layout, [Notice("specimens_from_files", text)]
