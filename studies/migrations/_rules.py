"""What holds in the database besides fields: keys, policies, frozen cohorts, completeness."""

from django.db import migrations

from studies.db import (
    PATIENT_RULE,
    history_table_operations,
    holders_of,
    patient_key,
    patient_table_operations,
    policy,
    study_table_operations,
)

BELOW_PATIENT = (
    "studies_cohortmember",
    "studies_completeness",
    "studies_consent",
    "studies_contact",
    "studies_death",
    "studies_eligibilityoverride",
    "studies_endpointvalue",
    "studies_formentry",
    "studies_labresult",
    "studies_lesion",
    "studies_patientmove",
    "studies_progression",
    "studies_query",
    "studies_querymessage",
    "studies_responseassessment",
    "studies_specimen",
    "studies_specimenchoice",
    "studies_surgery",
    "studies_treatment",
)
HISTORY_BELOW_PATIENT = (
    "studies_cohortmemberevent",
    "studies_consentevent",
    "studies_contactevent",
    "studies_deathevent",
    "studies_formentryevent",
    "studies_labresultevent",
    "studies_lesionevent",
    "studies_patientevent",
    "studies_progressionevent",
    "studies_queryevent",
    "studies_querymessageevent",
    "studies_responseassessmentevent",
    "studies_specimenevent",
    "studies_surgeryevent",
    "studies_treatmentevent",
)
OF_STUDY = (
    "studies_cohort",
    "studies_cohortevent",
    "studies_consentpolicy",
    "studies_derivation",
    "studies_dictionaryversion",
    "studies_dictionaryversionevent",
    "studies_eligibilityversion",
    "studies_endpointdefinition",
    "studies_endpointdefinitionevent",
    "studies_export",
    "studies_importbatch",
    "studies_readrecord",
    "studies_resumableupload",
    "studies_storedfile",
    "studies_studyquota",
    "studies_studysite",
    "studies_studysiteevent",
    "studies_usetrace",
)
# What leads back to the patients is for those who see identifiers, who upload, and who withdraw.
LEADS_BACK = f"{PATIENT_RULE} AND {holders_of('identifiers', 'enter', 'manage')}"

KEYS = """
ALTER TABLE studies_studysite ADD CONSTRAINT studies_studysite_key UNIQUE (study_id, site_id);
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
"""
NO_KEYS = """
ALTER TABLE studies_cohortmember
    DROP CONSTRAINT studies_cohortmember_of_cohort,
    DROP CONSTRAINT studies_cohortmember_same_study,
    DROP CONSTRAINT studies_cohortmember_partition;
ALTER TABLE studies_patient DROP CONSTRAINT studies_patient_site_of_study;
ALTER TABLE studies_studysite DROP CONSTRAINT studies_studysite_key;
"""

# Tables are staged in temporary ones.
STAGING = """
DO $$ BEGIN EXECUTE format(
    'GRANT TEMPORARY ON DATABASE %I TO isotherm_app', current_database()
); END $$;
"""

FROZEN = """
CREATE FUNCTION studies_cohort_member_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cohort bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.cohort_id ELSE NEW.cohort_id END;
    frozen timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.cohort_id, NEW.patient_id, NEW.use)
            IS NOT DISTINCT FROM (OLD.cohort_id, OLD.patient_id, OLD.use) THEN
        RETURN NEW;  -- a transfer moves the site
    END IF;
    IF TG_OP = 'INSERT' AND EXISTS (
        SELECT 1 FROM studies_cohortmember m
        WHERE m.cohort_id = NEW.cohort_id AND m.patient_id = NEW.patient_id
    ) THEN
        RETURN NEW;  -- in already: the unique key decides
    END IF;
    SELECT frozen_at INTO frozen FROM studies_cohort WHERE id = cohort FOR SHARE;
    IF frozen IS NULL AND TG_OP = 'UPDATE' THEN
        SELECT frozen_at INTO frozen FROM studies_cohort WHERE id = OLD.cohort_id FOR SHARE;
    END IF;
    IF frozen IS NOT NULL THEN
        RAISE EXCEPTION 'cohort % is frozen: its members stand', cohort
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cohort_frozen';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER cohort_frozen BEFORE INSERT OR UPDATE OR DELETE ON studies_cohortmember
    FOR EACH ROW EXECUTE FUNCTION studies_cohort_member_frozen();

CREATE FUNCTION studies_cohort_stays_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.frozen_at IS NOT NULL
        AND (NEW.frozen_at, NEW.role, NEW.use) IS DISTINCT FROM (OLD.frozen_at, OLD.role, OLD.use)
    THEN
        RAISE EXCEPTION 'cohort % is frozen: its role, use and members stand', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cohort_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cohort_stays_frozen BEFORE UPDATE ON studies_cohort
    FOR EACH ROW EXECUTE FUNCTION studies_cohort_stays_frozen();
"""
NOT_FROZEN = """
DROP TRIGGER cohort_stays_frozen ON studies_cohort;
DROP FUNCTION studies_cohort_stays_frozen();
DROP TRIGGER cohort_frozen ON studies_cohortmember;
DROP FUNCTION studies_cohort_member_frozen();
"""

# One row per patient from the start; each registered column has triggers of its own, made after
# every migrate by studies.completeness.install, which call this function with key and condition.
COMPLETENESS = """
CREATE FUNCTION studies_completeness_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO studies_completeness (uid, created_at, study_id, site_id, patient_id, present)
    SELECT gen_random_uuid(), now(), study_id, site_id, id, '{}' FROM changed
    ON CONFLICT (patient_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER completeness_begin AFTER INSERT ON studies_patient
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION studies_completeness_begin();

CREATE FUNCTION studies_completeness_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($query$
        WITH touched AS (%s), now AS (
            SELECT DISTINCT patient_id, EXISTS (
                SELECT 1 FROM %I t WHERE t.patient_id = touched.patient_id AND (%s)
            ) AS there FROM touched
        )
        UPDATE studies_completeness c SET present = CASE WHEN now.there
            THEN array_append(array_remove(c.present, %L), %L) ELSE array_remove(c.present, %L) END
        FROM now WHERE c.patient_id = now.patient_id AND (%L = ANY (c.present)) <> now.there
        $query$,
        CASE TG_OP
            WHEN 'UPDATE' THEN 'SELECT patient_id FROM changed UNION SELECT patient_id FROM former'
            ELSE 'SELECT DISTINCT patient_id FROM changed' END,
        TG_TABLE_NAME, TG_ARGV[1], TG_ARGV[0], TG_ARGV[0], TG_ARGV[0], TG_ARGV[0]);
    RETURN NULL;
END $$;
"""
NO_COMPLETENESS = """
DROP FUNCTION studies_completeness_keep() CASCADE;
DROP TRIGGER completeness_begin ON studies_patient;
DROP FUNCTION studies_completeness_begin();
"""

RULES = [
    migrations.RunSQL(KEYS, NO_KEYS),
    policy("studies_patient", PATIENT_RULE),
    *patient_table_operations(*BELOW_PATIENT),
    patient_key("studies_deidentificationkey"),
    policy("studies_deidentificationkey", LEADS_BACK),
    *history_table_operations(*HISTORY_BELOW_PATIENT),
    *study_table_operations(*OF_STUDY),
    migrations.RunSQL(STAGING, migrations.RunSQL.noop),
    migrations.RunSQL(FROZEN, NOT_FROZEN),
    migrations.RunSQL(COMPLETENESS, NO_COMPLETENESS),
]
