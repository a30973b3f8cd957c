"""The shape of what people type and upload."""

from .cohorts import (
    CohortForm,
    ConsentForm,
    ConsentPolicyForm,
    CriteriaForm,
    FreeForm,
    MergeForm,
    OverrideForm,
    PatientForm,
    PseudonymForm,
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
    "FreeForm",
    "FreezeForm",
    "InviteForm",
    "MembershipForm",
    "MergeForm",
    "OverrideForm",
    "PatientForm",
    "PatternForm",
    "PseudonymForm",
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
