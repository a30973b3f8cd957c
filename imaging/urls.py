"""Pages of imaging. Every one of a study goes through ``studies.views.doors.study_page``."""

from django.urls import path

from imaging.views import (
    arrivals,
    features,
    profiles,
    scans,
    slides,
    targets,
    viewer,
    whole_slides,
)

app_name = "imaging"

STUDY = "studies/<uuid:uid>/imaging/"
SLIDE, COUNT = "<uuid:slide_uid>", "<uuid:count_uid>"
TILE = "tiles/<int:level>/<int:column>_<int:row>"

urlpatterns = [
    path(f"{STUDY}scans/", scans.scan_list, name="scans"),
    path(f"{STUDY}scans/measure-again/", scans.uptakes_measure, name="uptakes_measure"),
    path(f"{STUDY}scans/<uuid:series_uid>/", scans.scan_page, name="scan"),
    path(f"{STUDY}scans/<uuid:series_uid>/send/", scans.scan_send, name="send"),
    path(f"{STUDY}scans/<uuid:series_uid>/view/", viewer.viewer, name="viewer"),
    path(f"{STUDY}scans/<uuid:series_uid>/volume.nii.gz", viewer.volume, name="volume"),
    path(
        f"{STUDY}scans/<uuid:series_uid>/mip/<int:degrees>.png",
        viewer.projection,
        name="projection",
    ),
    path(f"{STUDY}regions/<uuid:roi_uid>/mask.nii.gz", viewer.mask, name="mask"),
    path(f"{STUDY}regions/<uuid:roi_uid>/<str:modality>.png", scans.roi_picture, name="picture"),
    path(f"{STUDY}waiting/", arrivals.waiting_list, name="waiting"),
    path(f"{STUDY}waiting/<uuid:arrival_uid>/", arrivals.arrival_decide, name="arrival"),
    path(f"{STUDY}uploads/<uuid:batch_uid>/", arrivals.batch_files, name="batch_files"),
    path(f"{STUDY}uploads/<uuid:batch_uid>/again/", arrivals.batch_try_again, name="try_again"),
    path(f"{STUDY}regions/<uuid:roi_uid>/file/<str:kind>/", scans.roi_file, name="region_file"),
    path(f"{STUDY}scans/<uuid:series_uid>/regions/<str:kind>/", scans.scan_file, name="scan_file"),
    path(f"{STUDY}scans/target/<uuid:patient_uid>/", targets.target_page, name="target"),
    path(f"{STUDY}features/", features.feature_page, name="features"),
    path(f"{STUDY}extractors/<uuid:extractor_uid>/", features.extractor_page, name="extractor"),
    path(
        f"{STUDY}extractors/<uuid:extractor_uid>/reconstructions.png",
        features.extractor_picture,
        name="extractor_picture",
    ),
    path(
        f"{STUDY}extractors/<uuid:extractor_uid>/losses.vega.json",
        features.extractor_losses,
        name="extractor_losses",
    ),
    path(f"{STUDY}slides/", slides.slides, name="slides"),
    path(f"{STUDY}slides.csv", slides.slides_csv, name="slides_csv"),
    path(f"{STUDY}slides/scanned/", whole_slides.slide_list, name="whole_slides"),
    path(f"{STUDY}slides/add/", whole_slides.slide_add, name="slide_add"),
    path(f"{STUDY}slides/{SLIDE}/", whole_slides.slide_page, name="slide"),
    path(f"{STUDY}slides/{SLIDE}/{TILE}.jpeg", whole_slides.slide_tile, name="slide_tile"),
    path(f"{STUDY}slides/{SLIDE}/regions/", whole_slides.slide_regions, name="slide_regions"),
    path(f"{STUDY}slides/{SLIDE}/threshold/", whole_slides.slide_threshold, name="slide_threshold"),
    path(f"{STUDY}slides/{SLIDE}/count/", whole_slides.slide_count, name="slide_count"),
    path(f"{STUDY}counts/{COUNT}/{TILE}.png", whole_slides.count_tile, name="count_tile"),
    path(f"{STUDY}counts/{COUNT}/adopt/", whole_slides.count_adopt, name="count_adopt"),
    path(f"{STUDY}laboratories/", profiles.profile_list, name="profiles"),
    path(f"{STUDY}laboratories/new/", profiles.profile_new, name="profile_new"),
    path(
        f"{STUDY}laboratories/<uuid:profile_uid>/upload/",
        profiles.profile_upload,
        name="profile_upload",
    ),
]
