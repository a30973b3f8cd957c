"""Pages of modeling."""
