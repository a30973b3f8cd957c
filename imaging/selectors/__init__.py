"""Reads that join imaging records."""

from .features import extractor_newest, feature_vectors, roi_inputs
from .scans import chosen_rois, pairs_of, uptake_of

__all__ = [
    "chosen_rois",
    "extractor_newest",
    "feature_vectors",
    "pairs_of",
    "roi_inputs",
    "uptake_of",
]
