"""What modeling offers: steps, stages, tabs, and what it keeps."""

from modeling import withdrawal
from studies.registry import register_uses

register_uses("modeling", withdrawal.uses_of, withdrawal.purge, withdrawal.TABLES)
