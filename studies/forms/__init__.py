"""The shape of what people type and upload."""

from .cohorts import (
    CohortForm,
    ConsentForm,
    ConsentPolicyForm,
    CriteriaForm,
    MergeForm,
    OverrideForm,
    PseudonymsForm,
    PublishedTableForm,
    ScreenForm,
    StatusForm,
    TransferForm,
    WithdrawForm,
)
from .dictionary import DerivedForm, FreezeForm, VariableForm
from .exports import ExportForm
from .general import InviteForm, MembershipForm, UploadForm, refuse_in
from .queries import QueryForm, QueryMessageForm
from .tables import ColumnsForm, QuestionsForm

__all__ = [
    "CohortForm",
    "ColumnsForm",
    "ConsentForm",
    "ConsentPolicyForm",
    "CriteriaForm",
    "DerivedForm",
    "ExportForm",
    "FreezeForm",
    "InviteForm",
    "MembershipForm",
    "MergeForm",
    "OverrideForm",
    "PseudonymsForm",
    "PublishedTableForm",
    "QueryForm",
    "QueryMessageForm",
    "QuestionsForm",
    "ScreenForm",
    "StatusForm",
    "TransferForm",
    "UploadForm",
    "VariableForm",
    "WithdrawForm",
    "refuse_in",
]
