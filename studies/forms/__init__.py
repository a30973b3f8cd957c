"""The shape of what people type and upload."""

from .dictionary import DerivedForm, FreezeForm, VariableForm
from .general import InviteForm, UploadForm, refuse_in
from .queries import QueryForm, QueryMessageForm

__all__ = [
    "DerivedForm",
    "FreezeForm",
    "InviteForm",
    "QueryForm",
    "QueryMessageForm",
    "UploadForm",
    "VariableForm",
    "refuse_in",
]
