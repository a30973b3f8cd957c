"""Pages of studies. Every one of a study goes through ``views.doors.study_page``."""

from django.urls import path

from studies.views import cohorts, dictionaries, jobs, overview, patients, people, uploads, welcome

app_name = "studies"

STUDY = "studies/<uuid:uid>/"
DICTIONARY = f"{STUDY}dictionary/<uuid:dictionary_uid>"
VARIABLE = f"{DICTIONARY}/variables/<uuid:variable_uid>"

urlpatterns = [
    path("", overview.study_list, name="list"),
    path("welcome/<uidb64>/<token>/", welcome.SetPassword.as_view(), name="welcome"),
    path(STUDY, overview.study_overview, name="overview"),
    path(f"{STUDY}patients/", patients.patient_list, name="patients"),
    path(f"{STUDY}patients.csv", patients.patients_csv, name="patients_csv"),
    path(f"{STUDY}patients/<uuid:patient_uid>/", patients.patient_page, name="patient"),
    path(f"{STUDY}cohorts/", cohorts.cohort_list, name="cohorts"),
    path(f"{STUDY}uploads/", uploads.upload_list, name="uploads"),
    path(f"{STUDY}uploads/new/<str:kind>/", uploads.upload, name="upload"),
    path(f"{STUDY}uploads/<uuid:batch_uid>/", uploads.batch, name="batch"),
    path(
        f"{STUDY}uploads/<uuid:batch_uid>/problems.csv",
        uploads.batch_problems,
        name="batch_problems",
    ),
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
    path(
        f"{STUDY}people/<uuid:membership_uid>/end/",
        people.membership_end,
        name="membership_end",
    ),
]
