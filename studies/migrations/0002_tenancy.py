"""Composite keys and row-level security, from the first day."""

from django.db import migrations

from studies.db import (
    PATIENT_RULE,
    history_table_operations,
    patient_table_operations,
    policy,
    study_table_operations,
)

BELOW_PATIENT = (
    "studies_cohortmember",
    "studies_consent",
    "studies_contact",
    "studies_death",
    "studies_deidentificationkey",
    "studies_endpointvalue",
    "studies_formentry",
    "studies_labresult",
    "studies_lesion",
    "studies_progression",
    "studies_responseassessment",
    "studies_specimen",
    "studies_specimenchoice",
    "studies_surgery",
    "studies_treatment",
)
HISTORY_BELOW_PATIENT = (
    "studies_patientevent",
    "studies_cohortmemberevent",
    "studies_consentevent",
    "studies_contactevent",
    "studies_deathevent",
    "studies_formentryevent",
    "studies_labresultevent",
    "studies_lesionevent",
    "studies_progressionevent",
    "studies_responseassessmentevent",
    "studies_specimenevent",
    "studies_surgeryevent",
    "studies_treatmentevent",
)
OF_STUDY = (
    "studies_cohort",
    "studies_cohortevent",
    "studies_derivation",
    "studies_dictionaryversion",
    "studies_dictionaryversionevent",
    "studies_endpointdefinition",
    "studies_importbatch",
    "studies_storedfile",
    "studies_studysite",
    "studies_studysiteevent",
)


class Migration(migrations.Migration):
    dependencies = [("studies", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE studies_studysite ADD CONSTRAINT studies_studysite_key
                UNIQUE (study_id, site_id);
            ALTER TABLE studies_patient ADD CONSTRAINT studies_patient_site_of_study
                FOREIGN KEY (study_id, site_id)
                REFERENCES studies_studysite (study_id, site_id) ON DELETE RESTRICT;
            ALTER TABLE studies_cohortmember
                ADD CONSTRAINT studies_cohortmember_of_cohort
                FOREIGN KEY (cohort_id, use) REFERENCES studies_cohort (id, use)
                ON UPDATE CASCADE ON DELETE RESTRICT,
                ADD CONSTRAINT studies_cohortmember_same_study
                FOREIGN KEY (cohort_id, study_id) REFERENCES studies_cohort (id, study_id)
                ON DELETE RESTRICT,
                ADD CONSTRAINT studies_cohortmember_partition
                FOREIGN KEY (patient_id, partition) REFERENCES studies_patient (id, partition)
                ON DELETE RESTRICT;
            """,
            """
            ALTER TABLE studies_cohortmember
                DROP CONSTRAINT studies_cohortmember_of_cohort,
                DROP CONSTRAINT studies_cohortmember_same_study,
                DROP CONSTRAINT studies_cohortmember_partition;
            ALTER TABLE studies_patient DROP CONSTRAINT studies_patient_site_of_study;
            ALTER TABLE studies_studysite DROP CONSTRAINT studies_studysite_key;
            """,
        ),
        policy("studies_patient", PATIENT_RULE),
        *patient_table_operations(*BELOW_PATIENT),
        *history_table_operations(*HISTORY_BELOW_PATIENT),
        *study_table_operations(*OF_STUDY),
    ]
