"""Pages of studies. Every one of a study goes through ``views.doors.study_page``."""

from django.urls import path

from studies.views import (
    cohorts,
    dictionaries,
    endpoints,
    entry,
    exports,
    history,
    jobs,
    overview,
    patients,
    people,
    queries,
    tables,
    uploads,
    welcome,
)

app_name = "studies"

STUDY = "studies/<uuid:uid>/"
ENTRY = f"{STUDY}patients/<uuid:patient_uid>/entry/<slug:form>"
DICTIONARY = f"{STUDY}dictionary/<uuid:dictionary_uid>"
BATCH = f"{STUDY}uploads/<uuid:batch_uid>"
VARIABLE = f"{DICTIONARY}/variables/<uuid:variable_uid>"

urlpatterns = [
    path("", overview.study_list, name="list"),
    path("welcome/<uidb64>/<token>/", welcome.SetPassword.as_view(), name="welcome"),
    path(STUDY, overview.study_overview, name="overview"),
    path(f"{STUDY}patients/", patients.patient_list, name="patients"),
    path(f"{STUDY}exports/", exports.export_list, name="exports"),
    path(f"{STUDY}exports/<uuid:export_uid>/file/", exports.export_file, name="export_file"),
    path(f"{STUDY}reads/", exports.read_list, name="reads"),
    path(f"{STUDY}patients/<uuid:patient_uid>/", patients.patient_page, name="patient"),
    path(f"{ENTRY}/", entry.entry_page, name="entry"),
    path(f"{ENTRY}/check/", entry.entry_check, name="entry_check"),
    path(f"{ENTRY}/rows/<slug:kind>/", entry.entry_row, name="entry_row"),
    path(f"{ENTRY}/state/", entry.entry_state, name="entry_state"),
    path(f"{ENTRY}/ask/", queries.query_new, name="query_new"),
    path(f"{ENTRY}/history/<slug:field>/", history.field_history, name="field_history"),
    path(f"{STUDY}endpoints/", endpoints.endpoint_list, name="endpoints"),
    path(f"{STUDY}queries/", queries.query_list, name="queries"),
    path(f"{STUDY}queries/<uuid:query_uid>/", queries.query_page, name="query"),
    path(f"{STUDY}history/", history.audit, name="audit"),
    path(f"{STUDY}history.csv", history.audit_csv, name="audit_csv"),
    path(f"{STUDY}cohorts/", cohorts.cohort_list, name="cohorts"),
    path(f"{STUDY}uploads/", uploads.upload_list, name="uploads"),
    path(f"{STUDY}uploads/new/<str:kind>/", uploads.upload, name="upload"),
    path(f"{STUDY}uploads/<uuid:batch_uid>/", uploads.batch, name="batch"),
    path(
        f"{STUDY}uploads/parts/<uuid:upload_uid>/discard/",
        uploads.upload_discard,
        name="upload_discard",
    ),
    path(
        f"{STUDY}uploads/<uuid:batch_uid>/problems.csv",
        uploads.batch_problems,
        name="batch_problems",
    ),
    path(f"{BATCH}/columns/", tables.table_columns, name="table_columns"),
    path(f"{BATCH}/commit/", tables.table_commit, name="table_commit"),
    path(f"{BATCH}/revert/", tables.batch_revert, name="batch_revert"),
    path(f"{BATCH}/difference.csv", tables.batch_difference, name="batch_difference"),
    path(f"{BATCH}/dictionary/", tables.dictionary_propose, name="dictionary_propose"),
    path(f"{STUDY}jobs/", jobs.job_list, name="jobs"),
    path(f"{STUDY}jobs/<uuid:job_uid>/", jobs.job_page, name="job"),
    path(f"{STUDY}jobs/<uuid:job_uid>/live/", jobs.job_live, name="job_live"),
    path(f"{STUDY}jobs/<uuid:job_uid>/problems.csv", jobs.job_problems, name="job_problems"),
    path(f"{STUDY}jobs/<uuid:job_uid>/cancel/", jobs.job_cancel, name="job_cancel"),
    path(f"{STUDY}actions/<str:kind>/", jobs.action_start, name="action"),
    path(f"{STUDY}dictionary/", dictionaries.dictionary_list, name="dictionaries"),
    path(f"{STUDY}dictionary/draft/", dictionaries.dictionary_draft, name="dictionary_draft"),
    path(f"{DICTIONARY}/", dictionaries.dictionary_page, name="dictionary"),
    path(f"{DICTIONARY}/dictionary.csv", dictionaries.dictionary_csv, name="dictionary_csv"),
    path(
        f"{DICTIONARY}/template.<str:kind>",
        tables.dictionary_template,
        name="dictionary_template",
    ),
    path(
        f"{DICTIONARY}/against/<uuid:other_uid>/",
        dictionaries.dictionary_compare,
        name="dictionary_compare",
    ),
    path(f"{DICTIONARY}/freeze/", dictionaries.dictionary_freeze, name="dictionary_freeze"),
    path(f"{DICTIONARY}/discard/", dictionaries.dictionary_discard, name="dictionary_discard"),
    path(f"{DICTIONARY}/new/<str:kind>/", dictionaries.variable_new, name="variable_new"),
    path(f"{VARIABLE}/", dictionaries.variable_edit, name="variable"),
    path(f"{VARIABLE}/<str:change>/", dictionaries.variable_change, name="variable_change"),
    path(f"{STUDY}people/", people.people, name="people"),
    path(f"{STUDY}people/<uuid:membership_uid>/", people.membership, name="membership"),
    path(
        f"{STUDY}people/<uuid:membership_uid>/end/",
        people.membership_end,
        name="membership_end",
    ),
]
