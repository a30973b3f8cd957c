"""Pages of modeling."""

from django.urls import path

from modeling.views import (
    calculator,
    examination,
    lineage,
    listed,
    looks,
    nomogram,
    plans,
    prognosis_wizard,
    report,
    report_comparison,
    runs,
    snapshots,
    statements,
    table2,
    versions,
    wizard,
)

app_name = "modeling"

STUDY = "studies/<uuid:uid>/models/"
VERSION = f"{STUDY}versions/<uuid:version_uid>/"
SNAPSHOT = f"{STUDY}snapshots/<uuid:snapshot_uid>/"
REPORT = "studies/<uuid:uid>/report/"

urlpatterns = [
    path(STUDY, runs.runs, name="runs"),
    path(f"{STUDY}versions/", listed.versions, name="versions"),
    path(f"{STUDY}snapshots/", listed.snapshots, name="snapshots"),
    path(f"{STUDY}reports/", listed.reports, name="reports"),
    path(f"{STUDY}runs/<uuid:run_uid>/", runs.run, name="run"),
    path(
        f"{STUDY}runs/<uuid:run_uid>/figures/<slug:key>.vega.json",
        runs.run_figure,
        name="run_figure",
    ),
    path(f"{STUDY}new/", wizard.run_new, name="run_new"),
    path(f"{STUDY}new/guard/", wizard.run_guard, name="run_guard"),
    path(f"{STUDY}new/<slug:step>/", wizard.run_step, name="run_step"),
    path(f"{STUDY}prognosis/", prognosis_wizard.prognosis_new, name="prognosis_new"),
    path(f"{STUDY}prognosis/guard/", prognosis_wizard.prognosis_guard, name="prognosis_guard"),
    path(f"{STUDY}prognosis/<slug:step>/", prognosis_wizard.prognosis_step, name="prognosis_step"),
    path(VERSION, versions.version, name="version"),
    path(f"{VERSION}state/", versions.move, name="version_move"),
    path(f"{VERSION}card/", versions.card, name="card"),
    path(f"{VERSION}card.json", versions.card_json, name="card_json"),
    path(f"{VERSION}manifest.json", versions.manifest, name="manifest"),
    path(f"{VERSION}model.onnx", versions.onnx, name="onnx"),
    path(f"{VERSION}result/", examination.result, name="result"),
    path(
        f"{VERSION}result/figures/<slug:key>.vega.json",
        examination.result_figure,
        name="result_figure",
    ),
    path(f"{VERSION}scores/", examination.scores, name="scores"),
    path(f"{VERSION}model.skops", versions.estimator, name="estimator"),
    path(f"{STUDY}before/", plans.before, name="before"),
    path(f"{STUDY}plans/<uuid:plan_uid>/lock/", plans.lock, name="plan_lock"),
    path(f"{STUDY}snapshots/compare/", plans.compare, name="compare"),
    path(
        f"{STUDY}snapshots/<uuid:before_uid>/to/<uuid:after_uid>.json",
        plans.compare_json,
        name="compare_json",
    ),
    path(f"{STUDY}looks/", looks.looks, name="looks"),
    path(f"{STUDY}timeline/", versions.timeline, name="timeline"),
    path(f"{STUDY}lineage/<slug:digest>/", lineage.step, name="lineage"),
    path(f"{STUDY}lineage/<slug:digest>.json", lineage.step_json, name="lineage_json"),
    path(f"{VERSION}nomogram/", nomogram.nomogram, name="nomogram"),
    path(f"{VERSION}analyses/", nomogram.analyses, name="analyses"),
    path(f"{STUDY}table-2/", table2.table2, name="table2"),
    path(f"{STUDY}table-2/<slug:key>.csv", table2.table2_csv, name="table2_csv"),
    path(f"{REPORT}statements/", statements.statements, name="statements"),
    path(f"{REPORT}compare/", report_comparison.compare, name="compare_reports"),
    path(f"{VERSION}calculator/", calculator.calculator, name="calculator"),
    path(SNAPSHOT, snapshots.snapshot, name="snapshot"),
    path(f"{SNAPSHOT}take/", snapshots.take, name="snapshot_take"),
    path(f"{SNAPSHOT}columns.csv", snapshots.columns, name="snapshot_columns"),
    path(f"{SNAPSHOT}manifest.json", snapshots.manifest, name="snapshot_manifest"),
    path(REPORT, report.newest, name="report"),
    path(f"{REPORT}<uuid:report_uid>/", report.report, name="report_version"),
    path(f"{REPORT}<uuid:report_uid>/report.json", report.whole, name="report_json"),
    path(f"{REPORT}<uuid:report_uid>/report.pdf", report.paper, name="report_pdf"),
    path(f"{REPORT}<uuid:report_uid>/report.zip", report.bundle, name="report_zip"),
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
