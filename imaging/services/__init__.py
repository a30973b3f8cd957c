"""The verbs of imaging."""

from .deidentification import scans_deidentify
from .features import extractor_fit, features_extract
from .immunoscores import immunoscore_compute
from .pictures import roi_picture
from .scans import scans_import
from .slides import densities_import
from .targets import pairs_retime, target_choose

__all__ = [
    "densities_import",
    "extractor_fit",
    "features_extract",
    "immunoscore_compute",
    "pairs_retime",
    "roi_picture",
    "scans_deidentify",
    "scans_import",
    "target_choose",
]
