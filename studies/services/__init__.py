"""The verbs of studies."""

from .actions import action_start, batch_job, batch_receive, job_cancel
from .cohort_import import cohort_import
from .dictionary import (
    derived_write,
    dictionary_create,
    dictionary_current,
    dictionary_derived,
    dictionary_discard,
    dictionary_draft,
    dictionary_freeze,
    dictionary_specs,
    variable_drop,
    variable_move,
    variable_spec,
    variable_write,
)
from .endpoints import endpoint_definition, endpoints_compute
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
from .people import (
    membership_end,
    membership_grant,
    password_path,
    person_invite,
    site_of,
    study_create,
)

__all__ = [
    "action_start",
    "batch_job",
    "batch_receive",
    "cohort_import",
    "derivation_record",
    "derivations_record",
    "derived_write",
    "dictionary_create",
    "dictionary_current",
    "dictionary_derived",
    "dictionary_discard",
    "dictionary_draft",
    "dictionary_freeze",
    "dictionary_specs",
    "endpoint_definition",
    "endpoints_compute",
    "file_drop",
    "file_open",
    "file_read",
    "file_store",
    "file_use",
    "inputs_digest",
    "job_cancel",
    "membership_end",
    "membership_grant",
    "password_path",
    "person_invite",
    "site_of",
    "study_create",
    "variable_drop",
    "variable_move",
    "variable_spec",
    "variable_write",
]
