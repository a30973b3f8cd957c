"""The verbs of imaging."""

from .arrivals import SETTLE, arrival_decide, batch_try_again, visit_arrivals
from .cell_counts import (
    SCALES,
    count_adopt,
    counting_rule_state,
    regions_state,
    slide_count,
    slide_count_start,
    threshold_suggested,
)
from .deidentification import scans_deidentify
from .dicomweb import objects_receive, series_source
from .extractors import extractor_fit, extractor_seed, weights_import
from .features import features_extract
from .immunoscores import immunoscore_compute
from .nifti import nifti_import
from .pictures import mask_picture, projection_picture, roi_picture
from .profiles import export_receive, export_suggest, profile_state
from .receiving import Inbox, received_hand_in
from .region_drawing import Drawn, region_keep, region_preview
from .regions import agreements_update, regions_export
from .scans import arrivals_settle, import_problems, scans_import
from .sending import SEND, peer_set, peers_of, regions_send, regions_send_start
from .slides import densities_import
from .targets import pairs_retime, target_choose, target_decide
from .uptakes import MEASURE, uptakes_measure, uptakes_measure_start
from .whole_slides import slide_import, slide_receive

__all__ = [
    "MEASURE",
    "SCALES",
    "SEND",
    "SETTLE",
    "Drawn",
    "Inbox",
    "agreements_update",
    "arrival_decide",
    "arrivals_settle",
    "batch_try_again",
    "count_adopt",
    "counting_rule_state",
    "densities_import",
    "export_receive",
    "export_suggest",
    "extractor_fit",
    "extractor_seed",
    "features_extract",
    "immunoscore_compute",
    "import_problems",
    "mask_picture",
    "nifti_import",
    "objects_receive",
    "pairs_retime",
    "peer_set",
    "peers_of",
    "profile_state",
    "projection_picture",
    "received_hand_in",
    "region_keep",
    "region_preview",
    "regions_export",
    "regions_send",
    "regions_send_start",
    "regions_state",
    "roi_picture",
    "scans_deidentify",
    "scans_import",
    "series_source",
    "slide_count",
    "slide_count_start",
    "slide_import",
    "slide_receive",
    "target_choose",
    "target_decide",
    "threshold_suggested",
    "uptakes_measure",
    "uptakes_measure_start",
    "visit_arrivals",
    "weights_import",
]
