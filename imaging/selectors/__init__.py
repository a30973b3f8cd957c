"""Reads that join imaging records."""

from .features import (
    choices_complete,
    control_vectors,
    extractor_newest,
    feature_vectors,
    roi_inputs,
)
from .scans import chosen_rois, pairs_of, scanners_of, uptake_of
from .slides import (
    cd3_high_of,
    cd8_high_of,
    density_table,
    immunoscore_digest_of,
    immunoscore_of,
    immunoscore_rule_of,
    immunoscore_table,
    marker_densities_of,
)
from .targets import target_digests, target_digests_that_agree

__all__ = [
    "cd3_high_of",
    "cd8_high_of",
    "choices_complete",
    "chosen_rois",
    "control_vectors",
    "density_table",
    "extractor_newest",
    "feature_vectors",
    "immunoscore_digest_of",
    "immunoscore_of",
    "immunoscore_rule_of",
    "immunoscore_table",
    "marker_densities_of",
    "pairs_of",
    "roi_inputs",
    "scanners_of",
    "target_digests",
    "target_digests_that_agree",
    "uptake_of",
]
