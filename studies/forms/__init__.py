"""The shape of what people type and upload."""

from .dictionary import DerivedForm, FreezeForm, VariableForm
from .general import InviteForm, UploadForm, refuse_in

__all__ = [
    "DerivedForm",
    "FreezeForm",
    "InviteForm",
    "UploadForm",
    "VariableForm",
    "refuse_in",
]
