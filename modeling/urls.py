"""Pages of modeling."""

from django.urls import path

from modeling.views import nomogram, report, runs

app_name = "modeling"

STUDY = "studies/<uuid:uid>/models/"
REPORT = "studies/<uuid:uid>/report/"

urlpatterns = [
    path(STUDY, runs.runs, name="runs"),
    path(f"{STUDY}runs/<uuid:run_uid>/", runs.run, name="run"),
    path(f"{STUDY}versions/<uuid:version_uid>/", runs.version, name="version"),
    path(f"{STUDY}versions/<uuid:version_uid>/nomogram/", nomogram.nomogram, name="nomogram"),
    path(f"{STUDY}snapshots/<uuid:snapshot_uid>/", runs.snapshot, name="snapshot"),
    path(REPORT, report.newest, name="report"),
    path(f"{REPORT}<uuid:report_uid>/", report.report, name="report_version"),
    path(f"{REPORT}<uuid:report_uid>/report.json", report.whole, name="report_json"),
    path(f"{REPORT}<uuid:report_uid>/tables/<slug:key>.csv", report.table, name="report_table"),
    path(
        f"{REPORT}<uuid:report_uid>/figures/<slug:key>.csv",
        report.figure_table,
        name="report_figure_csv",
    ),
    path(
        f"{REPORT}<uuid:report_uid>/figures/<slug:key>.<str:form>",
        report.figure,
        name="report_figure",
    ),
]
