"""The shape of what people type and upload."""

from .dictionary import DerivedForm, FreezeForm, VariableForm
from .exports import ExportForm
from .general import InviteForm, MembershipForm, UploadForm, refuse_in
from .queries import QueryForm, QueryMessageForm
from .tables import ColumnsForm, QuestionsForm

__all__ = [
    "ColumnsForm",
    "DerivedForm",
    "ExportForm",
    "FreezeForm",
    "InviteForm",
    "MembershipForm",
    "QueryForm",
    "QueryMessageForm",
    "QuestionsForm",
    "UploadForm",
    "VariableForm",
    "refuse_in",
]
