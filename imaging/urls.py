"""Pages of imaging. Every one of a study goes through ``studies.views.doors.study_page``."""

from django.urls import path

from imaging.views import features, scans, slides

app_name = "imaging"

STUDY = "studies/<uuid:uid>/imaging/"

urlpatterns = [
    path(f"{STUDY}scans/", scans.scan_list, name="scans"),
    path(f"{STUDY}scans/<uuid:series_uid>/", scans.scan_page, name="scan"),
    path(f"{STUDY}regions/<uuid:roi_uid>/<str:modality>.png", scans.roi_picture, name="picture"),
    path(f"{STUDY}features/", features.feature_page, name="features"),
    path(f"{STUDY}slides/", slides.slides, name="slides"),
    path(f"{STUDY}slides.csv", slides.slides_csv, name="slides_csv"),
]
