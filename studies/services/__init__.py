"""The verbs of studies."""

from .actions import action_start, batch_job, batch_receive, job_cancel
from .batch_revert import batch_revert
from .cohort_import import cohort_import, table_check, table_commit
from .cohorts import (
    cohort_create,
    cohort_freeze,
    cohort_members_add,
    cohort_members_remove,
)
from .consents import (
    consent_policy_set,
    consent_record,
    patient_purge,
    patient_withdraw,
    purge_is_due,
    purge_job,
    purge_start,
    rows_of,
)
from .counts import count_make
from .desks import bell_told, tour_hide, view_delete, view_save, visit_mark
from .dictionary import (
    dictionary_create,
    dictionary_current,
    dictionary_derived,
    dictionary_specs,
    variable_spec,
)
from .dictionary_drafts import (
    derived_write,
    dictionary_discard,
    dictionary_draft,
    dictionary_draft_write,
    dictionary_freeze,
    variable_drop,
    variable_move,
    variable_write,
)
from .dictionary_files import (
    TEMPLATES,
    dictionary_import,
    dictionary_propose,
    dictionary_template,
)
from .drawings import (
    Drawn,
    drawing_of,
    drawing_standing,
    figure_of,
    page_draw,
    page_draw_start,
    patients_shown,
)
from .eligibility import eligibility_change, eligibility_override
from .endpoint_changes import endpoint_change, endpoint_change_start, endpoint_create_start
from .endpoint_standings import endpoint_offer, endpoint_retire
from .endpoints import endpoint_definition, endpoints_compute
from .exports import export_download, export_make, export_start, exports_expire
from .fact_rows import facts_of
from .files import (
    derivation_record,
    derivations_record,
    file_drop,
    file_open,
    file_read,
    file_store,
    file_use,
    inputs_digest,
)
from .lesion_import import lesions_import
from .patients import (
    move_record,
    patient_new,
    patient_screen,
    patient_status_set,
    patient_transfer,
    patients_merge,
    pseudonym_make,
)
from .people import (
    membership_change,
    membership_end,
    membership_grant,
    password_link,
    password_path,
    person_invite,
    site_add,
    site_of,
    study_create,
)
from .queries import fields_of, people_who_see, query_raise, query_say
from .quota import quota_check, quota_of, quota_set, study_bytes
from .reads import read_record
from .record_checking import record_check
from .record_reading import record_read
from .record_states import record_state_set
from .records import RecordChangedError, record_take_over, record_write
from .restoring import field_restore
from .selections import selection_retire, selection_save
from .table_steps import (
    TO_DESCRIBE,
    batch_named,
    batch_revert_job,
    batch_revert_start,
    table_confirm,
    table_describe,
    table_look,
    table_sites,
    table_suggestions,
)
from .uploads import KEPT_DAYS, upload_begin, upload_discard, upload_join, upload_part, uploads_open

__all__ = [
    "KEPT_DAYS",
    "TEMPLATES",
    "TO_DESCRIBE",
    "Drawn",
    "RecordChangedError",
    "action_start",
    "batch_job",
    "batch_named",
    "batch_receive",
    "batch_revert",
    "batch_revert_job",
    "batch_revert_start",
    "bell_told",
    "cohort_create",
    "cohort_freeze",
    "cohort_import",
    "cohort_members_add",
    "cohort_members_remove",
    "consent_policy_set",
    "consent_record",
    "count_make",
    "derivation_record",
    "derivations_record",
    "derived_write",
    "dictionary_create",
    "dictionary_current",
    "dictionary_derived",
    "dictionary_discard",
    "dictionary_draft",
    "dictionary_draft_write",
    "dictionary_freeze",
    "dictionary_import",
    "dictionary_propose",
    "dictionary_specs",
    "dictionary_template",
    "drawing_of",
    "drawing_standing",
    "eligibility_change",
    "eligibility_override",
    "endpoint_change",
    "endpoint_change_start",
    "endpoint_create_start",
    "endpoint_definition",
    "endpoint_offer",
    "endpoint_retire",
    "endpoints_compute",
    "export_download",
    "export_make",
    "export_start",
    "exports_expire",
    "facts_of",
    "field_restore",
    "fields_of",
    "figure_of",
    "file_drop",
    "file_open",
    "file_read",
    "file_store",
    "file_use",
    "inputs_digest",
    "job_cancel",
    "lesions_import",
    "membership_change",
    "membership_end",
    "membership_grant",
    "move_record",
    "page_draw",
    "page_draw_start",
    "password_link",
    "password_path",
    "patient_new",
    "patient_purge",
    "patient_screen",
    "patient_status_set",
    "patient_transfer",
    "patient_withdraw",
    "patients_merge",
    "patients_shown",
    "people_who_see",
    "person_invite",
    "pseudonym_make",
    "purge_is_due",
    "purge_job",
    "purge_start",
    "query_raise",
    "query_say",
    "quota_check",
    "quota_of",
    "quota_set",
    "read_record",
    "record_check",
    "record_read",
    "record_state_set",
    "record_take_over",
    "record_write",
    "rows_of",
    "selection_retire",
    "selection_save",
    "site_add",
    "site_of",
    "study_bytes",
    "study_create",
    "table_check",
    "table_commit",
    "table_confirm",
    "table_describe",
    "table_look",
    "table_sites",
    "table_suggestions",
    "tour_hide",
    "upload_begin",
    "upload_discard",
    "upload_join",
    "upload_part",
    "uploads_open",
    "variable_drop",
    "variable_move",
    "variable_spec",
    "variable_write",
    "view_delete",
    "view_save",
    "visit_mark",
]
