"""The shape of what people type and upload."""

from .cohorts import (
    CohortForm,
    ConsentForm,
    ConsentPolicyForm,
    CriteriaForm,
    MergeForm,
    OverrideForm,
    PatientForm,
    PseudonymsForm,
    PublishedTableForm,
    PurgeForm,
    ScreenForm,
    StatusForm,
    TransferForm,
    WithdrawForm,
)
from .dictionary import DerivedForm, FreezeForm, VariableForm
from .endpoints import EndpointNewForm, EndpointOfferForm, EndpointRetireForm, EndpointRuleForm
from .exports import ExportForm
from .general import InviteForm, MembershipForm, PatternForm, SiteForm, UploadForm, refuse_in
from .queries import QueryForm, QueryMessageForm
from .tables import ColumnsForm, QuestionsForm

__all__ = [
    "CohortForm",
    "ColumnsForm",
    "ConsentForm",
    "ConsentPolicyForm",
    "CriteriaForm",
    "DerivedForm",
    "EndpointNewForm",
    "EndpointOfferForm",
    "EndpointRetireForm",
    "EndpointRuleForm",
    "ExportForm",
    "FreezeForm",
    "InviteForm",
    "MembershipForm",
    "MergeForm",
    "OverrideForm",
    "PatientForm",
    "PatternForm",
    "PseudonymsForm",
    "PublishedTableForm",
    "PurgeForm",
    "QueryForm",
    "QueryMessageForm",
    "QuestionsForm",
    "ScreenForm",
    "SiteForm",
    "StatusForm",
    "TransferForm",
    "UploadForm",
    "VariableForm",
    "WithdrawForm",
    "refuse_in",
]
