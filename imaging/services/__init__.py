"""The verbs of imaging."""

from .features import extractor_fit, features_extract
from .pictures import roi_picture
from .scan_writing import pairs_retime, target_choose
from .scans import scans_import

__all__ = [
    "extractor_fit",
    "features_extract",
    "pairs_retime",
    "roi_picture",
    "scans_import",
    "target_choose",
]
