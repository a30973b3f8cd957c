"""The shape of what people type and upload."""

from .dictionary import DerivedForm, FreezeForm, VariableForm
from .general import InviteForm, MembershipForm, UploadForm, refuse_in
from .queries import QueryForm, QueryMessageForm

__all__ = [
    "DerivedForm",
    "FreezeForm",
    "InviteForm",
    "MembershipForm",
    "QueryForm",
    "QueryMessageForm",
    "UploadForm",
    "VariableForm",
    "refuse_in",
]
