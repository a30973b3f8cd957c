"""Pages of modeling."""

from django.urls import path

from modeling.views import runs

app_name = "modeling"

STUDY = "studies/<uuid:uid>/models/"

urlpatterns = [
    path(STUDY, runs.runs, name="runs"),
    path(f"{STUDY}runs/<uuid:run_uid>/", runs.run, name="run"),
    path(f"{STUDY}versions/<uuid:version_uid>/", runs.version, name="version"),
    path(f"{STUDY}snapshots/<uuid:snapshot_uid>/", runs.snapshot, name="snapshot"),
]
