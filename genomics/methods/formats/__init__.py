"""Expression in the formats that sequencing programs and archives write."""

from .read import Reading, read_expression

__all__ = ["Reading", "read_expression"]
